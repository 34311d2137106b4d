#include "app/handover.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "log/log.hpp"

namespace sluice::app {

using nlohmann::json;

namespace {
constexpr int version = 1;
constexpr std::chrono::milliseconds patience{5'000};
constexpr std::chrono::milliseconds ask_rest{1'000};  // after one that could not be let in
}  // namespace

Option take_over_option() {
  return {.name = "take-over",
          .kind = Kind::flag,
          .help = "replace the process that runs with this --control SOCKET: its ports are taken over, and it ends when it has answered what is under way"};
}

Handover::Handover(Daemon& daemon) : daemon_(daemon), rest_(daemon.loop()) {
  if (daemon.settings().has("control")) path_ = daemon.settings().text("control") + ".handover";
}

Handover::~Handover() {
  if (asks_) ::unlink(path_.c_str());  // a door that was only lent us is still the other process's
}

Result<std::unique_ptr<Handover>> Handover::prepare(Daemon& daemon) {
  std::unique_ptr<Handover> made(new Handover(daemon));
  if (daemon.settings().flag("take-over")) SLUICE_TRY(made->take());
  daemon.before_ready([self = made.get()] { return self->serve(); });
  return made;
}

Result<> Handover::take() {
  if (path_.empty()) return fail(Errc::config, "the process to take over from is found by its control socket", "give --control SOCKET");
  auto link = os::PacketSocket::connect(path_, patience);
  if (!link && link.error().code == Errc::unavailable) {
    log::info("nobody runs there: there is nothing to take over", {{"control", path_}});
    return {};
  }
  if (!link) return std::unexpected(link.error());
  SLUICE_TRY(link->send(json{{"take_over", version}}.dump()));
  for (;;) {
    SLUICE_TRY_VALUE(auto message, link->receive());
    if (!message) return fail(Errc::unavailable, "the running process closed the handover", "see its log");
    const json said = json::parse(message->text, nullptr, false);
    if (!said.is_object()) return fail(Errc::invalid, "the running process says what cannot be understood", "stop it, and start again");
    if (said.contains("complete")) break;
    if (const auto why = said.find("refused"); why != said.end())
      return fail(Errc::unavailable, "the running process does not hand over: " + (why->is_string() ? why->get<std::string>() : ""), "try again, or stop it");
    const auto port = said.find("listening");
    if (port == said.end() || !port->is_string() || message->fds.empty()) continue;
    if (*port == "handover")
      door_ = os::PacketSocket(std::move(message->fds[0]));
    else
      daemon_.inherit(port->get<std::string>(), std::move(message->fds[0]));
  }
  from_ = std::move(*link);
  return {};
}

Result<> Handover::serve() {
  if (path_.empty()) return {};
  if (from_) {
    SLUICE_TRY(from_.send(json{{"ready", true}}.dump()));
    from_ = {};
  }
  if (!door_) {
    auto listening = os::PacketSocket::listen(path_);
    if (!listening) return log::error("this process cannot be replaced while it serves", {listening.error()}), Result<>();
    door_ = std::move(*listening);
  }
  asks_ = std::make_unique<net::FdWatch>(daemon_.loop(), door_.fd());
  listen();
  return {};
}

void Handover::listen() {
  if (asks_) asks_->on_readable([this] { somebody_asks(); });
}

void Handover::somebody_asks() {
  if (hears_) hear();  // the one that asked before may be ready: then the door is its own, and who asks now asks it
  if (!asks_) return;
  auto accepted = door_.accept();
  if (!accepted) {
    log::warn("nobody may take over", {accepted.error()});
    asks_->cancel_readable();
    return rest_.after(ask_rest, [this] { listen(); });
  }
  if (!*accepted) return;
  hears_.reset();  // of one that is not ready yet: it finds its link closed
  offered_ = false;
  to_ = *std::move(*accepted);
  (void)to_.set_patience(patience);
  hears_ = std::make_unique<net::FdWatch>(daemon_.loop(), to_.fd());
  hears_->on_readable([this] { hear(); });
}

void Handover::hear() {
  bool empty = false;
  const auto message = to_.try_receive(empty);
  if (empty) return;
  const json said = message && *message ? json::parse((*message)->text, nullptr, false) : json();
  if (said.is_object() && said.value("take_over", json()) == version && daemon_.serving()) {
    offered_ = offer().has_value();
    if (offered_) return log::info("another process takes over");
  } else if (said.is_object() && said.contains("ready") && offered_) {  // also of a process that was told to stop meanwhile
    log::info("another process has taken over");
    asks_.reset();
    hears_.reset();
    door_ = {};
    to_ = {};
    daemon_.retire();
    return daemon_.stop("replaced");
  } else if (said.is_object()) {
    (void)to_.send(json{{"refused", daemon_.serving() ? "it is of another version" : "it is not serving"}}.dump());
  }
  hears_.reset();
  to_ = {};
}

Result<> Handover::offer() const {
  for (const auto& [port, fd] : daemon_.listening()) SLUICE_TRY(to_.send(json{{"listening", port}}.dump(), std::span(&fd, 1)));
  const int door = door_.fd();
  SLUICE_TRY(to_.send(json{{"listening", "handover"}}.dump(), std::span(&door, 1)));
  return to_.send(json{{"complete", true}}.dump());
}

}  // namespace sluice::app
