#include "predecessor.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "handover.hpp"
#include "log/log.hpp"
#include "os/wait.hpp"

namespace sluice::ingestd {

using nlohmann::json;

namespace {
constexpr milliseconds beyond_flush{15'000};  // more than the old process gives itself
constexpr seconds death_time{2};              // a killed process closes its sockets before it counts as ended

bool has_ended(const os::UniqueFd& process) { return process && os::readable_within(process.get(), death_time); }

std::unexpected<Error> goes_on(const json& said) {
  const std::string why = said.is_object() ? said.value("off", "") : "it closed the handover";
  return fail(Errc::unavailable, "the running ingestd goes on: " + why, "see its log, and try again");
}
}  // namespace

Result<std::unique_ptr<Predecessor>> Predecessor::ask(app::Daemon& daemon, Server& server, const Config& config) {
  if (config.control.empty()) return fail(Errc::config, "the process to take over from is found by its control socket", "give --control SOCKET");
  auto socket = os::PacketSocket::connect(handover_path(config), config.life.flush + beyond_flush);
  if (!socket && socket.error().code == Errc::unavailable) return nullptr;
  if (!socket) return std::unexpected(socket.error());
  std::unique_ptr<Predecessor> made(new Predecessor(daemon, server));
  made->links_.emplace_back().socket = std::move(*socket);
  made->say({{"take_over", handover_version}, {"node", config.node}, {"ledgers", config.ledgers}});
  for (bool all = false; !all;) {
    SLUICE_TRY_VALUE(all, made->receive());
  }
  return made;
}

Predecessor::~Predecessor() = default;

// Where it has closed the link already it has said why, and that is still to be received.
void Predecessor::say(const json& what) const { (void)links_.front().socket.send(what.dump()); }

Result<bool> Predecessor::receive() {
  SLUICE_TRY_VALUE(auto message, links_.front().socket.receive());
  if (!message) return fail(Errc::unavailable, "the running ingestd closed the handover", "see its log");
  try {
    const json said = json::parse(message->text);
    if (said.contains("refused"))
      return fail(Errc::unavailable, "the running ingestd does not hand over: " + said["refused"].value("what", ""), said["refused"].value("hint", ""));
    if (said.contains("off")) return goes_on(said);
    if (said.contains("complete")) return true;
    SLUICE_TRY(inherit(*message));
  } catch (const json::exception& wrong) {
    return fail(Errc::invalid, std::string("the running ingestd says what cannot be understood: ") + wrong.what(), "stop it, and start again");
  }
  return false;
}

Result<> Predecessor::inherit(os::PacketMessage& message) {
  const json said = json::parse(message.text);
  const auto fd = [&](std::size_t which) { return which < message.fds.size() ? std::move(message.fds[which]) : os::UniqueFd(); };
  if (said.contains("coming")) {
    asked_ = fd(0);
    SLUICE_TRY(server_.can_replace());
    for (const json& stream : said["coming"]) takeover_.read_ahead(stream.get<std::string>());
    say({{"prepared", true}});
  } else if (said.contains("listening")) {
    const std::string port = said["listening"].get<std::string>();
    if (port == "handover") {
      door_ = fd(0);
    } else {
      daemon_.inherit(port, fd(0));
    }
  } else if (said.contains("lock")) {
    lock_.emplace(fd(0));
  } else if (said.contains("elder") && !said.contains("kept")) {
    Link& elder = links_.emplace_back();
    elder.socket = os::PacketSocket(fd(0));
    elder.srt = said.value("srt", false);
  } else if (said.contains("kept")) {
    keep(said.contains("elder") ? links_.back() : links_.front(), said["kept"].dump());
  } else if (said.contains("stream") || said.contains("connection")) {
    const auto taken = take(message);
    if (!taken && said.contains("stream")) return taken;
    if (!taken) log::warn("a connection that does not publish is closed: it cannot be gone on with", {taken.error()});  // nobody's stream waits for it
  }
  return {};
}

void Predecessor::keep(Link& link, const std::string& about) {
  // The list's elements stay where they are for as long as the link lives.
  server_.elsewhere().keep(about, &link, [&link](const std::string& text) {
    if (link.open) link.open->send(text);
  });
}

Result<> Predecessor::commit() {
  say({{"ready", true}});
  SLUICE_TRY_VALUE(const auto answer, links_.front().socket.receive());
  const json said = answer ? json::parse(answer->text, nullptr, false) : json();
  if (!answer && has_ended(asked_))
    log::warn("the running ingestd has died: what it had given is gone on with here");
  else if (!said.is_object() || !said.contains("yours"))
    return goes_on(said);
  say({{"mine", true}});  // if it has died meanwhile, so much the more
  takeover_.complete();
  for (Link& link : links_) watch(link);
  srt_may_be_free();
  return {};
}

void Predecessor::watch(Link& link) {
  link.open = std::make_unique<net::PacketLink>(daemon_.loop(), std::move(link.socket), link_patience,
                                                net::PacketLink::Handler{.message = [this, &link](os::PacketMessage& message) { hear(link, message); },
                                                                         .lost = [this, &link](const std::string& why) { lose(link, why); }});
}

std::vector<Moving> Predecessor::freeze() {
  std::vector<Moving> elders;
  for (Link& link : links_) {
    link.open->pause();
    elders.push_back({json{{"elder", true}, {"srt", link.srt}}.dump(), {}, link.open->fd()});
    for (const std::string& kept : server_.elsewhere().kept_by(&link)) {
      json about{{"kept", json::parse(kept)}, {"elder", true}};
      if (about.dump().size() >= os::PacketSocket::longest) about["kept"]["row"] = "", about["kept"]["lines"] = json::array();  // the next beat tells
      elders.push_back({about.dump()});
    }
  }
  return elders;
}

void Predecessor::thaw() {
  for (Link& link : links_) link.open->resume();
}

void Predecessor::lose(Link& link, const std::string& why) {
  log::info("a process that was replaced has ended", {{"how", why}});
  server_.elsewhere_gone(&link);
  links_.remove_if([gone = &link](const Link& each) { return &each == gone; });
  srt_may_be_free();
}

void Predecessor::hear(Link& link, os::PacketMessage& message) {
  const json said = json::parse(message.text, nullptr, false);
  if (!said.is_object()) return;
  Elsewhere& elsewhere = server_.elsewhere();
  try {
    if (said.contains("beat")) return elsewhere.heard(message.text);
    if (said.contains("busy")) return elsewhere.answered(ChannelId(said["busy"].get<std::int64_t>()), true);
    if (said.contains("over")) return elsewhere.answered(ChannelId(said["over"].get<std::int64_t>()), false);
    if (said.contains("srt")) {
      link.srt = false;
      return srt_may_be_free();
    }
    if (!said.contains("stream")) return;
    if (const auto taken = take(message); !taken)
      return log::error("a stream of a process that was replaced cannot be gone on with", {taken.error()});
    const auto channel = said["stream"]["channel"].get<std::int64_t>();
    link.open->send(json{{"taken", channel}}.dump());
    // It was on its way already when the other process was told.
    if (elsewhere.kicked(ChannelId(channel))) server_.end_stream(ChannelId(channel), "kicked");
    elsewhere.answered(ChannelId(channel), false);
  } catch (const json::exception& wrong) {
    log::error("a process that was replaced says what cannot be understood", {{"what", wrong.what()}});
  }
}

Result<> Predecessor::take(os::PacketMessage& message) {
  if (message.fds.empty()) return fail(Errc::invalid, "it comes without its state");
  SLUICE_TRY_VALUE(const os::MappedBytes mapped, os::map_memory_file(message.fds[0].get()));
  return takeover_.take(message.text, mapped, message.fds.size() > 1 ? std::move(message.fds[1]) : os::UniqueFd());
}

void Predecessor::srt_may_be_free() {
  if (std::ranges::any_of(links_, &Link::srt)) return;
  if (const auto free = std::exchange(srt_free_, nullptr)) daemon_.loop().post(free);
}

}  // namespace sluice::ingestd
