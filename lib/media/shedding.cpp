#include "media/shedding.hpp"

#include <algorithm>

namespace sluice::media {

namespace {
constexpr milliseconds catching_up{100};  // more than real time, over the window
}

Shedder::Shedder(std::size_t rungs, ShedPolicy policy) : policy_(policy), rungs_(rungs, Rung{.quiet = policy.quiet}) {}

// Not by how the lag changes: while a backlog is being read, input comes faster than real time, too.
bool Shedder::behind(Steady now, microseconds lag, microseconds output) {
  samples_.push_back({now, output});
  while (samples_.size() > 1 && samples_[1].at + policy_.window <= now) samples_.pop_front();
  if (lag < policy_.lag) return false;
  const Sample& then = samples_.front();
  if (then.at + policy_.window > now) return false;
  const microseconds gained = output - then.output - std::chrono::duration_cast<microseconds>(now - then.at);
  return gained < (lag >= policy_.most_lag ? policy_.window / 4 : catching_up);
}

std::optional<Shedder::Change> Shedder::tick(Steady now, microseconds input, microseconds output) {
  const microseconds lag = std::max(input - output, microseconds(0));
  if (!changed_) changed_ = now;
  behind_ = behind(now, lag, output);
  if (lag > policy_.calm_lag) calm_since_.reset();
  else if (!calm_since_) calm_since_ = now;

  if (behind_) {
    if (now - *changed_ < policy_.settle) return std::nullopt;
    const auto dearest = std::ranges::find(rungs_, false, &Rung::shed);
    if (dearest == rungs_.end()) return std::nullopt;
    dearest->shed = true;
    if (dearest->returned && now - *dearest->returned < policy_.relapse) {
      dearest->quiet = std::min(dearest->quiet * 2, policy_.most_quiet);
    } else {
      dearest->quiet = policy_.quiet;
    }
    changed_ = now;
    return Change{static_cast<std::size_t>(dearest - rungs_.begin()), true};
  }

  // The cheapest of those that were shed returns first.
  const auto cheapest = std::find_if(rungs_.rbegin(), rungs_.rend(), [](const Rung& rung) { return rung.shed; });
  if (cheapest == rungs_.rend() || !calm_since_) return std::nullopt;
  if (now - std::max(*calm_since_, *changed_) < cheapest->quiet) return std::nullopt;
  cheapest->shed = false;
  cheapest->returned = now;
  changed_ = now;
  return Change{static_cast<std::size_t>(rungs_.rend() - cheapest) - 1, false};
}

bool Shedder::exhausted() const { return behind_ && std::ranges::all_of(rungs_, &Rung::shed); }

}  // namespace sluice::media
