// audit explain: an entry in words, with what stood around it.
#include <fmt/format.h>

#include "act_words.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "case_file.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "platform/room_keys.hpp"
#include "surroundings.hpp"

namespace sluice::modctl {

namespace {
std::string who(const store::Actor& actor) {
  const std::string user =
      actor.user == UserId() ? "no user of the platform" : fmt::format("user {}", actor.user.value());
  return fmt::format("by {} ({}), from {}", actor.name, user, actor.address);
}

std::string settings_line(const CaseFile& file) {
  std::vector<platform::RoomKey> keys = platform::room_keys(*file.modes, *file.automod);
  keys.push_back(platform::evasion_key(*file.evasion));
  std::string line;
  for (const platform::RoomKey& each : keys)
    line += fmt::format("{}{}={}", line.empty() ? "" : " ", each.key, each.value);
  return line;
}

std::string verdict_line(const store::HeldMessage& held) {
  std::string line = fmt::format("message {} of {} was held at {} for {}", held.id, held.user_name,
                                 format_rfc3339(held.held_at), held.reason);
  if (!held.category.empty()) line += fmt::format(": {}, level {}", held.category, held.level);
  if (held.state == store::HeldState::held) return line + "; it still waits";
  line += fmt::format("; {}", store::name(held.state));
  if (!held.decided_by.name.empty()) line += " by " + held.decided_by.name;
  return held.decided_at ? line + " at " + format_rfc3339(*held.decided_at) : line;
}

std::string verdict_line(const chatlog::Blocked& blocked) {
  const chat::AutomodVerdict& verdict = blocked.verdict;
  const bool term = chat::by_own_words(verdict);
  std::string line = fmt::format("message {} of {} was blocked at {} for {}", blocked.message.id,
                                 blocked.message.author.login, format_rfc3339(blocked.message.at),
                                 term ? "blocked_term" : "automod");
  if (!term) line += fmt::format(": {}, level {}", verdict.category, verdict.level);
  if (!verdict.reason.empty()) line += fmt::format(" ({})", legible(verdict.reason));
  return line;
}

// What was kept with the entry is proof: it cannot be changed unseen.
void print_kept(const Json& context) {
  for (const auto& [name, value] : context.items()) {
    if (name == "settings") continue;
    if (name != "messages" || !value.is_array()) {
      print_line(fmt::format(
          "{}: {}", name,
          legible(value.is_string() ? value.get<std::string>()
                                    : value.dump(-1, ' ', false, Json::error_handler_t::replace))));
      continue;
    }
    print_line(fmt::format("\nmessages kept with the entry: {}", value.size()));
    std::vector<std::vector<std::string>> rows;
    for (const Json& message : value) {
      if (!message.is_object()) continue;
      const auto text = [&](const char* member) {
        const auto found = message.find(member);
        return found != message.end() && found->is_string() ? legible(found->get<std::string>()) : "";
      };
      const auto at = message.find("at");
      const bool known = at != message.end() && at->is_number_integer();
      rows.push_back({"  " + (known ? format_rfc3339(Wall(milliseconds(at->get<std::int64_t>()))) : ""),
                      text("login"), text("id"), text("text")});
    }
    if (!rows.empty()) print_table(rows);
  }
}

void print_around(const CaseFile& file) {
  if (file.around.empty()) return;
  print_line("\nsaid in the channel around it, from the chat log");
  std::vector<std::vector<std::string>> rows;
  bool later = false;
  for (const chatlog::Said& said : file.around) {
    const bool marks = !later && said.message.at > file.entry.at;
    if (marks) rows.push_back({"  " + format_rfc3339(file.entry.at), "--", "the act", "--"});
    later = later || marks;
    rows.push_back({"  " + format_rfc3339(said.message.at), said.message.author.login, said.message.id,
                    (said.taken_off_at ? "(taken off) " : "") + legible(said.message.text)});
  }
  print_table(rows);
}

void print_earlier(const CaseFile& file) {
  if (file.earlier.empty()) return;
  print_line(fmt::format("\nearlier about {} in {}", file.whom, file.entry.channel_name));
  std::vector<std::vector<std::string>> rows;
  for (const store::AuditEntry& entry : file.earlier)
    rows.push_back({"  " + std::to_string(entry.id), format_rfc3339(entry.at), act_in_words(entry, file.whom),
                    legible(entry.reason)});
  print_table(rows);
}

void print_words(const CaseFile& file) {
  const store::AuditEntry& entry = file.entry;
  print_line(fmt::format("entry {}, {}", entry.id, format_rfc3339(entry.at)));
  print_line(act_in_words(entry, file.whom));
  print_line(who(entry.actor));
  print_line("why: " + (entry.reason.empty() ? "no reason given" : legible(entry.reason)));
  if (entry.expires_at) print_line("until: " + format_rfc3339(*entry.expires_at));
  if (file.modes) print_line("settings then: " + settings_line(file));
  if (file.message)
    print_line(fmt::format("the message, of {}: {}", format_rfc3339(file.message->message.at),
                           legible(file.message->message.text)));
  for (const store::HeldMessage& held : file.verdicts) {
    print_line("AutoMod: " + verdict_line(held));
    print_line("  " + legible(held.text));
  }
  for (const chatlog::Blocked& blocked : file.blocked) {
    print_line("AutoMod: " + legible(verdict_line(blocked)));
    print_line("  " + legible(blocked.message.text));
  }
  if (file.context.is_object()) print_kept(file.context);
  print_around(file);
  print_earlier(file);
}

Json in_json(const chatlog::Said& said) {
  return {{"id", said.message.id},
          {"at", format_rfc3339(said.message.at)},
          {"user", said.message.author.login},
          {"text", said.message.text},
          {"taken_off_at", time_or_null(said.taken_off_at)}};
}

Json in_json(const chatlog::Blocked& blocked) {
  Json line = json_of(blocked.verdict);
  line["id"] = blocked.message.id;
  line["at"] = format_rfc3339(blocked.message.at);
  line["user"] = blocked.message.author.login;
  line["text"] = blocked.message.text;
  return line;
}

Json in_json(const CaseFile& file) {
  Json object{{"entry", json_of(file.entry)}, {"words", act_in_words(file.entry, file.whom)}};
  object["settings"] = file.modes ? json_of(*file.modes) : Json();
  if (file.automod) {
    object["settings"]["automod_level"] = file.automod->level;
    object["settings"]["automod_at_deadline"] = platform::name(file.automod->at_deadline);
    object["settings"]["ban_evasion"] = platform::name(file.evasion->action);
  }
  object["verdicts"] = Json::array();
  for (const store::HeldMessage& held : file.verdicts) object["verdicts"].push_back(json_of(held));
  object["blocked"] = Json::array();
  for (const chatlog::Blocked& blocked : file.blocked) object["blocked"].push_back(in_json(blocked));
  object["message"] = file.message ? in_json(*file.message) : Json();
  object["around"] = Json::array();
  for (const chatlog::Said& said : file.around) object["around"].push_back(in_json(said));
  object["earlier"] = Json::array();
  for (const store::AuditEntry& entry : file.earlier) object["earlier"].push_back(json_of(entry));
  return object;
}
}  // namespace

Result<int> audit_explain(const app::Settings& settings, Platform& platform) {
  const std::string typed = settings.positional("ID");
  const auto id = parse_number<std::int64_t>(typed);
  if (!id || *id < 1)
    return fail(Errc::usage, fmt::format("\"{}\" is no number of an audit entry", typed),
                "modctl audit list shows them");
  auto file = read_case_file(platform, *id, static_cast<std::size_t>(settings.integer("around")));
  if (!file && file.error().code == Errc::not_found && file.error().hint.empty())
    file.error().hint = "modctl audit list shows those there are";
  if (!file) return std::unexpected(std::move(file).error());
  settings.flag("json") ? print_json(in_json(*file)) : print_words(*file);
  return 0;
}

}  // namespace sluice::modctl
