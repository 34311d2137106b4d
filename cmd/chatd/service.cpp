#include "service.hpp"

#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/daemon.hpp"
#include "app/platform.hpp"
#include "archivist.hpp"
#include "automod.hpp"
#include "bus/follower.hpp"
#include "configuration.hpp"
#include "control_acts.hpp"
#include "counters.hpp"
#include "doors.hpp"
#include "evasions.hpp"
#include "held_queue.hpp"
#include "http/deflate.hpp"
#include "links.hpp"
#include "log/log.hpp"
#include "moderation_news.hpp"
#include "news.hpp"
#include "nodes.hpp"
#include "past.hpp"
#include "people_news.hpp"
#include "recall.hpp"
#include "store_acts.hpp"
#include "store_directory.hpp"
#include "store_till.hpp"
#include "viewer_report.hpp"
#include "writers.hpp"

namespace sluice::chatd {

namespace {
using app::Settings;
constexpr seconds come_back_within{5};
constexpr std::uint64_t beats_to_forget = 60;

class Service {
 public:
  Service(const Settings& settings, app::Daemon& daemon, std::unique_ptr<store::Store> store,
          std::unique_ptr<bus::Bus> bus, std::optional<chatlog::Archive> archive, std::string lasting_name)
      : daemon_(daemon),
        store_(std::move(store)),
        bus_(std::move(bus)),
        archive_(std::move(archive)),
        node_(settings.has("instance") ? settings.text("instance") : "chatd"),
        counters_(node_),
        rooms_(random_token(system_random(), 40),
               {settings.text("irc-host"), &http::append_text_frame, &http::append_deflated_text_frame},
               rhythm(settings)),
        path_(clock_, system_random(), send_rates(settings)),
        directory_(*store_, offload_, rooms_, news_, recall_, path_),
        hall_{rooms_, path_, moderation_, node_directory_, clock_, client_limits(settings)},
        till_(daemon.loop(), {*store_, offload_, rooms_, path_, directory_, progress_}, lasting_name),
        held_(daemon.loop(), {*store_, offload_, rooms_, path_, directory_, progress_}, till_,
              std::move(lasting_name), held_times(settings)),
        evasions_(daemon.loop(), {*store_, offload_, held_},
                  std::chrono::days(settings.integer("evasion-days"))),
        automod_(daemon.loop(), {*store_, offload_, held_, keep_blocked()}, settings),
        links_(hall_, link_limits(settings), positive(settings, "connections"),
               positive(settings, "connections-per-address")) {
    store_->on_events = [&bus = *bus_](store::Cursor cursor) { bus.nudge(cursor); };
    path_.on_published = [this](const chat::MessagePtr& message) {
      counters_.count(*message);
      if (archivist_) archivist_->keep(message);
      if (nodes_) nodes_->said(message);
    };
    rooms_.change(room_rate(settings));
    room_idle_ = room_idle(settings);
    writers_.emplace(rooms_, threads(settings), settings.text("io-uring") == "on");
    path_.add_gate(evasion_gate_);  // before AutoMod: what is held in any case need not be judged
    path_.add_gate(automod_);
    hall_.evasion = &evasion_gate_;
    path_.pay_at(till_);
    rooms_.on_gathered = [this] { daemon_.loop().post([this] { flush(); }); };
    links_.on_slow = [this] { counters_.slow.Increment(); };
    links_.on_refused = [this] { counters_.refused.Increment(); };
  }

  ~Service() {
    hall_.switchboard.on_came = hall_.switchboard.on_left = nullptr;
  }  // connections outlive nodes_

  Result<> start(const Settings& settings) {
    // What is read of the store from here on holds every event up to this one.
    SLUICE_TRY_VALUE(const store::Cursor begun, store_->events().last());
    acts_.heard(begun);
    acts_.judged(automod_.wanted());
    progress_.heard(begun);
    SLUICE_TRY(people_.load());
    SLUICE_TRY(evasions_.begin());
    std::vector<chat::MessagePtr> approved;
    if (archive_) {
      Past past({*store_, *archive_, rooms_, path_, till_, held_, progress_});
      SLUICE_TRY_VALUE(const std::vector<store::Event> approvals, past.catch_up(begun));
      SLUICE_TRY(past.restore(settings.has("chat-bus")));
      SLUICE_TRY_VALUE(approved, past.say_approved(approvals));
    }
    // Not before: from here on the archive belongs to the thread that writes it.
    if (archive_)
      archivist_.emplace(daemon_.loop(), *archive_, clock_,
                         std::chrono::days(settings.integer("history-days")));
    if (archivist_) {
      acts_.look_in(*archivist_);
      news_.look_in(*archivist_);
      path_.find_older = [this](ChannelId channel, std::string id, auto answer) {
        acts_.find_message(channel, std::move(id),
                           [answer = std::move(answer)](const Result<chat::MessagePtr>& found) {
                             answer(found ? *found : nullptr);
                           });
      };
    }
    SLUICE_TRY_VALUE(const std::optional<redis::Url> bus_url, chat_bus(settings));
    if (bus_url) join_nodes(*bus_url, approved);
    if (archivist_)
      recall_.look_in(*archivist_, [this](ChannelId channel) { return !nodes_ || nodes_->follows(channel); });
    held_.keep_with(archivist_ ? &*archivist_ : nullptr);
    till_.keep_with(archivist_ ? &*archivist_ : nullptr);
    held_.begin();
    SLUICE_TRY_VALUE(follower_,
                     bus::EventFollower::start(daemon_.loop(), offload_, *store_, *bus_, begun,
                                               [this](const store::Event& event) { take_event(event); }));
    SLUICE_TRY(doors_.open(settings));
    beat_.every(seconds(1), [this] { beat(); });
    sweep_.every(seconds(5), [this] {
      links_.sweep(clock_.steady());
      close_deserted();
      for (const auto& [name, room] : rooms_.all()) room->standing().forget_lapsed(clock_.wall());
    });
    viewer_report_.begin();
    people_.begin();
    daemon_.await_ready();
    automod_.start([this] {
      daemon_.loop().post([this] {
        automod_answers_ = true;
        till_.begin();
        be_ready();
      });
    });
    daemon_.on_drain([this](std::function<void()> done) { drain(std::move(done)); });
    daemon_.on_reload([this](const Settings& fresh) { return reload(fresh); });
    daemon_.on_health([this] {
      std::vector<app::Health> all = automod_.health();
      all.insert(all.begin(), viewer_report_.store_health());
      if (archivist_) all.push_back(archivist_->health());
      if (nodes_) all.insert(all.end(), {nodes_->health(), nodes_->limits_health()});
      return all;
    });
    daemon_.on_control("automod", [this](const std::string&) {
      automod_.renew();
      return std::string("{}");
    });
    daemon_.on_control("rooms", [this](const std::string&) { return rooms_json(); });
    daemon_.on_control("act", [this](const std::string& request, std::function<void(std::string)> reply) {
      control_acts_.take(request, std::move(reply));
    });
    return {};
  }

 private:
  // Called with lines only while it serves: the archivist is there then, if it is to be.
  AutomodGate::Keep keep_blocked() {
    return [this](const chat::Message& line, const chat::AutomodVerdict& verdict) {
      if (archivist_) archivist_->keep(chatlog::blocked_line(line, verdict, clock_.wall()));
    };
  }

  // `approved`: said before there were others to tell.
  void join_nodes(const redis::Url& url, const std::vector<chat::MessagePtr>& approved) {
    const auto received = [this](const nodes::Said& said) {
      path_.restore(*said.message);
      if (!archivist_) return;
      archivist_->keep(said.message);
      if (said.removed)
        archivist_->take_off(
            {.channel = said.message->channel, .message = said.message->id, .at = clock_.wall()});
    };
    nodes_.emplace(
        daemon_.loop(), url, rooms_, node_,
        Nodes::Calls{.received = received,
                     .open = [this](ChannelId channel,
                                    auto then) { directory_.find_spoken_in(channel, std::move(then)); },
                     .known = [this](const std::string& id) { return path_.knows(id); },
                     .whispered =
                         [this](const chat::Whisper& whisper) {
                           hall_.switchboard.each(whisper.to.id,
                                                  [&](chat::Client& client) { client.hear(whisper); });
                         },
                     .longest_cooldown = [this] { return path_.rates().cooldown; },
                     .begun =
                         [this] {
                           others_heard_ = true;
                           be_ready();
                         }});
    node_directory_.join(*nodes_);
    path_.share(nodes_->limits());
    hall_.post = &nodes_->limits();
    hall_.switchboard.on_came = [this](UserId user) { nodes_->came(user); };
    hall_.switchboard.on_left = [this](UserId user) { nodes_->left(user); };
    for (const chat::MessagePtr& message : approved) nodes_->said(message);
  }

  // With AutoMod, and when what the other nodes have said is here: who comes back from one misses nothing.
  void be_ready() {
    if (automod_answers_ && (!nodes_ || others_heard_)) daemon_.be_ready();
  }

  void take_event(const store::Event& event) {
    if (const std::string_view act = act_of(event); !act.empty()) counters_.count_act(act, event.channel);
    people_.take(event);
    news_.take(event);
    automod_.take(event);
    progress_.heard(event.cursor);
    held_.take(event);
    till_.take(event);
    acts_.heard(event.cursor);
    if (!archivist_) return;
    if (auto taken = taken_off_by(event)) {
      taken->cursor = progress_.done().value();
      archivist_->take_off(*taken);
    }
  }

  Result<> reload(const Settings& fresh) {
    SLUICE_TRY(doors_.reload(fresh));
    rooms_.change(rhythm(fresh));
    rooms_.change(room_rate(fresh));
    room_idle_ = room_idle(fresh);
    path_.change(send_rates(fresh));
    automod_.change(fresh);
    acts_.judged(automod_.wanted());
    held_.change(held_times(fresh));
    hall_.limits = client_limits(fresh);
    links_.change(link_limits(fresh), positive(fresh, "connections"),
                  positive(fresh, "connections-per-address"));
    evasions_.change(std::chrono::days(fresh.integer("evasion-days")));
    if (archivist_) archivist_->keep_for(std::chrono::days(fresh.integer("history-days")));
    return {};
  }

  void flush() {
    const Steady now = clock_.steady();
    daemon_.loop().expect_writes();
    if (const auto next = rooms_.flush(now)) tick_.after(*next - now, [this] { flush(); });
    counters_.left_out.Increment(static_cast<double>(rooms_.left_out()) - counters_.left_out.Value());
    counters_.deliveries.Increment(static_cast<double>(rooms_.deliveries()) - counters_.deliveries.Value());
  }

  void beat() {
    rooms_.beat();
    writers_->look();
    path_.tick();
    moderation_.forget_idle();
    if (++beats_ % beats_to_forget == 0) evasion_gate_.forget_idle();
    hall_.entries.forget_idle(hall_.limits, clock_.steady());
    hall_.whispers.forget_idle(clock_.steady());
    std::uint64_t viewers = 0, busy = 0;
    for (const auto& [name, room] : rooms_.all()) {
      viewers += room->viewers();
      busy += room->members() > 0;
    }
    counters_.rooms.Set(static_cast<double>(busy));
    counters_.viewers.Set(static_cast<double>(viewers));
    counters_.viewer_count.Set(static_cast<double>(viewers));
    counters_.web_sockets.Set(static_cast<double>(links_.web_sockets()));
    counters_.irc.Set(static_cast<double>(links_.size() - links_.web_sockets()));
    if (archivist_) counters_.lost.Set(static_cast<double>(archivist_->lost()));
    if (archivist_) counters_.blocked_lost.Set(static_cast<double>(archivist_->blocked_lost()));
  }

  // What the archive has not, others may lack or a line waits for stays open.
  void close_deserted() {
    if (!archivist_ || !archivist_->is_written()) return;
    rooms_.close_deserted(room_idle_, [this](const chat::Room& room) {
      return !path_.waits_in(room) && (!nodes_ || nodes_->lets_go(room.channel().id));
    });
  }

  std::string rooms_json() const {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& [name, room] : rooms_.all())
      list.push_back({{"channel", name},
                      {"channel_id", std::to_string(room->channel().id.value())},
                      {"members", room->members()},
                      {"viewers", room->viewers()},
                      {"seq", room->seq()},
                      {"left_out", room->left_out()}});
    return nlohmann::ordered_json{{"origin", rooms_.origin()},
                                  {"connections", links_.size()},
                                  {"other_nodes", nodes_ ? nodes_->others() : 0},
                                  {"rooms", list}}
        .dump();
  }

  void drain(std::function<void()> done) {
    flush();
    if (nodes_) nodes_->bye();
    const auto finish = [this, done] { finish_lines(done); };
    if (links_.size() == 0) return finish();
    links_.on_empty = finish;
    links_.restart(come_back_within);
  }

  // What AutoMod is looking at has been sent: it is published and kept, though its senders have gone.
  void finish_lines(const std::function<void()>& done) {
    if (path_.waiting() > 0) return last_.after(milliseconds(10), [this, done] { finish_lines(done); });
    flush();
    doors_.drain([this, done] {
      const auto finish = [this, done] { offload_.run([] { return true; }, [done](bool) { done(); }); };
      if (archivist_) return archivist_->write_last(finish);
      finish();
    });
  }

  app::Daemon& daemon_;
  Clock& clock_ = system_clock();
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<bus::Bus> bus_;
  std::optional<chatlog::Archive> archive_;
  net::Offload offload_{daemon_.loop()};
  std::string node_;
  Counters counters_;
  std::optional<Writers> writers_;
  chat::Rooms rooms_;
  chat::MessagePath path_;
  StoreActs acts_{*store_, offload_};
  chat::Moderation moderation_{acts_, path_, clock_};
  Recall recall_{daemon_.loop(), rooms_, path_};
  StoreDirectory directory_;
  ControlActs control_acts_{*store_, offload_, directory_, rooms_, moderation_};
  NodeDirectory node_directory_{directory_, rooms_};
  chat::Hall hall_;
  Progress progress_;
  StoreTill till_;
  HeldQueue held_;
  Evasions evasions_;
  chat::EvasionGate evasion_gate_{clock_, hall_.switchboard, evasions_};
  Automod automod_;
  Links links_;
  Doors doors_{daemon_, links_};
  News news_{rooms_, links_};
  PeopleNews people_{daemon_.loop(), offload_, *store_, hall_};
  ViewerReport viewer_report_{daemon_.loop(), offload_, *store_, rooms_, node_};
  std::unique_ptr<bus::EventFollower> follower_;
  std::optional<Archivist> archivist_;
  std::optional<Nodes> nodes_;
  std::uint64_t beats_ = 0;
  std::uint32_t room_idle_ = 0;  // beats
  bool automod_answers_ = false, others_heard_ = false;
  net::Timer beat_{daemon_.loop()}, sweep_{daemon_.loop()}, tick_{daemon_.loop()}, last_{daemon_.loop()};
};
}  // namespace

Result<int> serve(const Settings& settings) {
  const app::Platform platform = app::platform_of(settings);
  const std::string history = settings.has("history") ? settings.text("history") : platform.dir + "/chat.db";
  SLUICE_TRY_VALUE(std::unique_ptr<store::Store> store, store::open_store(platform.store));
  std::optional<chatlog::Archive> archive;
  if (history != "none") {
    SLUICE_TRY_VALUE(chatlog::Archive opened, chatlog::Archive::open(history));
    archive.emplace(std::move(opened));
  }
  // By which this node knows, also after a restart, that it took a message.
  std::string lasting_name = random_token(system_random(), 64);
  if (archive) {
    SLUICE_TRY_VALUE(const std::int64_t number, archive->node());
    lasting_name = std::to_string(number);
  }
  // Nodes may share the file: each has a name of its own, and its own place in the event log.
  if (archive && settings.has("chat-bus") && settings.has("instance")) {
    lasting_name += "/" + settings.text("instance");
    SLUICE_TRY(archive->name_cursor(settings.text("instance")));
  }
  SLUICE_TRY_VALUE(std::unique_ptr<bus::Bus> bus, bus::open_bus(platform.bus));
  app::Daemon daemon(settings, "chatd");
  Service service(settings, daemon, std::move(store), std::move(bus), std::move(archive),
                  std::move(lasting_name));
  SLUICE_TRY(service.start(settings));
  return daemon.run();
}

}  // namespace sluice::chatd
