#pragma once
// All that is known around an entry of the audit log.
#include <optional>
#include <string>
#include <vector>

#include "app/print.hpp"
#include "base/result.hpp"
#include "platform.hpp"

namespace sluice::modctl {

struct CaseFile {
  store::AuditEntry entry;
  std::string whom;                             // name of the target user, or empty
  app::Json context;                            // what was kept with it; null for nothing
  std::optional<platform::RoomSettings> modes;  // of the channel just before it
  std::optional<platform::AutomodSettings> automod;
  std::optional<platform::EvasionSettings> evasion;
  // AutoMod's, on the message or on what the user had said shortly before.
  std::vector<store::HeldMessage> verdicts;
  // Of the user in the channel, ten minutes before and after, where the chat log has them; oldest first.
  std::vector<chatlog::Blocked> blocked;
  std::optional<chatlog::Said> message;    // that the act was upon, where the chat log has it
  std::vector<chatlog::Said> around;       // said in the channel before and after; oldest first
  std::vector<store::AuditEntry> earlier;  // upon the same user in the same channel; oldest first
};

// Errc::not_found for an unknown id. `messages`: how many before and how many after.
Result<CaseFile> read_case_file(Platform& platform, std::int64_t id, std::size_t messages);

}  // namespace sluice::modctl
