#pragma once
// Audit entries as the store writes them itself, beside the change that they tell of: they say where, and
// whom it was done to.
#include <string_view>

#include "store/audit.hpp"
#include "store/channels.hpp"
#include "store/users.hpp"

namespace sluice::store {

AuditEntry act_in(const Channel& channel, const Actor& actor, std::string_view action);
AuditEntry act_on(const Channel& channel, const User& user, const Actor& actor, std::string_view action,
                  std::string_view reason);

}  // namespace sluice::store
