#include "turned_away.hpp"

#include "irc/message.hpp"

namespace sluice::chatd {

namespace {
constexpr std::size_t most_turned_away = 64;
constexpr seconds farewell_patience{5};  // with a handshake that does not come, and with who does not read
}  // namespace

void TurnedAway::tell(net::Loop& loop, os::UniqueFd fd, const net::TlsContext* tls, const Count& count,
                      std::string_view host, std::string_view why) {
  if (*count >= most_turned_away) return;
  ++*count;
  const auto told = std::make_shared<TurnedAway>(loop, count);
  const auto connection = net::Connection::adopt(loop, std::move(fd), told, tls);
  told->connection_ = connection;
  // People read the one, programs the other.
  std::string words;
  irc::LineWriter(words).prefix(host).command("NOTICE").param("*").trailing(why).end();
  irc::LineWriter(words).command("ERROR").trailing("Closing Link: " + std::string(why)).end();
  connection->send(to_bytes(words));
  told->patience_.after(farewell_patience, [weak = told->connection_] {
    if (const auto late = weak.lock()) late->abort(Error{Errc::io, "the peer does not read", {}});
  });
}

void TurnedAway::on_drained() {
  if (const auto connection = connection_.lock()) connection->close();
}

void TurnedAway::on_closed(const Error&) {
  --*count_;
  patience_.cancel();
}

}  // namespace sluice::chatd
