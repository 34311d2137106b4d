#pragma once
// Queue: between two threads of the pipeline. Bounded by what its items weigh, so that the faster side waits.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace sluice::transcode {

template <class Item>
class Queue {
 public:
  explicit Queue(std::size_t capacity) : capacity_(capacity) {}

  // Waits while the queue is full (one item always fits). After close() items are dropped.
  void push(Item item, std::size_t weight = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || items_.empty() || weight_ + weight <= capacity_; });
    if (closed_) return;
    items_.emplace_back(std::move(item), weight);
    weight_ += weight;
    changed_.notify_all();
  }
  // Nothing once the queue is closed and empty.
  std::optional<Item> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    auto [item, weight] = std::move(items_.front());
    items_.pop_front();
    weight_ -= weight;
    changed_.notify_all();
    return std::move(item);
  }
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Item, std::size_t>> items_;
  std::size_t capacity_, weight_ = 0;
  bool closed_ = false;
};

}  // namespace sluice::transcode
