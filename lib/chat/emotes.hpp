#pragma once
// Emotes: which words of a text are emotes, by code point (as the dialect counts).
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/types.hpp"

namespace sluice::chat {

class EmoteSet {
 public:
  void add(std::string code, std::string id) { ids_.insert_or_assign(std::move(code), std::move(id)); }
  bool empty() const { return ids_.empty(); }
  // Whole words between spaces, case-sensitive, in order. `utf8` is valid.
  std::vector<EmoteUse> find(std::string_view utf8) const;

 private:
  std::unordered_map<std::string, std::string> ids_;  // by code
};

// Nothing but emotes and spaces: what emote-only mode lets through.
bool only_emotes(std::string_view utf8, const std::vector<EmoteUse>& uses);

}  // namespace sluice::chat
