#pragma once
// SrtDoor: who may send by SRT. A caller's streamid brings its key; the handshake itself answers a wrong one, a wrong passphrase,
// a second publisher and a request for media, so that the caller is told why (srt::Refusal). That is decided on libsrt's receiving thread, which serves every session: by a look-up of
// microseconds on a store connection of its own (on a store across a network, one round trip), never by a question to the loop.
#include <functional>
#include <memory>

#include "doorstep.hpp"
#include "platform.hpp"
#include "refusals.hpp"
#include "srt/server.hpp"

namespace sluice::ingestd {

class SrtDoor {
 public:
  using Connected = std::function<void(std::shared_ptr<srt::Session>, const ChannelRef&)>;
  // All outlive it. `connected` comes on the loop's thread.
  static Result<std::unique_ptr<SrtDoor>> open(net::Loop& loop, milliseconds latency, Platform& platform, const Doorstep& doorstep, Refusals& refusals,
                                               Connected connected);
  Result<net::Endpoint> listen(const net::Endpoint& at) { return server_->listen(at); }
  bool healthy() const { return server_->polling(); }

 private:
  SrtDoor(Platform& platform, const Doorstep& doorstep, Refusals& refusals) : platform_(platform), doorstep_(doorstep), refusals_(refusals) {}
  srt::Verdict refused(const srt::Caller& caller, srt::Refusal refusal, const char* reason, std::string_view why) const;
  srt::Verdict decide(const srt::Caller& caller) const;  // on libsrt's thread

  Platform& platform_;
  const Doorstep& doorstep_;
  Refusals& refusals_;
  std::unique_ptr<srt::Server> server_;
};

}  // namespace sluice::ingestd
