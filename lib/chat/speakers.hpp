#pragma once
// Speakers: who ever spoke in a room, and which of them are new and come back (sluice-chat(5), returning).
#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "base/clock.hpp"
#include "chat/types.hpp"

namespace sluice::chat {

inline constexpr std::chrono::days new_for{30};         // since the first message
inline constexpr std::chrono::hours between_visits{8};  // in which one said nothing

struct Speaker {
  Wall first{}, last{};   // message; of long ago: as if there never had been a time
  bool returned = false;  // has spoken in a second visit, while new
};

class Speakers {
 public:
  struct Said {
    bool first = false, returning = false;
  };
  Said said(UserId user, Wall at) {
    const auto [place, first] = speakers_.try_emplace(user, at, at);
    Speaker& speaker = place->second;
    const bool is_new = at - speaker.first < new_for;
    if (is_new && at - speaker.last >= between_visits) speaker.returned = true;
    if (at > speaker.last) speaker.last = at;
    return {first, is_new && speaker.returned};
  }
  // What somebody else knows of the user, beside what is known here.
  void restore(UserId user, const Speaker& speaker) {
    const auto [place, fresh] = speakers_.try_emplace(user, speaker);
    if (fresh) return;
    Speaker& known = place->second;
    known.first = std::min(known.first, speaker.first);
    known.last = std::max(known.last, speaker.last);
    known.returned = known.returned || speaker.returned;
  }

 private:
  std::unordered_map<UserId, Speaker> speakers_;
};

}  // namespace sluice::chat
