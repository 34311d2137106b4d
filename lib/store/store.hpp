#pragma once
// Store: everything the platform must not forget, behind an interface without SQL. One suite of tests runs
// over every engine (tests/unit/store).
//
// Calls block: a daemon makes them on a net::Offload. Any thread may call; calls on one Store run one after
// another. Every change is one transaction, and is on disk when the call returns. Errors that any call may
// return: Errc::unavailable (the engine stayed busy or is away: try again), Errc::io (disk full, damaged
// file), and those named at the call.
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "store/audit.hpp"
#include "store/bans.hpp"
#include "store/bits.hpp"
#include "store/channels.hpp"
#include "store/credentials.hpp"
#include "store/deletions.hpp"
#include "store/emotes.hpp"
#include "store/evasions.hpp"
#include "store/events.hpp"
#include "store/follows.hpp"
#include "store/held_messages.hpp"
#include "store/idempotency.hpp"
#include "store/leases.hpp"
#include "store/notes.hpp"
#include "store/roles.hpp"
#include "store/rooms.hpp"
#include "store/streams.hpp"
#include "store/subscriptions.hpp"
#include "store/users.hpp"
#include "store/word_lists.hpp"

namespace sluice::store {

class Store {
 public:
  virtual ~Store() = default;
  virtual Users& users() = 0;
  virtual Channels& channels() = 0;
  virtual Credentials& credentials() = 0;
  virtual Streams& streams() = 0;
  virtual Leases& leases() = 0;
  virtual Events& events() = 0;
  virtual Audit& audit() = 0;
  virtual Idempotency& idempotency() = 0;
  virtual Roles& roles() = 0;
  virtual Bans& bans() = 0;
  virtual Rooms& rooms() = 0;
  virtual Deletions& deletions() = 0;
  virtual HeldMessages& held_messages() = 0;
  virtual WordLists& word_lists() = 0;
  virtual Notes& notes() = 0;
  virtual Follows& follows() = 0;
  virtual Subscriptions& subscriptions() = 0;
  virtual Emotes& emotes() = 0;
  virtual Evasions& evasions() = 0;
  virtual Bits& bits() = 0;

  virtual Result<> check() = 0;  // reads something: for health

  // Called after each commit that wrote events, with the last one's cursor, on the thread that made the call:
  // a program hangs its bus here (bus.nudge), so that no writer can forget to. Set once, before the first
  // call.
  std::function<void(Cursor)> on_events;
};

// "sqlite:PATH": opened, or made with 0600 (and its directory with 0700), and brought to the newest schema;
// safe when several processes start at once. Errc::config for any other URL, or for a store that a newer
// Sluice has migrated further. Clock and Random must outlive the store.
Result<std::unique_ptr<Store>> open_store(std::string_view url, Clock& clock = system_clock(),
                                          Random& random = system_random());

}  // namespace sluice::store
