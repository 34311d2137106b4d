#include "srt_door.hpp"

#include "log/log.hpp"
#include "measures.hpp"
#include "srt/stream_id.hpp"

namespace sluice::ingestd {

Result<std::unique_ptr<SrtDoor>> SrtDoor::open(net::Loop& loop, milliseconds latency, Platform& platform, const Doorstep& doorstep, Refusals& refusals,
                                               Connected connected) {
  std::unique_ptr<SrtDoor> door(new SrtDoor(platform, doorstep, refusals));
  SLUICE_TRY_VALUE(
      door->server_,
      srt::Server::start(
          loop, {.latency = latency},
          {.ask = [door = door.get()](const srt::Caller& caller) { return door->decide(caller); },
           .connected =
               [connected = std::move(connected)](std::shared_ptr<srt::Session> session) {
                 const ChannelRef channel = *static_cast<const ChannelRef*>(session->guest().get());
                 connected(std::move(session), channel);
               },
           .failed =
               [&refusals](const net::Endpoint& peer, std::shared_ptr<const void> guest) {
                 const std::string& channel = static_cast<const ChannelRef*>(guest.get())->name;
                 Measures::refused("passphrase").Increment();
                 if (refusals.tells(peer.host, "wrong passphrase for " + channel))
                   log::warn("publisher refused: a wrong SRT passphrase, none where one is set, or one where none is", {{"peer", peer.text()}, {"channel", channel}});
               },
           .poll_failed =
               [](const Error& why) {
                 measures().srt_poll_errors.Increment();
                 log::error("SRT cannot be polled: trying again", {why});
               }}));
  return door;
}

srt::Verdict SrtDoor::refused(const srt::Caller& caller, srt::Refusal refusal, const char* reason, std::string_view why) const {
  Measures::refused(reason).Increment();
  if (refusals_.tells(caller.peer.host, why))
    log::warn("publisher refused", {{"peer", caller.peer.text()}, {"protocol", "srt"}, {"why", why}, {"code", static_cast<int>(refusal)}});
  return {.refusal = refusal};
}

srt::Verdict SrtDoor::decide(const srt::Caller& caller) const {
  using srt::Refusal;
  const bool closed = doorstep_.closed();
  if (closed && !doorstep_.expects()) return refused(caller, Refusal::down, "stopping", "the server is stopping");
  if (const char* limit = doorstep_.full(caller.peer.host)) return refused(caller, Refusal::overload, limit, "too many connections");
  const auto id = srt::parse_stream_id(caller.stream_id);
  if (!id) return refused(caller, Refusal::bad_request, "streamid", to_string(id.error()));
  if (id->mode != srt::StreamId::Mode::publish)
    return refused(caller, Refusal::bad_mode, "mode", "only m=publish is served: players find the stream by HLS");
  if (id->type != "stream") return refused(caller, Refusal::media_type, "streamid", "only t=stream is served");
  auto key = platform_.srt_key(id->resource);
  if (!key) {
    if (key.error().code == Errc::denied) return refused(caller, Refusal::unauthorized, "key", "wrong stream key");
    return refused(caller, Refusal::down, "store", to_string(key.error()));
  }
  if (!id->user.empty() && id->user != key->channel.name)
    return refused(caller, Refusal::forbidden, "key", "the streamid's u names another channel than the key's");
  if (closed && !doorstep_.expects(key->channel.id))
    return refused(caller, Refusal::down, "replaced", "the server is being replaced, and SRT's port is still for the streams that it has");
  if (doorstep_.taken(key->channel.id))
    return refused(caller, Refusal::conflict, "duplicate", "the channel is being published");
  return {.passphrase = std::move(key->passphrase), .guest = std::make_shared<const ChannelRef>(std::move(key->channel))};
}

}  // namespace sluice::ingestd
