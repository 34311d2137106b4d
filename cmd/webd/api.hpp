#pragma once
// Api: the REST calls under /api. The store is asked on the Offload; answers to what every page asks for are kept for a
// moment, and forgotten at once when an event tells of a change.
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "http/router.hpp"
#include "net/loop.hpp"
#include "places.hpp"
#include "store/store.hpp"

namespace sluice::webd {

class Api {
 public:
  Api(net::Offload& offload, store::Store& store, Clock& clock, const Places& places, milliseconds status_age)
      : offload_(offload), store_(store), clock_(clock), places_(places), status_age_(status_age) {}

  void add_routes(http::Router& router);
  void changed(const store::Event& event);  // from the follower
  void keep_status_for(milliseconds age);

 private:
  struct Kept {
    http::Response answer;
    Steady until;
  };

  // Answers from memory, or asks `read` and keeps what it says for `age` when `key` is not empty.
  void answer(const http::Responder& responder, const std::string& key, milliseconds age,
              std::function<Result<nlohmann::json>(store::Store&)> read);
  void issue_ticket(const http::Request& request, const http::Responder& responder);

  net::Offload& offload_;
  store::Store& store_;
  Clock& clock_;
  const Places& places_;
  milliseconds status_age_;
  std::map<std::string, Kept> kept_;
  std::uint64_t generation_ = 0;  // grows with each event: an answer read before it is not kept
};

}  // namespace sluice::webd
