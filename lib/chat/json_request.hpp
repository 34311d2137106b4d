#pragma once
// A page's objects of the JSON protocol (sluice-chat(5)), parsed and checked.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "chat/history.hpp"

namespace sluice::chat {

struct AuthRequest {
  std::string ticket;
  std::string fingerprint;  // empty: none
};
struct JoinRequest {
  std::string channel;
  std::optional<Seen> after;
  bool complete = false;  // `after` began as a room's cursor: what it does not name was not seen
  std::size_t history = 50;
};
struct LeaveRequest {
  std::string channel;
};
struct MessageRequest {
  std::string channel;
  std::string text;
  std::string key;
  std::string reply_to;    // empty: none
  bool anonymous = false;  // a cheer whose author is not told
};
struct RuleRequest {  // on a message that was held back
  std::string channel, id, key;
  bool allow = false;
  std::string reason;  // may be empty
};
struct QueueRequest {
  std::string channel;
};
struct PingRequest {
  std::string id_json;  // as JSON; empty: none
};
using JsonRequest = std::variant<AuthRequest, JoinRequest, LeaveRequest, MessageRequest, RuleRequest,
                                 QueueRequest, PingRequest>;

// Errc::invalid says which member is missing or malformed.
Result<JsonRequest> parse_json_request(std::string_view utf8);
// The idempotency key of a request that could not be parsed, so that its page knows which it was; empty when
// it has none.
std::string key_of_request(std::string_view utf8);

}  // namespace sluice::chat
