#pragma once
// AutomodGate: the message path's question to AutoMod. Broadcaster and moderators are exempt; what is blocked
// is refused and kept for the log, what is held goes into the queue, and what was not judged in time is as
// the room has it.
#include <array>
#include <functional>
#include <optional>

#include "automod_process.hpp"
#include "automod_rooms.hpp"
#include "chat/gate.hpp"
#include "held_queue.hpp"

namespace sluice::chatd {

class AutomodGate final : public chat::Gate {
 public:
  using AtDeadline = platform::AtDeadline;
  // What keeps a line that is blocked: it must not wait for anything, the refusal is told behind it.
  using Keep = std::function<void(const chat::Message&, const chat::AutomodVerdict&)>;
  // All outlive it. `late`: for every room, in place of the room's own setting.
  AutomodGate(AutomodProcess& process, AutomodRooms& rooms, HeldQueue& held, Keep keep_blocked,
              std::optional<AtDeadline> late);
  void change(std::optional<AtDeadline> late) { late_ = late; }

  void ask(const chat::Room& room, const chat::Message& line, Then then) override;

 private:
  void judged(const chat::Message& line, const AutomodRooms::Policy& policy,
              const std::optional<chat::AutomodVerdict>& verdict, Then then);
  prometheus::Counter& count(chat::AutomodVerdict::Kind kind) {
    return *verdicts_[static_cast<std::size_t>(kind)];
  }

  AutomodProcess& process_;
  AutomodRooms& rooms_;
  HeldQueue& held_;
  Keep keep_blocked_;
  std::optional<AtDeadline> late_;
  std::array<prometheus::Counter*, 3> verdicts_;
};

}  // namespace sluice::chatd
