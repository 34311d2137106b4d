#include "origin/waiting_room.hpp"

#include <utility>

namespace sluice::origin {

void WaitingRoom::enter(const std::string& rendition, Attempt attempt, Answer answer, Steady now) {
  queues_[rendition].push_back({std::move(attempt), std::move(answer), now});
  ++size_;
}

std::size_t WaitingRoom::try_all(std::deque<Waiter>& queue, Steady now,
                                 std::optional<std::chrono::milliseconds> at_least) {
  // An answer may bring the next request of the same connection in: it joins the queue that is being rebuilt.
  std::deque<Waiter> waiting = std::exchange(queue, {});
  std::deque<Waiter> kept;
  std::size_t answered = 0;
  for (Waiter& waiter : waiting) {
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - waiter.since);
    std::optional<http::Response> response;
    if (!at_least || waited >= *at_least) response = waiter.attempt(waited);
    if (!response) {
      kept.push_back(std::move(waiter));
      continue;
    }
    --size_;
    ++answered;
    waiter.answer(*std::move(response));
  }
  for (Waiter& late : queue) kept.push_back(std::move(late));
  queue = std::move(kept);
  return answered;
}

std::size_t WaitingRoom::wake(std::string_view rendition, Steady now) {
  std::size_t answered = 0;
  for (const std::string& name : {std::string(rendition), std::string()}) {
    if (const auto queue = queues_.find(name); queue != queues_.end()) {
      answered += try_all(queue->second, now, std::nullopt);
    }
    if (rendition.empty()) break;
  }
  return answered;
}

std::size_t WaitingRoom::expire(Steady now, std::chrono::milliseconds longest) {
  std::size_t answered = 0;
  for (auto& [name, queue] : queues_) {
    if (!queue.empty() && now - queue.front().since >= longest) answered += try_all(queue, now, longest);
  }
  return answered;
}

void WaitingRoom::dismiss(const http::Response& response) {
  auto queues = std::exchange(queues_, {});
  size_ = 0;
  for (auto& [name, queue] : queues) {
    for (Waiter& waiter : queue) waiter.answer(response);
  }
}

}  // namespace sluice::origin
