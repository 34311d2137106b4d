#include <nlohmann/json.hpp>

#include "platform/bits.hpp"
#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_engine.hpp"

namespace sluice::store {

namespace {
// As chat shows them, and audit and events are not to say more.
User anonymous_cheerer() {
  User user;
  user.name = platform::anonymous_cheerer_login;
  user.display_name = platform::anonymous_cheerer_name;
  return user;
}
}  // namespace

Result<AuditEntry> SqliteDeletions::delete_message(ChannelId channel_id, std::string_view message_id,
                                                   UserId author_id, std::string_view typed_reason,
                                                   const Actor& actor, std::string_view context) {
  if (message_id.empty()) return fail(Errc::invalid, "a message has an id");
  SLUICE_TRY_VALUE(std::string reason, platform::reason(typed_reason));
  return core_.write([&](Change& change) -> Result<AuditEntry> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    User author = anonymous_cheerer();
    if (author_id != UserId()) {
      SLUICE_TRY_VALUE(author, user_by_id(change.db, author_id));
    }
    AuditEntry entry = act_on(channel, author, actor, "message.delete", reason);
    entry.target = "message:" + std::string(message_id);
    entry.context = context;
    SLUICE_TRY_VALUE(entry, append_audit(change, std::move(entry)));
    SLUICE_TRY_VALUE(User by, acting_user(change.db, actor));
    nlohmann::json payload = act_payload(channel, by);
    put_user(payload, "target_", author);
    payload["message_id"] = message_id;
    SLUICE_TRY(change.emit("channel.chat.message_delete", channel_id, payload));
    return entry;
  });
}

Result<AuditEntry> SqliteDeletions::clear(ChannelId channel_id, std::string_view typed_reason,
                                          const Actor& actor, std::string_view context) {
  SLUICE_TRY_VALUE(std::string reason, platform::reason(typed_reason));
  return core_.write([&](Change& change) -> Result<AuditEntry> {
    SLUICE_TRY_VALUE(Channel channel, channel_by_id(change.db, channel_id));
    AuditEntry entry = act_in(channel, actor, "chat.clear");
    entry.reason = reason;
    entry.context = context;
    SLUICE_TRY_VALUE(entry, append_audit(change, std::move(entry)));
    SLUICE_TRY_VALUE(User by, acting_user(change.db, actor));
    SLUICE_TRY(change.emit("channel.chat.clear", channel_id, act_payload(channel, by)));
    return entry;
  });
}

}  // namespace sluice::store
