#include "archivist.hpp"

#include <fmt/format.h>

#include "log/log.hpp"

namespace sluice::chatd {

namespace {
constexpr milliseconds batch_time{250};
constexpr std::size_t most_said_waiting =
    100'000;  // messages, while the disk does not answer: 6 s of a million a minute
constexpr std::size_t most_blocked = 10'000;  // lines likewise, here, and as many with the writer: 5 KB each
constexpr seconds job_patience{3};            // with one job
}  // namespace

Archivist::Archivist(net::Loop& loop, chatlog::Archive& archive, Clock& clock, std::chrono::days keep)
    : archive_(archive),
      clock_(clock),
      keep_(keep),
      queue_(std::make_shared<chatlog::ArchiveQueue>(archive, clock)),
      rhythm_(loop),
      forgetting_(loop),
      backlog_(most_said_waiting),
      blocked_backlog_(most_blocked),
      writer_(loop) {
  // One batch at a time: what is said while the disk is slow goes there together.
  rhythm_.every(batch_time, [this] {
    const bool writes_some = backlog_.waiting() > waiting_.size();
    if (jobs_.empty() || (!writes_some && !waiting_.empty())) hand_over();
  });
  forgetting_.every(std::chrono::hours(1), [this] { forget_before(clock_.wall() - keep_); });
  forget_before(clock_.wall() - keep_);
}

void Archivist::keep(const chat::MessagePtr& message) {
  const auto taken = backlog_.take(clock_.wall());
  if (taken == chatlog::Backlog::Taken::yes) return waiting_.push_back(message);
  if (taken == chatlog::Backlog::Taken::first_lost)
    log::error("the chat history's disk is too slow: what is said now is lost to it",
               {{"messages", backlog_.waiting()}});
}

void Archivist::keep(chatlog::Blocked line) {
  const auto taken = blocked_backlog_.take(clock_.wall());
  if (taken == chatlog::Backlog::Taken::yes) return blocked_.push_back(std::move(line));
  if (taken == chatlog::Backlog::Taken::first_lost)
    log::error("the chat history's disk is too slow: what AutoMod blocks now is not kept",
               {{"lines", blocked_backlog_.waiting()}});
}

template <class Work, class Then>
void Archivist::ask(std::size_t messages, Work work, Then then) {
  jobs_.push_back({clock_.steady(), messages});
  writer_.run(std::move(work), [this, then = std::move(then)](auto result) {
    if (backlog_.done(jobs_.front().messages))
      log::info("the chat history takes what is said again", {{"lost", backlog_.lost_this_time()}});
    jobs_.pop_front();
    if (!jobs_.empty()) jobs_.front().since = clock_.steady();
    then(std::move(result));
  });
}

void Archivist::hand_over() {
  if (!waiting_.empty() || !state_.error.empty() || !state_.blocked_error.empty())
    run(std::exchange(waiting_, {}));
  if (blocked_.empty()) return;
  const std::size_t many = blocked_.size();
  ask(
      0,
      [queue = queue_, lines = chatlog::ArchiveQueue::Work(std::exchange(blocked_, {}))]() mutable {
        return queue->run(std::move(lines));
      },
      [this, many](chatlog::ArchiveQueue::State state) {
        if (blocked_backlog_.done(many))
          log::info("what AutoMod blocks is kept again", {{"lost", blocked_backlog_.lost_this_time()}});
        done(std::move(state));
      });
}

void Archivist::write_last(std::function<void()> after) {
  hand_over();
  ask(
      0, [queue = queue_] { return queue->run_now(); },
      [this, after = std::move(after)](chatlog::ArchiveQueue::State state) {
        done(std::move(state));
        if (state_.waiting > 0)
          log::error("what was said last is not in the chat history",
                     {{"messages", state_.waiting}, {"error", state_.error}});
        if (state_.blocked_waiting > 0)
          log::error("what AutoMod blocked last is not in the chat history",
                     {{"lines", state_.blocked_waiting}, {"error", state_.blocked_error}});
        after();
      });
}

void Archivist::settle(std::int64_t cursor) {
  hand_over();
  run(chatlog::ArchiveQueue::Cursor{cursor});
}

void Archivist::take_off(const chatlog::TakenOff& taken) {
  hand_over();
  run(taken);
}

void Archivist::run(chatlog::ArchiveQueue::Work work) {
  const auto* messages = std::get_if<chatlog::ArchiveQueue::Messages>(&work);
  const std::size_t many = messages == nullptr ? 0 : messages->size();
  ask(
      many, [queue = queue_, work = std::move(work)] { return queue->run(work); },
      [this](chatlog::ArchiveQueue::State state) { done(std::move(state)); });
}

void Archivist::done(chatlog::ArchiveQueue::State state) {
  state_ = std::move(state);
  const std::string& error = state_.error.empty() ? state_.blocked_error : state_.error;
  if (error.empty() == !failing_since_) return;
  if (failing_since_) {
    failing_since_.reset();
    log::info("the chat history is written again", {{"lost", state_.lost}});
  } else {
    failing_since_ = clock_.wall();
    log::error("the chat history cannot be written: what is said, or blocked, waits until it can",
               {{"error", error}, {"messages", state_.waiting}, {"blocked", state_.blocked_waiting}});
  }
}

Steady::duration Archivist::at_one_job() const {
  return jobs_.empty() ? Steady::duration{} : clock_.steady() - jobs_.front().since;
}

app::Health Archivist::health() const {
  if (!state_.error.empty()) return {"history", false, 0, state_.error, failing_since_};
  if (!state_.blocked_error.empty())
    return {"history", false, 0, "lines that AutoMod blocked: " + state_.blocked_error, failing_since_};
  if (const auto since = backlog_.losing_since())
    return {"history", false, 0,
            fmt::format("its disk is too slow, and {} messages are lost to it", backlog_.lost_this_time()),
            since};
  const auto at_it = std::chrono::floor<milliseconds>(at_one_job());
  if (at_it < job_patience) return {"history"};
  return {"history", false, 0, "its disk does not answer", clock_.wall() - at_it};
}

void Archivist::find(ChannelId channel, std::string id,
                     std::function<void(Result<std::optional<chatlog::Kept>>)> answer) {
  hand_over();
  ask(
      0, [this, channel, id = std::move(id)] { return archive_.find(channel, id); }, std::move(answer));
}

void Archivist::past(ChannelId channel, std::function<void(Result<chatlog::RoomPast>)> answer) {
  hand_over();
  ask(
      0, [queue = queue_, channel] { return queue->past(channel); }, std::move(answer));
}

void Archivist::has_past(ChannelId channel, std::function<void(Result<bool>)> answer) {
  const auto look = [this, channel]() -> Result<bool> {
    SLUICE_TRY_VALUE(const chat::Seen heads, archive_.heads(channel, 1));
    return !heads.empty();
  };
  hand_over();
  ask(0, look, std::move(answer));
}

void Archivist::speakers(ChannelId channel, std::function<void(Result<std::vector<chatlog::Spoke>>)> answer) {
  hand_over();
  ask(
      0, [this, channel] { return archive_.speakers(channel, clock_.wall()); }, std::move(answer));
}

void Archivist::forget_before(Wall at) {
  ask(
      0, [this, at] { return archive_.forget_before(at); },
      [this, at](Result<bool> more) {
        if (!more) return log::warn("old chat history not removed", {more.error()});
        if (!*more) return;
        hand_over();
        forget_before(at);
      });
}

}  // namespace sluice::chatd
