#include "app/kept_sockets.hpp"

#include <fmt/format.h>

namespace sluice::app {

namespace {
constexpr std::chrono::milliseconds keeper_patience{1000};
constexpr std::string_view last = ".";

// One message for each port.
Result<> send_all(const os::PacketSocket& to, const std::multimap<std::string, int>& sockets) {
  for (auto at = sockets.begin(); at != sockets.end();) {
    const auto end = sockets.upper_bound(at->first);
    std::vector<int> fds;
    const std::string& port = at->first;
    for (; at != end; ++at) fds.push_back(at->second);
    SLUICE_TRY(to.send(port, fds));
  }
  return {};
}
}  // namespace

Result<NamedSockets> take_kept_sockets(const std::string& path, std::string_view name) {
  SLUICE_TRY_VALUE(const os::PacketSocket keeper, os::PacketSocket::connect(path, keeper_patience));
  SLUICE_TRY(keeper.send(fmt::format("take {}", name)));
  NamedSockets taken;
  for (;;) {
    SLUICE_TRY_VALUE(std::optional<os::PacketMessage> message, keeper.receive());
    if (!message) return fail(Errc::unavailable, "who keeps listening sockets has gone");
    if (message->text == last) return taken;
    for (os::UniqueFd& fd : message->fds) taken.emplace(message->text, std::move(fd));
  }
}

Result<> keep_sockets(const std::string& path, std::string_view name, const std::multimap<std::string, int>& sockets) {
  SLUICE_TRY_VALUE(const os::PacketSocket keeper, os::PacketSocket::connect(path, keeper_patience));
  SLUICE_TRY(keeper.send(fmt::format("keep {}", name)));
  return send_all(keeper, sockets);
}

Result<> SocketKeeper::serve(const os::PacketSocket& daemon) {
  SLUICE_TRY(daemon.set_patience(keeper_patience));
  SLUICE_TRY_VALUE(const std::optional<os::PacketMessage> asked, daemon.receive());
  if (!asked) return {};
  const std::string_view text = asked->text;
  if (text.starts_with("take ")) return give(daemon, std::string(text.substr(5)));
  if (text.starts_with("keep ")) return keep(daemon, std::string(text.substr(5)));
  return fail(Errc::invalid, fmt::format("neither 'take NAME' nor 'keep NAME': '{}'", text.substr(0, 40)));
}

Result<> SocketKeeper::give(const os::PacketSocket& daemon, const std::string& name) {
  NamedSockets& kept = kept_[name];
  std::multimap<std::string, int> borrowed;
  for (const auto& [port, fd] : kept) borrowed.emplace(port, fd.get());
  SLUICE_TRY(send_all(daemon, borrowed));
  SLUICE_TRY(daemon.send(last));
  kept.clear();
  return {};
}

Result<> SocketKeeper::keep(const os::PacketSocket& daemon, const std::string& name) {
  NamedSockets fresh;
  for (;;) {
    SLUICE_TRY_VALUE(std::optional<os::PacketMessage> message, daemon.receive());
    if (!message) break;
    for (os::UniqueFd& fd : message->fds) fresh.emplace(message->text, std::move(fd));
  }
  kept_[name] = std::move(fresh);
  return {};
}

}  // namespace sluice::app
