#include "succession.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "handover.hpp"
#include "log/log.hpp"

namespace sluice::ingestd {

using nlohmann::json;

namespace {
constexpr milliseconds ask_time{2'000};        // for one that connects to say what it wants
constexpr milliseconds ask_rest{1'000};        // after one that could not be let in
constexpr milliseconds prepare_time{60'000};   // that reading ledgers may take, while all goes on as ever
constexpr milliseconds look{10};               // at how far the server has come to rest
constexpr milliseconds set_up_patience{2'000};  // for those that cannot move to get through their set-up
constexpr milliseconds send_patience{200};     // for what waits to be sent to publishers that move, once pipelines have ended
constexpr milliseconds rest_beyond_flush{5'000};  // what coming to rest may take beside the end of the pipelines
constexpr milliseconds restore_time{5'000};    // that the successor may take, while nothing is read from anybody
constexpr milliseconds retired_look{100};
constexpr unsigned looks_a_beat = 10;

std::string refusal(const std::string& why, const std::string& hint) { return json{{"refused", {{"what", why}, {"hint", hint}}}}.dump(); }
}  // namespace

Succession::Succession(app::Daemon& daemon, Server& server, std::optional<os::FileLock>& alone,
                       std::unique_ptr<Predecessor>& predecessor)
    : daemon_(daemon),
      server_(server),
      estate_(server.house()),
      alone_(alone),
      predecessor_(predecessor),
      timer_(daemon.loop()),
      limit_(daemon.loop()),
      rest_(daemon.loop()) {}

Succession::~Succession() {
  asks_.reset();
  // Told to stop at once when all of it was another's already, or will be by this end: its sockets' paths are, too.
  if (state_ == State::offered || state_ == State::given)
    daemon_.retire();
  else if (listening_ && state_ != State::retired)
    ::unlink(handover_path(server_.config()).c_str());
}

Result<> Succession::listen(os::UniqueFd inherited) {
  if (inherited) {
    listening_ = os::PacketSocket(std::move(inherited));
  } else {
    SLUICE_TRY_VALUE(listening_, os::PacketSocket::listen(handover_path(server_.config())));
  }
  asks_ = std::make_unique<net::FdWatch>(daemon_.loop(), listening_.fd());
  asks_->on_readable([this] { somebody_asks(); });
  return {};
}

void Succession::somebody_asks() {
  auto accepted = listening_.accept();
  if (!accepted) {
    log::warn("nobody may take over", {accepted.error()});
    asks_->cancel_readable();
    return rest_.after(ask_rest, [this] {
      if (asks_) asks_->on_readable([this] { somebody_asks(); });
    });
  }
  if (!*accepted) return;
  if (state_ != State::waiting) {
    bool full = false;
    return (void)(*accepted)->try_send(refusal("another ingestd is just taking over", "try again"), {}, full);
  }
  state_ = State::asked;
  link_ = std::make_unique<net::PacketLink>(daemon_.loop(), *std::move(*accepted), link_patience,
                                            net::PacketLink::Handler{.message = [this](os::PacketMessage& message) { hear(message); },
                                                                     .lost = [this](const std::string& why) { lose_link(why); },
                                                                     .room = [this] { offer_more(); }});
  limit_.after(ask_time, [this] { call_off("it did not say what it wants"); });
}

void Succession::hear(const os::PacketMessage& message) {
  const json said = json::parse(message.text, nullptr, false);
  if (!said.is_object()) return lose_link("it says what is no JSON object");
  try {
    if (state_ == State::asked) return begin(message);
    if (state_ == State::preparing && said.contains("prepared")) return prepared();
    if (state_ == State::offered && said.contains("ready")) return give();
    if (state_ == State::given && said.contains("mine")) return retire();
    if (state_ == State::retired) hear_heir(message.text);
  } catch (const json::exception& wrong) {
    lose_link(wrong.what());
  }
}

void Succession::hear_heir(const std::string& text) {
  const json said = json::parse(text);
  if (said.contains("taken")) estate_.taken(ChannelId(said["taken"].get<std::int64_t>()));
  if (said.contains("kick")) (void)server_.kick(json{{"channel", said["kick"]}}.dump());
  if (said.contains("want")) {
    const auto channel = said["want"].get<std::int64_t>();
    if (estate_.wanted(ChannelId(channel))) tell(json{{"busy", channel}}.dump());
  }
}

void Succession::begin(const os::PacketMessage& message) {
  const json said = json::parse(message.text);
  const int version = said.value("take_over", 0);
  if (version != handover_version)
    return call_off("the new ingestd hands over by version " + std::to_string(version) + ", the running one by version " + std::to_string(handover_version),
                    "stop the running one: its publishers come back by themselves");
  if (said.value("node", "") != server_.config().node) return call_off("the new ingestd is another node", "give it the same --node: " + server_.config().node);
  if (said.value("ledgers", "") != server_.config().ledgers) return call_off("the new ingestd keeps its ledgers elsewhere", "give it the same --ledgers");
  if (const auto can = server_.can_be_replaced(); !can) return call_off(can.error().what, can.error().hint);
  log::info("another ingestd takes over", {{"version", version}});
  state_ = State::preparing;
  limit_.after(prepare_time, [this] { call_off("it took too long to prepare", "see its log, and try again"); });
  json streams = estate_.coming();
  while (streams.dump().size() > os::PacketSocket::longest / 2) streams.erase(streams.size() - 1);  // those are read when they come
  const os::UniqueFd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  const int pidfd = self.get();
  link_->send(json{{"coming", streams}}.dump(), std::span(&pidfd, self ? 1 : 0));
}

void Succession::prepared() {
  limit_.cancel();
  state_ = State::admitting;
  since_ = system_clock().steady();
  daemon_.pause_accepting();
  server_.read_together(false);  // who has asked already is let in first, or waited for
  timer_.every(look, [this] { state_ == State::admitting ? admit() : settle(); });
  admit();
}

void Succession::admit() {
  if (const auto can = server_.can_be_replaced(); !can) return call_off(can.error().what, can.error().hint);
  const bool patient = system_clock().steady() - since_ < set_up_patience;
  if (!estate_.set_up(patient)) {
    if (!patient) call_off("a stream is just beginning, and the platform does not answer", "see the running one's log, and try again");
    return;
  }
  state_ = State::settling;
  since_ = system_clock().steady();
  estate_.hold();
  limit_.after(server_.config().life.flush + rest_beyond_flush, [this] { call_off("the server did not come to rest", "see its log, and try again"); });
  settle();
}

void Succession::settle() {
  if (const auto can = server_.can_be_replaced(); !can) return call_off(can.error().what, can.error().hint);
  estate_.hold();  // a stream that has just been passed on to us, too
  if (!estate_.settled(system_clock().steady() - since_ < send_patience)) return;
  timer_.cancel();
  offer();
}

void Succession::offer() {
  state_ = State::offered;
  limit_.after(restore_time, [this] { call_off("the new ingestd took too long", "see its log, and try again"); });
  moving_.clear();
  offered_ = 0;
  for (const auto& [port, fd] : daemon_.listening()) moving_.push_back({json{{"listening", port}}.dump(), {}, fd});
  moving_.push_back({json{{"listening", "handover"}}.dump(), {}, listening_.fd()});
  if (alone_) moving_.push_back({json{{"lock", true}}.dump(), {}, alone_->fd()});
  if (predecessor_)
    for (Moving& elder : predecessor_->freeze()) moving_.push_back(std::move(elder));
  for (Moving& each : estate_.freeze()) moving_.push_back(std::move(each));
  moving_.push_back({json{{"complete", true}}.dump()});
  offer_more();
}

// As fast as the successor reads: what a state takes in memory is not taken long before it is read.
void Succession::offer_more() {
  while (state_ == State::offered && link_->free() && offered_ < moving_.size()) {
    const Moving& next = moving_[offered_++];
    const auto state = next.state();
    if (!state) return call_off(state.error().what, state.error().hint);
    std::vector<int> fds;
    if (*state) fds.push_back(state->get());
    if (next.fd >= 0) fds.push_back(next.fd);
    link_->send(next.about, fds);
  }
}

// All of it stays frozen here until the successor knows that it is its own.
void Succession::give() {
  if (const auto can = server_.can_be_replaced(); !can) return call_off(can.error().what);
  state_ = State::given;
  limit_.after(restore_time, [this] { retire(); });  // it was told, and lives: it must be taken for the owner
  tell(json{{"yours", true}}.dump());
}

void Succession::retire() {
  log::info("handed over: what cannot move drains here");
  state_ = State::retired;
  asks_.reset();
  listening_ = {};
  moving_.clear();
  if (predecessor_) predecessor_->hand_over();
  server_.retire();
  estate_.let_go([this](ChannelId over) { tell(json{{"over", over.value()}}.dump()); });
  daemon_.retire();
  alone_.reset();
  limit_.after(server_.config().retire, [this] { daemon_.stop("the time to drain after a handover is over"); });
  timer_.every(retired_look, [this] { retired_tick(); });
  retired_tick();
}

void Succession::retired_tick() {
  if (link_) {
    estate_.pass_on([this](const Moving& each) -> Result<> {
      SLUICE_TRY_VALUE(const os::UniqueFd state, each.state());
      const int fd = state.get();
      link_->send(each.about, std::span(&fd, 1));
      return {};
    });
    if (ticks_++ % looks_a_beat == 0 && link_->free())
      for (const std::string& beat : estate_.beats())
        if (beat.size() < os::PacketSocket::longest) tell(beat);
    if (!srt_told_ && server_.release_srt()) {
      srt_told_ = true;
      tell(json{{"srt", "free"}}.dump());
    }
  }
  if (server_.house().empty()) {
    timer_.cancel();
    daemon_.stop("all has been handed over");
  }
}

// Everything goes on here as if nobody had asked.
void Succession::call_off(const std::string& why, const std::string& hint) {
  const bool rests = state_ >= State::admitting, frozen = state_ == State::offered || state_ == State::given;
  if (rests)
    log::error("the handover is called off: this process goes on", {{"why", why}});
  else
    log::warn("no handover", {{"why", why}});
  tell(frozen ? json{{"off", why}}.dump() : refusal(why, hint));
  forget_link();
  state_ = State::waiting;
  moving_.clear();
  if (frozen && predecessor_) predecessor_->thaw();
  if (!rests) return;
  estate_.go_on();
  server_.read_together(true);
  daemon_.resume_accepting();
}

void Succession::forget_link() {
  timer_.cancel();
  limit_.cancel();
  link_.reset();
}

void Succession::lose_link(const std::string& why) {
  if (state_ != State::retired) return call_off(why);
  link_.reset();
  log::warn("the successor is gone: what is left here ends here", {{"why", why}});
  server_.give_up_srt();  // the next one wants the port
  estate_.go_on();
}

}  // namespace sluice::ingestd
