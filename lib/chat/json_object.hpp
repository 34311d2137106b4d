#pragma once
// JSON written as it goes, for what is sent to many: objects whose members come one after another.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "chat/types.hpp"

namespace sluice::chat {

void append_json_string(std::string& out, std::string_view utf8);  // quoted and escaped

// Its closing brace is written when it dies.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonObject() { out_ += '}'; }
  JsonObject(const JsonObject&) = delete;

  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, std::int64_t value);
  JsonObject& boolean(std::string_view name, bool value);
  JsonObject& time(std::string_view name, Wall value);  // ms since 1970
  // The place for a value that the caller writes.
  std::string& member(std::string_view name);

 private:
  std::string& out_;
  bool first_ = true;
};

// What lines have in common (sluice-chat(5)): USER, badges, SETTINGS.
void append_user(std::string& out, const User& user);
void append_badges(std::string& out, std::span<const Badge> badges);
// [[ID,FIRST,LAST],...]
void append_emotes(std::string& out, std::span<const EmoteUse> emotes);
void append_settings(std::string& out, const RoomSettings& settings);

template <class Items, class Write>
void append_array(std::string& out, const Items& items, const Write& write) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    write(item);
  }
  out += ']';
}

}  // namespace sluice::chat
