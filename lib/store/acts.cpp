#include "store/acts.hpp"

namespace sluice::store {

AuditEntry act_in(const Channel& channel, const Actor& actor, std::string_view action) {
  return {.actor = actor,
          .action = std::string(action),
          .channel = channel.id,
          .channel_name = channel.name,
          .target = "channel:" + channel.name};
}

}  // namespace sluice::store
