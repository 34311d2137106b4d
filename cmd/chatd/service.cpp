#include "service.hpp"

#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/certificate.hpp"
#include "app/daemon.hpp"
#include "app/platform.hpp"
#include "archivist.hpp"
#include "bus/follower.hpp"
#include "control_acts.hpp"
#include "http/server.hpp"
#include "links.hpp"
#include "log/log.hpp"
#include "metrics/metrics.hpp"
#include "moderation_news.hpp"
#include "news.hpp"
#include "origin_check.hpp"
#include "store_acts.hpp"
#include "store_directory.hpp"

namespace sluice::chatd {

namespace {
using app::Settings;
constexpr seconds come_back_within{5};
constexpr std::size_t restored_messages =
    200;  // of each room: what a history holds; one more shows that it is full

std::uint32_t positive(const Settings& settings, std::string_view name) {
  return static_cast<std::uint32_t>(settings.integer(name));
}

chat::ClientLimits client_limits(const Settings& settings) {
  chat::ClientLimits limits;
  limits.rooms = positive(settings, "rooms-per-connection");
  limits.joins.places = positive(settings, "join-rate");
  limits.logins.places = positive(settings, "login-rate");
  limits.history_bytes = settings.size("queue") / 2;
  return limits;
}

chat::SendLimits::Rates send_rates(const Settings& settings) {
  chat::SendLimits::Rates rates;
  rates.regular.places = positive(settings, "message-rate");
  rates.exempt.places = 5 * rates.regular.places;
  rates.cooldown = settings.duration("cooldown");
  rates.subscriber_cooldown = rates.cooldown / 2;
  rates.repeat = settings.duration("repeat-time");
  return rates;
}

LinkLimits link_limits(const Settings& settings) {
  return {settings.size("queue"), settings.duration("login-time"), settings.duration("ping")};
}

chat::Rooms::Rhythm rhythm(const Settings& settings) {
  return {settings.duration("tick"), microseconds(50)};
}

OriginCheck origin_check(const Settings& settings) {
  return {settings.text("public-url"), settings.list("allow-origin")};
}

// What the daemon counts.
struct Counters {
  explicit Counters(const std::string& instance)
      : web_sockets(metrics::gauge("twitch_websocket_connections", "WebSocket connections",
                                   {{"server_instance", instance}})),
        irc(metrics::gauge("sluice_chat_irc_connections", "IRC connections over TCP")),
        rooms(metrics::gauge("sluice_chat_rooms", "rooms with somebody in them")),
        viewers(metrics::gauge("twitch_total_viewers", "people in all rooms of this node")),
        viewer_count(metrics::gauge("twitch_viewer_count", "the same as twitch_total_viewers")),
        deliveries(metrics::counter("sluice_chat_deliveries_total", "writes of lines to members")),
        slow(metrics::counter("sluice_chat_slow_consumers_total",
                              "connections dropped because they read too slowly")),
        lost(metrics::gauge("sluice_chat_history_lost", "messages that the history file did not take")) {}
  prometheus::Gauge& web_sockets;
  prometheus::Gauge& irc;
  prometheus::Gauge& rooms;
  prometheus::Gauge& viewers;
  prometheus::Gauge& viewer_count;
  prometheus::Counter& deliveries;
  prometheus::Counter& slow;
  prometheus::Gauge& lost;
  std::unordered_map<ChannelId, prometheus::Counter*> messages;

  void count(const chat::Message& message) {
    auto& counter = messages[message.channel];
    if (counter == nullptr)
      counter = &metrics::counter("twitch_chat_messages_total", "messages published",
                                  {{"channel_id", std::to_string(message.channel.value())}});
    counter->Increment();
  }
};

class Service {
 public:
  Service(const Settings& settings, app::Daemon& daemon, std::unique_ptr<store::Store> store,
          std::unique_ptr<bus::Bus> bus, std::optional<chatlog::Archive> archive)
      : daemon_(daemon),
        store_(std::move(store)),
        bus_(std::move(bus)),
        archive_(std::move(archive)),
        node_(settings.has("instance") ? settings.text("instance") : "chatd"),
        counters_(node_),
        origins_(origin_check(settings)),
        rooms_(random_token(system_random(), 40), {settings.text("irc-host"), &http::append_text_frame},
               rhythm(settings)),
        path_(clock_, system_random(), send_rates(settings)),
        directory_(*store_, offload_, rooms_, news_),
        hall_{rooms_, path_, moderation_, directory_, clock_, client_limits(settings)},
        links_(hall_, link_limits(settings), positive(settings, "connections"),
               positive(settings, "connections-per-address")),
        web_(daemon.loop(), [this](const http::Request& request, http::Responder responder) {
          take_request(request, responder);
        }) {
    path_.on_published = [this](const chat::MessagePtr& message) {
      counters_.count(*message);
      if (archivist_) archivist_->keep(message);
    };
    rooms_.on_gathered = [this] { daemon_.loop().post([this] { flush(); }); };
    links_.on_slow = [this] { counters_.slow.Increment(); };
  }

  Result<> start(const Settings& settings) {
    // What is read of the store from here on holds every event up to this one.
    SLUICE_TRY_VALUE(const store::Cursor begun, store_->events().last());
    acts_.heard(begun);
    if (archive_) SLUICE_TRY(catch_up(begun));
    SLUICE_TRY(restore());
    // Not before: from here on the archive belongs to the thread that writes it.
    if (archive_)
      archivist_.emplace(daemon_.loop(), offload_, *archive_, clock_,
                         std::chrono::days(settings.integer("history-days")));
    SLUICE_TRY_VALUE(follower_,
                     bus::EventFollower::start(daemon_.loop(), offload_, *store_, *bus_, begun,
                                               [this](const store::Event& event) { take_event(event); }));
    SLUICE_TRY(load_certificate(settings));
    SLUICE_TRY(listen(settings));
    beat_.every(seconds(1), [this] { beat(); });
    sweep_.every(seconds(5), [this] {
      links_.sweep(clock_.steady());
      for (const auto& [name, room] : rooms_.all()) room->standing().forget_lapsed(clock_.wall());
    });
    report_.every(seconds(10), [this] { report_viewers(); });
    daemon_.on_drain([this](std::function<void()> done) { drain(std::move(done)); });
    daemon_.on_reload([this](const Settings& fresh) { return reload(fresh); });
    daemon_.on_health([this] { return std::vector{store_health_}; });
    daemon_.on_control("rooms", [this](const std::string&) { return rooms_json(); });
    daemon_.on_control("act", [this](const std::string& request, std::function<void(std::string)> reply) {
      control_acts_.take(request, std::move(reply));
    });
    return {};
  }

 private:
  void take_event(const store::Event& event) {
    news_.take(event);
    acts_.heard(event.cursor);
    if (!archivist_) return;
    if (const auto taken = taken_off_by(event)) archivist_->take_off(*taken);
  }

  // What moderators took off while nobody was here to hear of it.
  Result<> catch_up(store::Cursor begun) {
    SLUICE_TRY_VALUE(const std::int64_t known, archive_->cursor());
    store::Cursor at(known);
    for (;;) {
      SLUICE_TRY_VALUE(const std::vector<store::Event> events, store_->events().since(at));
      for (const store::Event& event : events)
        if (const auto taken = taken_off_by(event)) SLUICE_TRY(archive_->take_off(*taken));
      if (events.empty() || events.back().cursor >= begun) return archive_->set_cursor(begun.value());
      at = events.back().cursor;
    }
  }

  // What was said before the start comes back into the rooms, and repeats of it are known.
  Result<> restore() {
    if (!archive_) return {};
    rooms_.restored_from_archive();
    SLUICE_TRY_VALUE(const std::vector<store::Channel> channels, store_->channels().list());
    for (const store::Channel& channel : channels) {
      SLUICE_TRY_VALUE(const std::vector<chatlog::Kept> messages,
                       archive_->recent(channel.id, restored_messages + 1));
      SLUICE_TRY_VALUE(const std::vector<UserId> speakers, archive_->speakers(channel.id));
      if (speakers.empty()) continue;
      chat::Room& room = rooms_.open(to_chat(channel));
      for (const UserId speaker : speakers) room.restore_speaker(speaker);
      SLUICE_TRY_VALUE(room.standing(), read_standing(*store_, channel.id));
      for (const chatlog::Kept& kept : messages) {
        room.restore(kept.message, kept.taken_off);
        path_.restore(*kept.message);
      }
    }
    return {};
  }

  Result<> load_certificate(const Settings& settings) {
    SLUICE_TRY_VALUE(const app::CertificateFiles files,
                     app::certificate_files(settings, app::platform_of(settings).dir));
    SLUICE_TRY_VALUE(certificate_, app::load_certificate(files, "clients"));
    return {};
  }

  Result<> listen(const Settings& settings) {
    const auto port = [&](const char* name) { return static_cast<std::uint16_t>(settings.integer(name)); };
    const auto web = [this](bool encrypted) {
      return [this, encrypted](os::UniqueFd fd, net::Endpoint peer) {
        web_.take(std::move(fd), std::move(peer), encrypted ? certificate_.get() : nullptr);
      };
    };
    const auto irc = [this](bool encrypted) {
      return [this, encrypted](os::UniqueFd fd, net::Endpoint peer) {
        if (links_.admits(peer))
          TcpLink::open(links_, daemon_.loop(), std::move(fd), encrypted ? certificate_.get() : nullptr);
      };
    };
    SLUICE_TRY(daemon_.listen("ws", port("ws-port"), web(false)));
    SLUICE_TRY(daemon_.listen("irc", port("irc-port"), irc(false)));
    SLUICE_TRY(daemon_.unless_taken("wss", daemon_.listen("wss", port("wss-port"), web(true))));
    return daemon_.unless_taken("ircs", daemon_.listen("ircs", port("ircs-port"), irc(true)));
  }

  // Who is connected keeps the certificate that it was shown.
  Result<> reload(const Settings& fresh) {
    SLUICE_TRY(load_certificate(fresh));
    origins_ = origin_check(fresh);
    rooms_.change(rhythm(fresh));
    path_.change(send_rates(fresh));
    hall_.limits = client_limits(fresh);
    links_.change(link_limits(fresh), positive(fresh, "connections"),
                  positive(fresh, "connections-per-address"));
    if (archivist_) archivist_->keep_for(std::chrono::days(fresh.integer("history-days")));
    return {};
  }

  void take_request(const http::Request& request, const http::Responder& responder) {
    const auto offer = http::read_websocket_offer([&](const char* name) { return request.header(name); });
    if (request.path != "/" && request.path != "/json")
      return responder.respond(http::Response::text(404, "chat is at / and /json\n"));
    if (request.method != "GET")
      return responder.respond(http::Response::text(405, "a WebSocket begins with GET\n"));
    if (!offer) {
      http::Response answer =
          http::Response::text(426, "this is a chat server: speak WebSocket here, or IRC on its own port\n");
      answer.headers.emplace_back("Upgrade", "websocket");
      answer.headers.emplace_back("Sec-WebSocket-Version", "13");
      return responder.respond(std::move(answer));
    }
    if (!origins_.admits(request.header("Origin"), request.header("Host")))
      return responder.respond(
          http::Response::text(403, "pages of this origin may not chat here (see --allow-origin)\n"));
    if (!links_.admits(request.peer))
      return responder.respond(http::Response::text(503, "too many connections\n"));

    http::Headers headers{
        {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", offer->accept}};
    auto speaks = request.path == "/json" ? WsLink::Speaks::json : WsLink::Speaks::unknown;
    for (const std::string& protocol : offer->protocols) {
      if (request.path == "/json" || protocol != "irc") continue;
      headers.emplace_back("Sec-WebSocket-Protocol", protocol);
      speaks = WsLink::Speaks::irc;
      break;
    }
    responder.upgrade(std::move(headers), [this, speaks](std::shared_ptr<net::Connection> connection) {
      return WsLink::open(links_, std::move(connection), speaks);
    });
  }

  void flush() {
    const Steady now = clock_.steady();
    if (const auto next = rooms_.flush(now)) tick_.after(*next - now, [this] { flush(); });
    counters_.deliveries.Increment(static_cast<double>(rooms_.deliveries()) - counters_.deliveries.Value());
  }

  void beat() {
    rooms_.beat();
    path_.forget_idle();
    moderation_.forget_idle();
    hall_.entries.forget_idle(hall_.limits, clock_.steady());
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
  }

  // Tells the store how many watch each live stream, and finds out whether the store is well.
  void report_viewers() {
    std::map<std::string, std::int64_t> viewers;
    for (const auto& [name, room] : rooms_.all()) viewers[name] = static_cast<std::int64_t>(room->viewers());
    const auto report = [this, viewers = std::move(viewers)]() -> app::Health {
      const Steady begun = clock_.steady();
      const auto told = tell_viewers(viewers);
      const std::chrono::duration<double, std::milli> took = clock_.steady() - begun;
      return {"store", told.has_value(), took.count(), told ? std::string() : told.error().what};
    };
    offload_.run(report, [this](app::Health health) { store_health_ = std::move(health); });
  }

  Result<> tell_viewers(const std::map<std::string, std::int64_t>& viewers) {
    SLUICE_TRY_VALUE(const std::vector<store::LiveChannel> live, store_->streams().live());
    for (const store::LiveChannel& each : live) {
      const auto count = viewers.find(each.channel.name);
      const auto told =
          store_->streams().set_viewers(each.stream.id, node_, count == viewers.end() ? 0 : count->second);
      if (!told && told.error().code != Errc::conflict)
        return std::unexpected(told.error());  // it just ended: no matter
    }
    return {};
  }

  std::string rooms_json() const {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& [name, room] : rooms_.all())
      list.push_back({{"channel", name},
                      {"channel_id", std::to_string(room->channel().id.value())},
                      {"members", room->members()},
                      {"viewers", room->viewers()},
                      {"seq", room->seq()}});
    return nlohmann::ordered_json{
        {"origin", rooms_.origin()}, {"connections", links_.size()}, {"rooms", list}}
        .dump();
  }

  void drain(std::function<void()> done) {
    flush();
    const auto finish = [this, done] {
      web_.drain([this, done] {
        if (archivist_) archivist_->write_now();
        offload_.run([] { return true; }, [done](bool) { done(); });
      });
    };
    if (links_.size() == 0) return finish();
    links_.on_empty = finish;
    links_.restart(come_back_within);
  }

  app::Daemon& daemon_;
  Clock& clock_ = system_clock();
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<bus::Bus> bus_;
  std::optional<chatlog::Archive> archive_;
  net::Offload offload_{daemon_.loop()};
  std::string node_;
  app::Health store_health_{"store", true, 0, {}};
  Counters counters_;
  OriginCheck origins_;
  std::shared_ptr<const net::TlsContext> certificate_;
  chat::Rooms rooms_;
  chat::MessagePath path_;
  StoreActs acts_{*store_, offload_};
  chat::Moderation moderation_{acts_, path_, clock_};
  StoreDirectory directory_;
  ControlActs control_acts_{*store_, offload_, directory_, rooms_, moderation_};
  chat::Hall hall_;
  Links links_;
  News news_{rooms_, links_};
  std::unique_ptr<bus::EventFollower> follower_;
  http::Server web_;
  std::optional<Archivist> archivist_;
  net::Timer beat_{daemon_.loop()}, sweep_{daemon_.loop()}, report_{daemon_.loop()}, tick_{daemon_.loop()};
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
  SLUICE_TRY_VALUE(std::unique_ptr<bus::Bus> bus, bus::open_bus(platform.bus));
  app::Daemon daemon(settings, "chatd");
  Service service(settings, daemon, std::move(store), std::move(bus), std::move(archive));
  SLUICE_TRY(service.start(settings));
  return daemon.run();
}

}  // namespace sluice::chatd
