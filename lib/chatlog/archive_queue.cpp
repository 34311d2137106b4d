#include "chatlog/archive_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::chatlog {

namespace {
constexpr seconds pause_after_failure{2};
}

ArchiveQueue::State ArchiveQueue::run(Work work) {
  if (auto* blocked = std::get_if<BlockedLines>(&work)) {
    take_blocked(std::move(*blocked));
    return carry_on();
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
  return carry_on();
}

ArchiveQueue::State ArchiveQueue::carry_on() {
  if (!state_.error.empty() && again_at_ > clock_.steady()) return state_;
  if (write_waiting()) write_blocked(false);
  return state_;
}

ArchiveQueue::State ArchiveQueue::run_now() {
  if (write_waiting()) write_blocked(true);
  return state_;
}

// False: something is still waiting.
bool ArchiveQueue::write_waiting() {
  while (!waiting_.empty()) {
    if (const auto done = carry_out(waiting_.front()); !done) {
      state_.error = done.error().what;
      again_at_ = clock_.steady() + pause_after_failure;
      return false;
    }
    if (const auto* messages = std::get_if<Messages>(&waiting_.front())) state_.waiting -= messages->size();
    waiting_.pop_front();
  }
  state_.error.clear();
  return true;
}

void ArchiveQueue::write_blocked(bool at_once) {
  if (blocked_.empty()) return;
  if (!at_once && !state_.blocked_error.empty() && blocked_again_at_ > clock_.steady()) return;
  const auto too_many = archive_.append(std::span<const Blocked>(blocked_));
  if (!too_many) {
    state_.blocked_error = too_many.error().what;
    blocked_again_at_ = clock_.steady() + pause_after_failure;
    return;
  }
  state_.blocked_error.clear();
  state_.blocked_lost += *too_many;
  blocked_.clear();
  state_.blocked_waiting = 0;
}

void ArchiveQueue::take_blocked(BlockedLines lines) {
  blocked_.insert(blocked_.end(), std::make_move_iterator(lines.begin()),
                  std::make_move_iterator(lines.end()));
  const std::size_t many = blocked_.size() - std::min(blocked_.size(), most_ / 2);
  blocked_.erase(blocked_.begin(), blocked_.begin() + static_cast<std::ptrdiff_t>(many));
  state_.blocked_lost += many;
  state_.blocked_waiting = blocked_.size();
}

Result<> ArchiveQueue::carry_out(const Work& work) {
  if (const auto* messages = std::get_if<Messages>(&work)) return archive_.append(*messages);
  if (const auto* taken = std::get_if<TakenOff>(&work)) return archive_.take_off(*taken);
  return archive_.set_cursor(std::get<Cursor>(work).value);
}

Result<RoomPast> ArchiveQueue::past(ChannelId channel) {
  auto past = read_past(archive_, channel, clock_.wall());
  if (!past) return past;
  for (const Work& work : waiting_) {
    const auto* taken = std::get_if<TakenOff>(&work);
    if (taken == nullptr || taken->channel != channel) continue;
    for (Kept& kept : past->messages) kept.taken_off = kept.taken_off || covers(*taken, *kept.message);
  }
  return past;
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
