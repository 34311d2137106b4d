#pragma once
// Messages that AutoMod held back, until a moderator has decided or they are too old. Who publishes those
// that are allowed reads automod.message.update in the event log and then the message here: so no kill
// between the decision and the publishing loses one.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/audit.hpp"

namespace sluice::store {

enum class HeldState { held, allowed, denied, expired };
std::string_view name(HeldState state);

// What was found where: inclusive, counted in code points.
struct Boundary {
  std::uint32_t first = 0, last = 0;
  bool operator==(const Boundary&) const = default;
};

struct HeldMessage {
  std::int64_t number = 0;  // grows in the order of holding; given by hold()
  std::string id;           // the message's own
  ChannelId channel;
  UserId user;
  std::string user_name;  // these two are given by hold()
  std::string user_display_name;
  std::string text;
  // One JSON object on one line: all that chat needs to publish it later. "address", of a cheer, is where it
  // was said, for the audit log.
  std::string whole;
  std::string reason = "automod";    // or "blocked_term": what EventSub knows
  std::string category;              // "swearing"; of a blocked term: empty
  int level = 0;                     // AutoMod's, 0–4
  std::vector<Boundary> boundaries;  // of what it was held for
  // A cheer (bits.hpp): its bits are reserved while it waits, paid when it is allowed, else given back. Not
  // read again: see Bits::by_message().
  bool cheers = false, anonymous = false;
  Wall held_at;  // this and what follows: given by the store
  HeldState state = HeldState::held;
  Actor decided_by;  // of allowed and denied ones
  std::optional<Wall> decided_at;
};

enum class HeldVerdict { allow, deny };

class HeldMessages {
 public:
  virtual ~HeldMessages() = default;
  // In one transaction. Of each, in their order, what is kept under its id: the message that was held first,
  // or else this one, which is told then by automod.message.hold. Errc::invalid for an empty id, another
  // reason, or a `whole` that is no JSON object; Errc::not_found for the channel or user; Errc::conflict for
  // a cheer of who has too few bits: the others are held all the same. Another error is that of all.
  virtual std::vector<Result<HeldMessage>> hold_all(std::vector<HeldMessage> messages) = 0;
  Result<HeldMessage> hold(HeldMessage message);
  // Once only: Errc::conflict says who decided before, and when, or that it has expired. Errc::not_found for
  // an unknown id, Errc::invalid for a reason of more than 500 characters. Audited as automod.allow or
  // automod.deny, with the message; emits automod.message.update.
  virtual Result<HeldMessage> decide(std::string_view id, HeldVerdict verdict, std::string_view reason,
                                     const Actor& actor) = 0;
  virtual Result<HeldMessage> by_id(std::string_view id) = 0;  // Errc::not_found
  // Those that wait, in the order of holding, beyond number `after`.
  virtual Result<std::vector<HeldMessage>> queue(ChannelId channel, std::int64_t after,
                                                 std::size_t limit) = 0;
  // Whatever became of them: of this user (0: of all), held at `from` or later and before `until`, beyond
  // number `after`, in the order of holding.
  virtual Result<std::vector<HeldMessage>> of_channel(ChannelId channel, UserId user, Wall from, Wall until,
                                                      std::int64_t after, std::size_t limit) = 0;
  // Those held until then that still wait become expired; each emits automod.message.update. How many.
  virtual Result<std::size_t> expire(Wall held_until) = 0;
  // Those held before then that wait no more are deleted; the audit log keeps what was decided on. How many.
  virtual Result<std::size_t> forget(Wall held_before) = 0;
};

}  // namespace sluice::store
