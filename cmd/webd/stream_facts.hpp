#pragma once
// StreamFacts: what ingestd knows of a live stream (codecs, rates, renditions), for GET /api/channels/:name/stream. ingestd is asked over
// its control socket on a thread of its own, one question at a time, and the answer serves everybody for a moment. Nothing
// of the publisher's address or program is passed on.
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/router.hpp"
#include "net/loop.hpp"

namespace sluice::webd {

class StreamFacts {
 public:
  using Ask = std::function<Result<std::string>()>;  // blocks; ingestd's answer to "streams"

  StreamFacts(net::Loop& loop, Clock& clock, Ask ask) : offload_(loop), clock_(clock), ask_(std::move(ask)) {}
  void add_routes(http::Router& router);

 private:
  struct Waiting {
    http::Responder responder;
    std::string channel;
  };
  void respond(const Waiting& waiting) const;

  net::Offload offload_;
  Clock& clock_;
  Ask ask_;
  Result<nlohmann::json> known_ = nlohmann::json();  // the list of streams
  Steady until_{};
  std::vector<Waiting> waiting_;
};

// What the public may know of a row of ingestd's answer.
nlohmann::json public_facts(const nlohmann::json& row);

}  // namespace sluice::webd
