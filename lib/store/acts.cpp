#include "store/acts.hpp"

namespace sluice::store {

AuditEntry act_in(const Channel& channel, const Actor& actor, std::string_view action) {
  return {.actor = actor,
          .action = std::string(action),
          .channel = channel.id,
          .channel_name = channel.name,
          .target = "channel:" + channel.name};
}

AuditEntry act_on(const Channel& channel, const User& user, const Actor& actor, std::string_view action,
                  std::string_view reason) {
  AuditEntry entry = act_in(channel, actor, action);
  entry.target_user = user.id;
  entry.target = "user:" + user.name;
  entry.reason = reason;
  return entry;
}

}  // namespace sluice::store
