#pragma once
// Leases: a lock that lapses by itself. Its owner is known by a random token that only it has, and only that
// token renews or releases it. A node that starts again takes back what its own former life held, at once;
// another node waits until the lease has lapsed.
#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace sluice::store {

struct Lease {
  std::string name;
  std::string owner;  // random_token of whoever holds it
  std::string node;
  Wall expires_at;
};

enum class LeaseTake {
  fresh,       // nobody held it
  held,        // this owner held it already: renewed
  taken_back,  // a former life of the same node held it
  taken_over,  // another node's, lapsed
};

struct LeaseGrant {
  Lease lease;
  LeaseTake how = LeaseTake::fresh;
};

inline constexpr std::chrono::seconds lease_lifetime{10};

// The name of a channel's lock.
std::string channel_lock(ChannelId channel);

class Leases {
 public:
  virtual ~Leases() = default;
  // Errc::conflict, naming the holding node, while another node's lease has not lapsed.
  virtual Result<LeaseGrant> take(std::string_view name, std::string_view owner, std::string_view node,
                                  std::chrono::milliseconds lifetime = lease_lifetime) = 0;
  // Errc::conflict when `owner` no longer holds it: stop what it guarded. A lapsed lease that nobody took is
  // renewed.
  virtual Result<Lease> renew(std::string_view name, std::string_view owner,
                              std::chrono::milliseconds lifetime = lease_lifetime) = 0;
  // Releasing what one does not hold changes nothing: false.
  virtual Result<bool> release(std::string_view name, std::string_view owner) = 0;
  virtual Result<Lease> holder(std::string_view name) = 0;  // Errc::not_found when free or lapsed
};

}  // namespace sluice::store
