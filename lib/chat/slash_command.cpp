#include "chat/slash_command.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.hpp"
#include "chat/absent_commands.hpp"
#include "chat/command_rules.hpp"

namespace sluice::chat {

namespace {
// The next word; `rest` loses it and the space behind it.
std::string_view take_word(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  return word;
}

// "Alice", "@alice", "#alice" → "alice"
std::string login_of(std::string_view word) {
  if (word.starts_with('@') || word.starts_with('#')) word.remove_prefix(1);
  return ascii_lower(word);
}

struct Unit {
  std::string_view name;
  std::int64_t seconds;
};
constexpr std::array units{Unit{"month", 30 * 86400}, Unit{"week", 7 * 86400}, Unit{"day", 86400},
                           Unit{"hour", 3600},        Unit{"minute", 60},      Unit{"second", 1}};

// "m" is a minute, "mo" a month; otherwise the beginning of the name will do, and an s behind it.
const Unit* find_unit(std::string_view text) {
  if (text == "ms") return nullptr;  // milliseconds, not minutes
  if (text.size() > 1 && text.ends_with('s')) text.remove_suffix(1);
  if (text == "m") text = "minute";
  const auto unit = std::ranges::find_if(units, [&](const Unit& u) { return u.name.starts_with(text); });
  return text.empty() || unit == units.end() ? nullptr : &*unit;
}

bool digit_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

// Of a word by itself that may as well begin a reason: a letter, or so much of a name that it is one.
bool unit_alone(std::string_view word) {
  return word.size() != 2 && find_unit(word) != nullptr;
}

// The words that are a span: the first, and those that go on with one that has units.
std::string_view take_span(std::string_view& rest) {
  const std::string_view whole = rest;
  std::string_view last = take_word(rest);
  for (;;) {
    if (last.find_first_not_of("0123456789") == std::string_view::npos) {
      std::string_view behind = rest;
      if (!unit_alone(take_word(behind))) break;
      rest = behind;
    }
    std::string_view behind = rest, next = take_word(behind);
    std::string_view after = behind;
    const bool goes_on = digit_at(next, 0) && (next.find_first_not_of("0123456789") == std::string_view::npos
                                                   ? unit_alone(take_word(after))
                                                   : parse_span(next).has_value());
    if (!goes_on) break;
    last = next;
    rest = behind;
  }
  std::string_view taken = whole.substr(0, whole.size() - rest.size());
  while (taken.ends_with(' ')) taken.remove_suffix(1);
  return taken;
}

class Reader {
 public:
  Reader(const CommandRule& rule, std::string_view word, std::string_view rest)
      : word_(ascii_lower(word)), rest_(rest) {
    command_.rule = &rule;
  }

  std::expected<SlashCommand, CommandProblem> read() {
    switch (command_.rule->act) {
      case Act::ban:
      case Act::unban:
      case Act::mod:
      case Act::unmod:
      case Act::vip:
      case Act::unvip:
      case Act::clear_suspect:
      case Act::list_notes:
        return take_user() ? take_text() : wrong();
      case Act::timeout:
        return take_user() ? take_timeout() : wrong();
      case Act::slow:
        return take_mode_time(seconds(1), slow_shortest, slow_longest, slow_default);
      case Act::followers_only:
        return take_mode_time(seconds(60), seconds(0), followers_longest, seconds(0));
      case Act::announce:
        command_.color = announcement_color(word_);
        return rest_.empty() ? wrong() : take_text();
      case Act::color:
        return rest_.empty() || rest_.find(' ') != std::string_view::npos ? wrong() : take_text();
      case Act::whisper:
      case Act::note:
        return take_user() && !rest_.empty() ? take_text() : wrong();
      case Act::remove_message:
      case Act::allow:
      case Act::deny:
        command_.message = take_word(rest_);
        return command_.message.empty() ? wrong() : take_text();
      case Act::remove_note:
        return take_number(1, std::numeric_limits<std::int64_t>::max());
      case Act::automod_level:
        return rest_.empty() ? done() : take_number(0, 4);
      case Act::automod_late:
      case Act::ban_evasion:
        return take_choice();
      case Act::terms:
        return take_terms();
      case Act::word_lists:
        return take_word_lists();
      default:
        return take_text();  // whatever stands behind a command that takes nothing is overlooked
    }
  }

 private:
  using Answer = std::expected<SlashCommand, CommandProblem>;
  bool take_user() {
    command_.user = login_of(take_word(rest_));
    return !command_.user.empty();
  }
  Answer take_text() {
    command_.text = rest_;
    return std::move(command_);
  }
  Answer done() { return std::move(command_); }

  // "/timeout alice 10m reason", "/timeout alice 2 weeks 1 day reason", and "/timeout alice reason", where
  // the reason begins with no number.
  Answer take_timeout() {
    const bool number = digit_at(rest_, rest_.starts_with('-') ? 1 : 0);
    const auto span = number ? parse_span(take_span(rest_)) : std::optional(timeout_default);
    if (!span || *span < seconds(1) || *span > timeout_longest)
      return std::unexpected(CommandProblem{
          "bad_timeout_duration", "You cannot time a user out for less than 1 second or more than " +
                                      span_text(timeout_longest) + "."});
    command_.duration = span;
    return take_text();
  }

  Answer take_number(std::int64_t least, std::int64_t most) {
    command_.number = parse_number<std::int64_t>(rest_);
    return command_.number && *command_.number >= least && *command_.number <= most ? done() : wrong();
  }

  // One of the words that its usage lists: "<hold|allow>".
  Answer take_choice() {
    command_.verb = ascii_lower(rest_);
    const std::string_view usage = command_.rule->usage;
    const auto choices = split(usage.substr(1, usage.size() - 2), '|');
    return std::ranges::find(choices, command_.verb) != choices.end() ? done() : wrong();
  }

  Answer take_terms() {
    command_.verb = ascii_lower(take_word(rest_));
    if (command_.verb.empty()) command_.verb = "list";
    if (command_.verb == "list") return take_text();
    for (const std::string_view verb : {"add", "hold", "allow", "remove"})
      if (verb == command_.verb) return rest_.empty() ? wrong() : take_text();
    return wrong();
  }

  Answer take_word_lists() {
    command_.verb = ascii_lower(take_word(rest_));
    if (command_.verb.empty()) command_.verb = "list";
    if (command_.verb == "list") return take_text();
    command_.list = ascii_lower(take_word(rest_));
    if (command_.list.empty()) return wrong();
    for (const std::string_view verb : {"show", "subscribe", "unsubscribe", "add", "remove"})
      if (verb == command_.verb) return rest_.empty() ? done() : wrong();
    if (command_.verb != "put" && command_.verb != "drop") return wrong();
    return rest_.empty() ? wrong() : take_text();
  }

  Answer take_mode_time(seconds unit, seconds least, seconds most, seconds otherwise) {
    if (!command_.rule->on) return done();
    const auto span = rest_.empty() ? std::optional(otherwise) : parse_span(rest_, unit);
    if (!span || *span < least || *span > most) return wrong();
    command_.duration = span;
    return done();
  }

  Answer wrong() const {
    const CommandRule& rule = *command_.rule;
    return std::unexpected(CommandProblem{
        std::string(rule.usage_id), "Usage: /" + word_ + (rule.usage.empty() ? "" : " ") +
                                        std::string(rule.usage) + " - " + std::string(rule.help) + "."});
  }

  SlashCommand command_;
  std::string word_;
  std::string_view rest_;
};
}  // namespace

std::expected<SlashCommand, CommandProblem> parse_command(std::string_view line) {
  const std::string_view word = take_word(line);
  const CommandRule* rule = find_command(word);
  if (rule == nullptr) {
    if (const AbsentCommand* absent = find_absent_command(ascii_lower(word)))
      return std::unexpected(CommandProblem{std::string(absent->notice_id), std::string(absent->text),
                                            CommandProblem::Kind::absent});
    return std::unexpected(CommandProblem{"unrecognized_cmd", "Unrecognized command: /" + std::string(word),
                                          CommandProblem::Kind::unknown});
  }
  return Reader(*rule, word, line).read();
}

std::optional<seconds> parse_span(std::string_view text, seconds unit) {
  constexpr std::int64_t longest = 10LL * 366 * 86400;
  std::int64_t sum = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_number<std::int64_t>(text.substr(0, digits));
    if (!number || *number > longest) return std::nullopt;
    text.remove_prefix(digits);
    if (text.starts_with(' ')) text.remove_prefix(1);
    const std::size_t letters = std::min(text.find_first_of(" 0123456789"), text.size());
    const Unit* named = letters == 0 ? nullptr : find_unit(text.substr(0, letters));
    if (letters > 0 && named == nullptr) return std::nullopt;
    text.remove_prefix(letters);
    if (text.starts_with(' ')) text.remove_prefix(1);
    sum += *number * (named ? named->seconds : unit.count());
    if (sum > longest) return std::nullopt;
  }
  return seconds(sum);
}

std::string span_text(seconds span) {
  std::string text;
  int told = 0;
  std::int64_t left = span.count();
  for (const Unit& unit : units) {
    if (unit.name == "month") continue;  // of no fixed length
    const std::int64_t count = left / unit.seconds;
    left %= unit.seconds;
    if (count == 0 && !(unit.seconds == 1 && text.empty())) {
      if (told > 0) break;
      continue;
    }
    if (!text.empty()) text += ' ';
    text.append(std::to_string(count)).append(" ").append(unit.name).append(count == 1 ? "" : "s");
    if (++told == 2) break;
  }
  return text;
}

}  // namespace sluice::chat
