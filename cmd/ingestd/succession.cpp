#include "succession.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "handover.hpp"
#include "log/log.hpp"

namespace sluice::ingestd {

using Json = nlohmann::json;

namespace {
constexpr milliseconds look{10};               // at how far the server has come to rest
constexpr milliseconds patience{2'000};        // for those that cannot move to get through their set-up
constexpr milliseconds beyond_flush{5'000};    // what coming to rest may take beside the end of the pipelines
constexpr milliseconds prepare_time{60'000};   // that reading ledgers may take, while all goes on as ever
constexpr milliseconds restore_time{5'000};    // that the successor may take, while nothing is read from anybody
constexpr milliseconds retired_look{100};
constexpr unsigned looks_a_beat = 10;
constexpr milliseconds send_time{2'000};
}  // namespace

Succession::Succession(app::Daemon& daemon, Server& server, std::optional<os::FileLock>& alone,
                       std::unique_ptr<Predecessor>& predecessor)
    : daemon_(daemon), server_(server), alone_(alone), predecessor_(predecessor), timer_(daemon.loop()), limit_(daemon.loop()) {}

Succession::~Succession() {
  asks_.reset();
  hears_.reset();
  if (listening_ && state_ != State::retired) ::unlink(handover_path(server_.config()).c_str());
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
  if (!accepted) return log::warn("nobody may take over", {accepted.error()});
  if (!*accepted) return;
  if (state_ != State::waiting) {
    const Json busy{{"refused", {{"what", "another ingestd is just taking over"}, {"hint", "try again"}}}};
    (void)(*accepted)->send(busy.dump());
    return;
  }
  link_ = *std::move(*accepted);
  (void)link_.set_patience(send_time);
  state_ = State::asked;
  hears_ = std::make_unique<net::FdWatch>(daemon_.loop(), link_.fd());
  hears_->on_readable([this] { heard(); });
  limit_.after(send_time, [this] { refuse("it did not say what it wants", ""); });
}

void Succession::heard() {
  while (link_) {
    bool empty = false;
    auto message = link_.try_receive(empty);
    if (empty) return;
    if (!message || !*message) return lose_link(message ? "it has gone" : message.error().what);
    hear(**message);
  }
}

void Succession::hear(const os::PacketMessage& message) {
  const Json said = Json::parse(message.text, nullptr, false);
  if (!said.is_object()) return lose_link("it says what is no JSON object");
  try {
    if (state_ == State::asked) return begin(message);
    if (state_ == State::preparing && said.contains("prepared")) return come_to_rest();
    if (state_ == State::offered && said.contains("ready")) return yours();
    if (state_ != State::retired) return;
    if (said.contains("taken")) server_.taken(ChannelId(said["taken"].get<std::int64_t>()));
    if (said.contains("kick")) (void)server_.kick(Json{{"channel", said["kick"]}}.dump());
    if (said.contains("want")) {
      const auto channel = said["want"].get<std::int64_t>();
      if (server_.wanted(ChannelId(channel))) (void)tell(Json{{"busy", channel}}.dump());
    }
  } catch (const Json::exception& wrong) {
    lose_link(wrong.what());
  }
}

void Succession::begin(const os::PacketMessage& message) {
  const Json said = Json::parse(message.text);
  const int version = said.value("take_over", 0);
  if (version != handover_version)
    return refuse("the new ingestd hands over by version " + std::to_string(version) + ", the running one by version " + std::to_string(handover_version),
                  "stop the running one: its publishers come back by themselves");
  if (said.value("node", "") != server_.config().node) return refuse("the new ingestd is another node", "give it the same --node: " + server_.config().node);
  if (said.value("ledgers", "") != server_.config().ledgers) return refuse("the new ingestd keeps its ledgers elsewhere", "give it the same --ledgers");
  if (const auto can = server_.can_be_replaced(); !can) return refuse(can.error().what, can.error().hint);
  log::info("another ingestd takes over", {{"version", version}});
  state_ = State::preparing;
  limit_.after(prepare_time, [this] { refuse("it took too long to prepare", "see its log, and try again"); });
  Json streams = server_.coming();
  while (streams.dump().size() > os::PacketSocket::longest / 2) streams.erase(streams.size() - 1);  // those are read when they come
  if (const auto told = tell(Json{{"coming", streams}}.dump()); !told) refuse(told.error().what, "");
}

void Succession::come_to_rest() {
  if (const auto can = server_.can_be_replaced(); !can) return refuse(can.error().what, can.error().hint);
  state_ = State::settling;
  since_ = system_clock().steady();
  daemon_.pause_accepting();
  server_.hold();
  limit_.after(server_.config().life.flush + beyond_flush, [this] { call_off("the server did not come to rest", "see its log, and try again"); });
  timer_.every(look, [this] { settle(); });
  settle();
}

void Succession::settle() {
  const bool patient = system_clock().steady() - since_ < patience;
  if (state_ != State::settling) return;
  if (const auto can = server_.can_be_replaced(); !can) return call_off(can.error().what);
  server_.hold();  // a stream that has just begun, too
  if (!server_.settled(patient)) return;
  timer_.cancel();
  state_ = State::offered;
  if (const auto offered = offer(); !offered) return call_off(offered.error().what, offered.error().hint);
  limit_.after(restore_time, [this] { call_off("the new ingestd took too long", "see its log, and try again"); });
}

Result<> Succession::offer() {
  std::vector<Server::Moving> moving = server_.freeze();
  if (predecessor_)
    for (Server::Moving& elder : predecessor_->freeze()) moving.push_back(std::move(elder));
  for (const auto& [port, fd] : daemon_.listening()) SLUICE_TRY(tell(Json{{"listening", port}}.dump(), std::span(&fd, 1)));
  const int door = listening_.fd();
  SLUICE_TRY(tell(Json{{"listening", "handover"}}.dump(), std::span(&door, 1)));
  if (alone_) {
    const int lock = alone_->fd();
    SLUICE_TRY(tell(Json{{"lock", true}}.dump(), std::span(&lock, 1)));
  }
  for (const Server::Moving& each : moving) {
    std::vector<int> fds;
    os::UniqueFd state;
    if (!each.state.empty()) {
      SLUICE_TRY_VALUE(state, os::make_memory_file("sluice-handover", each.state));
      fds.push_back(state.get());
    }
    if (each.fd >= 0) fds.push_back(each.fd);
    SLUICE_TRY(tell(each.about, fds));
  }
  return tell(Json{{"complete", true}}.dump());
}

void Succession::yours() {
  limit_.cancel();
  if (const auto can = server_.can_be_replaced(); !can) return call_off(can.error().what);
  if (const auto told = tell(Json{{"yours", true}}.dump()); !told) return call_off(told.error().what);
  log::info("handed over: what cannot move drains here");
  state_ = State::retired;
  asks_.reset();
  listening_ = {};
  if (predecessor_) predecessor_->hand_over();
  server_.let_go([this](ChannelId over) { (void)tell(Json{{"over", over.value()}}.dump()); });
  daemon_.retire();
  alone_.reset();
  limit_.after(server_.config().retire, [this] { daemon_.stop("the time to drain after a handover is over"); });
  timer_.every(retired_look, [this] { retired_tick(); });
  retired_tick();
}

void Succession::retired_tick() {
  if (link_) {
    for (Server::Moving& each : server_.pass_on()) {
      auto state = os::make_memory_file("sluice-handover", each.state);
      const int fd = state ? state->get() : -1;
      if (!state || !tell(each.about, std::span(&fd, 1))) break;
    }
    if (ticks_++ % looks_a_beat == 0)
      for (const std::string& beat : server_.beats())
        if (beat.size() < os::PacketSocket::longest) (void)tell(beat);
    if (!srt_told_ && server_.release_srt()) {
      srt_told_ = true;
      (void)tell(Json{{"srt", "free"}}.dump());
    }
  }
  if (server_.empty()) {
    timer_.cancel();
    daemon_.stop("all has been handed over");
  }
}

void Succession::refuse(const std::string& why, const std::string& hint) {
  log::warn("no handover", {{"why", why}});
  (void)tell(Json{{"refused", {{"what", why}, {"hint", hint}}}}.dump());
  limit_.cancel();
  hears_.reset();
  link_ = {};
  state_ = State::waiting;
}

// Everything goes on here as if nobody had asked.
void Succession::call_off(const std::string& why, const std::string& hint) {
  log::error("the handover is called off: this process goes on", {{"why", why}});
  const bool frozen = state_ == State::offered;
  (void)tell(frozen ? Json{{"off", why}}.dump() : Json{{"refused", {{"what", why}, {"hint", hint}}}}.dump());
  timer_.cancel();
  limit_.cancel();
  hears_.reset();
  link_ = {};
  state_ = State::waiting;
  if (frozen && predecessor_) predecessor_->thaw();
  if (frozen) server_.thaw();
  server_.go_on();
  daemon_.resume_accepting();
}

Result<> Succession::tell(const std::string& text, std::span<const int> fds) {
  if (!link_) return fail(Errc::unavailable, "there is no successor any more");
  return link_.send(text, fds);
}

void Succession::lose_link(std::string_view why) {
  if (state_ == State::settling || state_ == State::offered) return call_off(std::string(why));
  hears_.reset();
  link_ = {};
  if (state_ == State::retired) {
    log::warn("the successor is gone: what is left here ends here", {{"why", why}});
    server_.give_up_srt();  // the next one wants the port
    return server_.go_on();
  }
  limit_.cancel();
  state_ = State::waiting;
}

}  // namespace sluice::ingestd
