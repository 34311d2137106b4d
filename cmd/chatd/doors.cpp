#include "doors.hpp"

#include <algorithm>

#include "app/certificate.hpp"
#include "app/platform.hpp"
#include "configuration.hpp"
#include "http/deflate.hpp"
#include "http/forwarded.hpp"
#include "http/websocket.hpp"
#include "turned_away.hpp"

namespace sluice::chatd {

using app::Settings;

namespace {
constexpr std::size_t most_callers = 64;  // of an address, where no more may be connected
constexpr seconds request_time{10};       // for a socket to begin its request, and for the request to come
}  // namespace

Doors::Doors(app::Daemon& daemon, Links& links)
    : daemon_(daemon),
      links_(links),
      origins_(origin_check(daemon.settings())),
      web_(daemon.loop(),
           [this](const http::Request& request, http::Responder responder) {
             take_request(request, responder);
           },
           {.idle_time = request_time}) {}

Result<> Doors::reload(const Settings& settings) {
  SLUICE_TRY_VALUE(const app::CertificateFiles files,
                   app::certificate_files(settings, app::platform_of(settings).dir));
  SLUICE_TRY_VALUE(certificate_, app::load_certificate(files, "clients"));
  origins_ = origin_check(settings);
  deflate_ = settings.text("deflate") == "on";
  forwarded_for_ = settings.flag("forwarded-for");
  return {};
}

Result<> Doors::open(const Settings& settings) {
  const auto port = [&](const char* name) { return static_cast<std::uint16_t>(settings.integer(name)); };
  const auto web = [this](bool encrypted) {
    return [this, encrypted](os::UniqueFd fd, net::Endpoint peer) {
      std::shared_ptr<void> place = callers_.come(peer.host, std::max(most_callers, links_.per_address()));
      if (!place) {
        if (links_.on_refused) links_.on_refused();
        return;
      }
      web_.take(std::move(fd), std::move(peer), encrypted ? certificate_.get() : nullptr, std::move(place));
    };
  };
  const auto irc = [this](bool encrypted) {
    return [this, encrypted](os::UniqueFd fd, net::Endpoint peer) {
      const net::TlsContext* tls = encrypted ? certificate_.get() : nullptr;
      if (const auto why = links_.refusal(peer)) {
        if (links_.on_refused) links_.on_refused();
        return TurnedAway::tell(daemon_.loop(), std::move(fd), tls, turned_away_, links_.hall().rooms.host(),
                                *why);
      }
      TcpLink::open(links_, daemon_.loop(), std::move(fd), tls);
    };
  };
  SLUICE_TRY(reload(settings));
  SLUICE_TRY(daemon_.listen("ws", port("ws-port"), web(false)));
  SLUICE_TRY(daemon_.listen("irc", port("irc-port"), irc(false)));
  SLUICE_TRY(daemon_.unless_taken("wss", daemon_.listen("wss", port("wss-port"), web(true))));
  return daemon_.unless_taken("ircs", daemon_.listen("ircs", port("ircs-port"), irc(true)));
}

void Doors::take_request(const http::Request& request, const http::Responder& responder) {
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
  const bool irc =
      request.path == "/" && std::ranges::find(offer->protocols, "irc") != offer->protocols.end();
  // IRC logs in with a token of its own in every connection, which no page has unless it was given one.
  if (!irc && !origins_.admits(request.header("Origin"), request.header("Host")))
    return responder.respond(
        http::Response::text(403, "pages of this origin may not chat here (see --allow-origin)\n"));
  if (const auto why = links_.refusal(request.peer)) {
    if (links_.on_refused) links_.on_refused();
    http::Response answer = http::Response::text(503, std::string(*why) + "\n");
    answer.headers.emplace_back("Retry-After", "10");
    return responder.respond(std::move(answer));
  }

  http::Headers headers{
      {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", offer->accept}};
  auto speaks = request.path == "/json" ? WsLink::Speaks::json : WsLink::Speaks::unknown;
  if (irc) {
    headers.emplace_back("Sec-WebSocket-Protocol", "irc");
    speaks = WsLink::Speaks::irc;
  }
  const auto deflate =
      deflate_ ? http::accept_deflate(request.header("Sec-WebSocket-Extensions")) : std::nullopt;
  if (deflate) headers.emplace_back("Sec-WebSocket-Extensions", *deflate);
  const bool deflates = deflate.has_value();
  std::string forwarded;
  if (forwarded_for_ && is_loopback(request.peer.host))
    forwarded = http::forwarded_for(request.header("X-Forwarded-For"));
  responder.upgrade(std::move(headers),
                    [this, speaks, deflates, forwarded](std::shared_ptr<net::Connection> connection) {
                      return WsLink::open(links_, std::move(connection), speaks, deflates, forwarded);
                    });
}

}  // namespace sluice::chatd
