#include "automod_gate.hpp"

#include <algorithm>

namespace sluice::chatd {

namespace {
using chat::Reason;
using chat::Refusal;
using Kind = chat::AutomodVerdict::Kind;

prometheus::Counter* verdicts(const char* verdict) {
  return &metrics::counter("sluice_chat_automod_verdicts_total", "messages that AutoMod has judged",
                           {{"verdict", verdict}});
}
}  // namespace

AutomodGate::AutomodGate(AutomodProcess& process, AutomodRooms& rooms, HeldQueue& held, Keep keep_blocked,
                         std::optional<AtDeadline> late)
    : process_(process),
      rooms_(rooms),
      held_(held),
      keep_blocked_(std::move(keep_blocked)),
      late_(late),
      verdicts_{verdicts("allow"), verdicts("hold"), verdicts("block")} {}

void AutomodGate::ask(const chat::Room& room, const chat::Message& line, Then then) {
  if (line.roles.moderates()) return then(std::nullopt);
  const Steady asked = system_clock().steady();
  rooms_.with(room.channel().id,
              [this, &line, asked, then = std::move(then)](const AutomodRooms::Policy& policy) {
                // Half of the deadline is AutoMod's, also after a first read that took long.
                const Steady since = std::max(asked, system_clock().steady() - process_.deadline() / 2);
                process_.ask(line, policy.settings.level, policy.words, since,
                             [this, &line, policy, then](const std::optional<chat::AutomodVerdict>& verdict) {
                               judged(line, policy, verdict, then);
                             });
              });
}

void AutomodGate::judged(const chat::Message& line, const AutomodRooms::Policy& policy,
                         const std::optional<chat::AutomodVerdict>& verdict, Then then) {
  if (!verdict) {
    if (late_.value_or(policy.settings.at_deadline) == AtDeadline::allow) return then(std::nullopt);
    return held_.hold(line, {Kind::hold, "deadline", "deadline", policy.settings.level, {}}, std::move(then));
  }
  count(verdict->kind).Increment();
  switch (verdict->kind) {
    case Kind::allow:
      return then(std::nullopt);
    case Kind::block:
      keep_blocked_(line, *verdict);
      return then(Refusal{Reason::rejected});
    case Kind::hold:
      return held_.hold(line, *verdict, std::move(then));
  }
}

}  // namespace sluice::chatd
