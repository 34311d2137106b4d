#pragma once
// Doors: the ports on which clients come in, over TLS or not, and what a WebSocket is opened for.
#include <functional>
#include <memory>

#include "app/daemon.hpp"
#include "callers.hpp"
#include "http/server.hpp"
#include "links.hpp"
#include "net/tls.hpp"
#include "origin_check.hpp"
#include "turned_away.hpp"

namespace sluice::chatd {

class Doors {
 public:
  // Both outlive it.
  Doors(app::Daemon& daemon, Links& links);

  Result<> open(const app::Settings& settings);  // listens
  // The certificate is read again, and who may open a socket from a page. Who is connected keeps the
  // certificate that it was shown. At an error everything is as before.
  Result<> reload(const app::Settings& settings);
  void drain(std::function<void()> done) { web_.drain(std::move(done)); }

 private:
  void take_request(const http::Request& request, const http::Responder& responder);

  app::Daemon& daemon_;
  Links& links_;
  OriginCheck origins_;
  bool forwarded_for_ = false;  // what a proxy on this machine says is believed
  bool deflate_ = false;        // offered to those who open a WebSocket
  std::shared_ptr<const net::TlsContext> certificate_;
  TurnedAway::Count turned_away_ = std::make_shared<std::size_t>(0);
  Callers callers_;
  http::Server web_;
};

}  // namespace sluice::chatd
