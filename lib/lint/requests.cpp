#include "lint/requests.hpp"

#include <algorithm>

namespace sluice::lint {

void Requests::ask(std::string url, milliseconds patience, Then then, std::size_t most) {
  waiting_[next_id_] = std::move(then);
  unsent_.push_back({next_id_++, std::move(url), patience, most});
}

void Requests::at(Steady when, std::function<void()> task) { tasks_.emplace(when, std::move(task)); }

std::vector<Ask> Requests::take(Steady now) {
  now_ = std::max(now_, now);
  while (!tasks_.empty() && tasks_.begin()->first <= now_) {
    const auto task = std::move(tasks_.begin()->second);
    tasks_.erase(tasks_.begin());
    task();
  }
  return std::exchange(unsent_, {});
}

void Requests::answer(const Reply& reply) {
  now_ = std::max(now_, reply.done);
  const auto at = waiting_.find(reply.id);
  if (at == waiting_.end()) return;
  const Then then = std::move(at->second);
  waiting_.erase(at);
  then(reply);
}

std::optional<Steady> Requests::wake() const {
  if (!unsent_.empty()) return now_;
  return tasks_.empty() ? std::nullopt : std::optional(tasks_.begin()->first);
}

}  // namespace sluice::lint
