#pragma once
// TurnedAway: an IRC connection beyond the limits. It is told why, over TLS too, and closed; it is none of
// Links.
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"

namespace sluice::chatd {

class TurnedAway final : public net::Connection::Handler {
 public:
  // How many are being told; beyond a few dozen at once a connection is closed without a word.
  using Count = std::shared_ptr<std::size_t>;
  // `host`: the dialect's name of this server. `why`: a sentence.
  static void tell(net::Loop& loop, os::UniqueFd fd, const net::TlsContext* tls, const Count& count,
                   std::string_view host, std::string_view why);
  TurnedAway(net::Loop& loop, Count count) : count_(std::move(count)), patience_(loop) {}

  void on_data(ByteView) override {}
  void on_drained() override;  // over TLS not before the handshake is done
  void on_closed(const Error& why) override;

 private:
  std::weak_ptr<net::Connection> connection_;  // which owns this
  Count count_;
  net::Timer patience_;
};

}  // namespace sluice::chatd
