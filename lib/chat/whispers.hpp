#pragma once
// Whispers: what one user says to another, in no room. They go to the connections that the other has on this
// node just then; they are not kept.
#include <chrono>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "chat/irc_lines.hpp"
#include "chat/rate_limit.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

struct Whisper {
  std::string id;
  Wall at;
  User from, to;
  std::string text;  // as a message's
  std::vector<EmoteUse> emotes;
};

// WHISPER; `badges` are its author's that are of no room.
void write_whisper(std::string& out, const IrcStyle& style, const Whisper& whisper,
                   std::span<const Badge> badges);
void write_whisper_object(std::string& out, const Whisper& whisper);  // sluice-chat(5)

// How much a user may whisper; as Twitch has it.
class WhisperLimits {
 public:
  static constexpr Window::Size per_second{3, milliseconds(1'000)};
  static constexpr Window::Size per_minute{100, milliseconds(60'000)};
  static constexpr std::size_t people_a_day = 40;
  static constexpr std::chrono::hours day{24};

  enum class Verdict { good, too_many_a_second, too_many_a_minute, too_many_people };
  Verdict ask(UserId from, Steady now);               // before it is known whether there is such a user
  Verdict reach(UserId from, UserId to, Steady now);  // who is there
  void forget_idle(Steady now);                       // now and then
  std::size_t users() const { return people_.size(); }

 private:
  struct People {
    Steady since;  // the first of them
    std::unordered_set<UserId> whom;
  };
  Windows<UserId> seconds_, minutes_;
  std::unordered_map<UserId, People> people_;
};

}  // namespace sluice::chat
