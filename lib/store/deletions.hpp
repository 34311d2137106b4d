#pragma once
// Deleting messages and clearing rooms. What was said is the chat log's to keep or lose; here is that
// somebody took it off the screens, and the event by which every chat node does so.
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/audit.hpp"

namespace sluice::store {

class Deletions {
 public:
  virtual ~Deletions() = default;
  // Returns the audit entry: message.delete of target "message:ID", or chat.clear of the channel. Emits
  // channel.chat.message_delete or channel.chat.clear. A second deletion is recorded as the first was.
  // Errc::invalid for an empty id, a reason of more than 500 characters, or a context that is no JSON object;
  // Errc::not_found for the channel or the author. Author 0: who cheered anonymously.
  virtual Result<AuditEntry> delete_message(ChannelId channel, std::string_view message_id, UserId author,
                                            std::string_view reason, const Actor& actor,
                                            std::string_view context = {}) = 0;
  virtual Result<AuditEntry> clear(ChannelId channel, std::string_view reason, const Actor& actor,
                                   std::string_view context = {}) = 0;
};

}  // namespace sluice::store
