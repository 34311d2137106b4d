#pragma once
// What chatd says to automod, and what it is answered: a JSON object a line (sluice-automod(5)).
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "chat/held.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

// As automod knows them: "broadcaster", "moderator", "vip", "subscriber".
std::vector<std::string_view> role_names(const Roles& roles);

// All lines have their newline. `words` is the name of a definition, or empty.
std::string question_line(std::uint64_t id, const Message& message, int level, std::string_view words);

struct RoomWord {
  std::string text;
  bool pattern = false;
  std::string action;     // "block", "hold", "allow"
  std::int64_t list = 0;  // the shared list it is of; 0: the channel's own
};
// As many lines as it takes, at least one, which with_id() completes.
std::vector<std::string> definition_lines(std::string_view name, std::span<const RoomWord> words);
std::string with_id(std::uint64_t id, std::string_view definition_line);

struct AutomodVerdict {
  enum class Kind { allow, hold, block };
  Kind kind = Kind::allow;
  std::string category, reason;
  int level = 0;
  std::vector<Boundary> where;
  double score = 0;  // the classifier's, 0–1
};
bool by_own_words(const AutomodVerdict& verdict);  // the room's: what EventSub calls a blocked term
struct AutomodDefined {
  std::string name, why;
  std::uint64_t entries = 0, refused = 0;
};
struct AutomodAnswer {
  std::uint64_t id = 0;
  std::variant<AutomodVerdict, AutomodDefined, std::string> what;  // a string: the error
};
// Errc::invalid: it is no answer, or answers nothing that was asked. Any bytes.
Result<AutomodAnswer> read_automod_line(std::string_view line);

}  // namespace sluice::chat
