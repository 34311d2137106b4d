#include "origin/picture_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "log/log.hpp"
#include "origin/instruments.hpp"

namespace sluice::origin {

PictureQueue::PictureQueue(PictureLimits limits, Clock& clock, Start start)
    : limits_(limits), clock_(clock), start_(std::move(start)) {}

void PictureQueue::ask(PictureJob job, Done done) {
  if (drained_) return done(fail(Errc::unavailable, "the server is going away"));
  if (const auto known = by_key_.find(job.key); known != by_key_.end() && clock_.steady() >= known->second->until) {
    forget(known->second);
  } else if (known != by_key_.end()) {
    kept_.splice(kept_.begin(), kept_, known->second);
    return done(kept_.front().picture);
  }
  if (const auto failed = failures_.find(job.key); failed != failures_.end()) {
    if (clock_.steady() < failed->second.until) return done(std::unexpected(failed->second.error));
    failures_.erase(failed);
  }
  const auto join = [&](Order& order) {
    if (order.askers.size() >= limits_.askers) return done(fail(Errc::unavailable, "too many ask for this picture"));
    order.askers.push_back(std::move(done));
  };
  if (const auto same = running_.find(job.key); same != running_.end()) return join(same->second);
  const auto same = std::ranges::find(waiting_, job.key, [](const Order& order) -> const std::string& { return order.job.key; });
  if (same != waiting_.end()) return join(*same);
  if (waiting_.size() >= limits_.queued) return done(fail(Errc::unavailable, "too many pictures are asked for"));
  Order order;
  order.job = std::move(job);
  order.askers.push_back(std::move(done));
  order.since = clock_.steady();
  waiting_.push_back(std::move(order));
  fill();
}

void PictureQueue::fill() {
  while (!waiting_.empty() && running_.size() < limits_.at_once) {
    Order next = std::move(waiting_.front());
    waiting_.pop_front();
    const std::string key = next.job.key;
    next.since = clock_.steady();
    Order& order = running_[key] = std::move(next);
    auto run = start_(order.job, [this, key](Picture picture) { finish(key, picture); });
    if (run) {
      order.run = *std::move(run);
    } else {
      finish(key, std::unexpected(run.error()));
    }
  }
}

void PictureQueue::finish(const std::string& key, const Picture& picture) {
  const auto at = running_.find(key);
  if (at == running_.end()) return;
  // The askers may ask again: the order has left by then.
  const Order order = std::move(at->second);
  running_.erase(at);
  const auto now = clock_.steady();
  instruments().picture_seconds.Observe(std::chrono::duration<double>(now - order.since).count());
  if (picture) {
    keep(key, *picture);
  } else {
    instruments().picture_failures.Increment();
    log::warn("no picture", {{"picture", key}, {"ledger", order.job.ledger}, picture.error()});
    if (failures_.size() >= 1000) failures_.clear();
    failures_[key] = {picture.error(), now + limits_.failure_age};
  }
  for (const Done& done : order.askers) done(picture);
  fill();
}

void PictureQueue::keep(const std::string& key, const Drawing& picture) {
  kept_.push_front({key, picture, picture.whole ? Steady::max() : clock_.steady() + limits_.failure_age});
  by_key_[key] = kept_.begin();
  kept_bytes_ += picture.bytes->size();
  while (kept_bytes_ > limits_.kept_bytes && !kept_.empty()) forget(std::prev(kept_.end()));
}

void PictureQueue::forget(std::list<Kept>::iterator kept) {
  kept_bytes_ -= kept->picture.bytes->size();
  by_key_.erase(kept->key);
  kept_.erase(kept);
}

void PictureQueue::tick() {
  const auto now = clock_.steady();
  std::vector<std::string> late;
  for (const auto& [key, order] : running_) {
    if (now - order.since >= limits_.longest) late.push_back(key);
  }
  for (const std::string& key : late) finish(key, fail(Errc::unavailable, "drawing it took too long and was stopped"));
  while (!waiting_.empty() && now - waiting_.front().since >= limits_.longest) {
    const Order order = std::move(waiting_.front());
    waiting_.pop_front();
    for (const Done& done : order.askers) done(fail(Errc::unavailable, "others are being drawn"));
  }
}

void PictureQueue::drain() {
  drained_ = true;
  auto running = std::exchange(running_, {});
  auto waiting = std::exchange(waiting_, {});
  const Picture gone = fail(Errc::unavailable, "the server is going away");
  for (const auto& [key, order] : running) {
    for (const Done& done : order.askers) done(gone);
  }
  for (const Order& order : waiting) {
    for (const Done& done : order.askers) done(gone);
  }
}

void PictureQueue::change(const PictureLimits& limits) {
  limits_ = limits;
  fill();
}

}  // namespace sluice::origin
