#include "chatlog/archive_queue.hpp"

#include <algorithm>
#include <utility>

namespace sluice::chatlog {

namespace {
constexpr seconds pause_after_failure{2};
}

ArchiveQueue::State ArchiveQueue::run(Work work) {
  if (const auto* blocked = std::get_if<BlockedLines>(&work)) {
    take_blocked(*blocked);
    return state_.error.empty() || again_at_ <= clock_.steady() ? run_now() : state_;
  }
  auto* fresh = std::get_if<Messages>(&work);
  auto* last = waiting_.empty() ? nullptr : std::get_if<Messages>(&waiting_.back());
  if (fresh != nullptr) state_.waiting += fresh->size();
  if (fresh != nullptr && last != nullptr) {  // one transaction for all that was said meanwhile
    last->insert(last->end(), fresh->begin(), fresh->end());
  } else {
    waiting_.push_back(std::move(work));
  }
  drop_oldest();
  return state_.error.empty() || again_at_ <= clock_.steady() ? run_now() : state_;
}

ArchiveQueue::State ArchiveQueue::run_now() {
  while (!waiting_.empty()) {
    if (const auto done = carry_out(waiting_.front()); !done) {
      state_.error = done.error().what;
      again_at_ = clock_.steady() + pause_after_failure;
      return state_;
    }
    if (const auto* messages = std::get_if<Messages>(&waiting_.front())) state_.waiting -= messages->size();
    waiting_.pop_front();
  }
  if (const auto written = write_blocked(); !written) {
    state_.error = written.error().what;
    again_at_ = clock_.steady() + pause_after_failure;
    return state_;
  }
  state_.error.clear();
  return state_;
}

Result<> ArchiveQueue::write_blocked() {
  if (blocked_.empty()) return {};
  SLUICE_TRY_VALUE(const std::size_t too_many, archive_.append(std::span<const Blocked>(blocked_)));
  state_.blocked_lost += too_many;
  blocked_.clear();
  return {};
}

void ArchiveQueue::take_blocked(const BlockedLines& lines) {
  blocked_.insert(blocked_.end(), lines.begin(), lines.end());
  if (blocked_.size() <= most_ / 2) return;
  const std::size_t many = blocked_.size() - most_ / 2;
  blocked_.erase(blocked_.begin(), blocked_.begin() + static_cast<std::ptrdiff_t>(many));
  state_.blocked_lost += many;
}

Result<> ArchiveQueue::carry_out(const Work& work) {
  if (const auto* messages = std::get_if<Messages>(&work)) return archive_.append(*messages);
  if (const auto* taken = std::get_if<TakenOff>(&work)) return archive_.take_off(*taken);
  return archive_.set_cursor(std::get<Cursor>(work).value);
}

void ArchiveQueue::drop_oldest() {
  for (auto work = waiting_.begin(); work != waiting_.end() && state_.waiting > most_; ++work) {
    auto* messages = std::get_if<Messages>(&*work);
    if (messages == nullptr) continue;
    const std::size_t count = std::min(messages->size(), state_.waiting - most_);
    messages->erase(messages->begin(), messages->begin() + static_cast<std::ptrdiff_t>(count));
    state_.waiting -= count;
    state_.lost += count;
  }
}

}  // namespace sluice::chatlog
