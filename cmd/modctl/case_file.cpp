#include "case_file.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace sluice::modctl {

namespace {
constexpr std::chrono::minutes shortly{10};  // a message waits no longer for a moderator
constexpr std::size_t most_earlier = 5;

// What later changes replaced, taken back, newest first: `undo` is given each one's "before".
template <class Undo>
Result<> undo_since(store::Audit& audit, const store::AuditEntry& entry, const char* action,
                    const Undo& undo) {
  const store::AuditFilter changes{.channel = entry.channel, .action = action};
  for (std::int64_t last = 0;;) {
    SLUICE_TRY_VALUE(const auto some, audit.find(changes, store::AuditOrder::newest_first, last, page));
    for (const store::AuditEntry& change : some) {
      if (change.id < entry.id) return {};
      const app::Json context = app::Json::parse(change.context, nullptr, false);
      if (context.is_object() && context.contains("before")) undo(context["before"]);
    }
    if (some.size() < page) return {};
    last = some.back().id;
  }
}

// A field of another type is no field that the store wrote.
template <class Value>
void take(const app::Json& before, const char* name, Value& value) try {
  if (const auto found = before.find(name); found != before.end()) value = found->template get<Value>();
} catch (const app::Json::exception&) {
}

// As it was just before the entry.
Result<> read_settings(Platform& platform, CaseFile& file) {
  SLUICE_TRY_VALUE(platform::RoomSettings modes, platform.store->rooms().settings(file.entry.channel));
  SLUICE_TRY_VALUE(platform::AutomodSettings automod, platform.store->rooms().automod(file.entry.channel));
  SLUICE_TRY_VALUE(platform::EvasionSettings evasion, platform.store->rooms().evasion(file.entry.channel));
  store::Audit& audit = platform.store->audit();
  SLUICE_TRY(undo_since(audit, file.entry, "room.settings", [&](const app::Json& before) {
    take(before, "emote_only", modes.emote_only);
    take(before, "followers_only", modes.followers_only);
    take(before, "unique", modes.unique);
    take(before, "slow", modes.slow);
    take(before, "subs_only", modes.subs_only);
  }));
  SLUICE_TRY(undo_since(audit, file.entry, "automod.settings", [&](const app::Json& before) {
    take(before, "level", automod.level);
    std::string at_deadline(platform::name(automod.at_deadline));
    take(before, "at_deadline", at_deadline);
    automod.at_deadline = platform::parse_at_deadline(at_deadline).value_or(automod.at_deadline);
  }));
  SLUICE_TRY(undo_since(audit, file.entry, "evasion.settings", [&](const app::Json& before) {
    std::string action(platform::name(evasion.action));
    take(before, "ban_evasion", action);
    evasion.action = platform::parse_ban_evasion(action).value_or(evasion.action);
  }));
  file.modes = modes;
  file.automod = automod;
  file.evasion = evasion;
  return {};
}

// Of the message that the act was upon; empty for none.
std::string message_id(const store::AuditEntry& entry) {
  constexpr std::string_view message = "message:";
  return entry.target.starts_with(message) ? entry.target.substr(message.size()) : "";
}

Result<> read_verdicts(Platform& platform, CaseFile& file) {
  store::HeldMessages& held = platform.store->held_messages();
  if (const std::string id = message_id(file.entry); !id.empty()) {
    auto found = held.by_id(id);
    if (found)
      file.verdicts.push_back(*std::move(found));
    else if (found.error().code != Errc::not_found)
      return std::unexpected(std::move(found).error());
    return {};
  }
  if (file.entry.target_user == UserId()) return {};
  SLUICE_TRY_VALUE(file.verdicts,
                   held.of_channel(file.entry.channel, file.entry.target_user, file.entry.at - shortly,
                                   file.entry.at + milliseconds(1), 0, page));
  return {};
}

Result<> read_around(Platform& platform, CaseFile& file, std::size_t messages) {
  SLUICE_TRY_VALUE(auto history, open_history(platform));
  if (!history) return {};
  if (const std::string id = message_id(file.entry); !id.empty()) {
    SLUICE_TRY_VALUE(file.message, history->find(file.entry.channel, id));
  }
  if (file.entry.target_user != UserId()) {
    SLUICE_TRY_VALUE(file.blocked, history->blocked({.channel = file.entry.channel,
                                                     .user = file.entry.target_user,
                                                     .from = file.entry.at - shortly,
                                                     .until = file.entry.at + shortly,
                                                     .after = 0},
                                                    page));
  }
  if (messages == 0) return {};
  SLUICE_TRY_VALUE(file.around, history->until(file.entry.channel, file.entry.at, messages));
  SLUICE_TRY_VALUE(auto after, history->after(file.entry.channel, file.entry.at, messages));
  std::ranges::move(after, std::back_inserter(file.around));
  return {};
}

Result<> read_earlier(Platform& platform, CaseFile& file) {
  if (file.entry.target_user == UserId()) return {};
  const store::AuditFilter same{.channel = file.entry.channel, .target_user = file.entry.target_user};
  SLUICE_TRY_VALUE(file.earlier, platform.store->audit().find(same, store::AuditOrder::newest_first,
                                                              file.entry.id, most_earlier));
  std::ranges::reverse(file.earlier);
  return {};
}
}  // namespace

Result<CaseFile> read_case_file(Platform& platform, std::int64_t id, std::size_t messages) {
  CaseFile file;
  SLUICE_TRY_VALUE(file.entry, platform.store->audit().by_id(id));
  file.context = app::Json::parse(file.entry.context, nullptr, false);
  if (!file.context.is_object()) file.context = nullptr;
  if (file.entry.target_user != UserId()) {
    SLUICE_TRY_VALUE(const store::User whom, platform.store->users().by_id(file.entry.target_user));
    file.whom = whom.name;
  }
  if (file.entry.channel == ChannelId()) return file;
  SLUICE_TRY(read_settings(platform, file));
  SLUICE_TRY(read_verdicts(platform, file));
  SLUICE_TRY(read_around(platform, file, messages));
  SLUICE_TRY(read_earlier(platform, file));
  return file;
}

}  // namespace sluice::modctl
