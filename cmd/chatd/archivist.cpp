#include "archivist.hpp"

#include "log/log.hpp"

namespace sluice::chatd {

namespace {
constexpr milliseconds batch_time{250};
}

Archivist::Archivist(net::Loop& loop, net::Offload& offload, chatlog::Archive& archive, Clock& clock,
                     std::chrono::days keep)
    : offload_(offload),
      archive_(archive),
      clock_(clock),
      keep_(keep),
      queue_(std::make_shared<chatlog::ArchiveQueue>(archive, clock)),
      rhythm_(loop),
      forgetting_(loop) {
  rhythm_.every(batch_time, [this] { write_now(); });
  forgetting_.every(std::chrono::hours(1), [this] { forget_old(); });
  forget_old();
}

void Archivist::keep(const chat::MessagePtr& message) {
  waiting_.push_back(message);
}

void Archivist::write_now() {
  if (!waiting_.empty() || !state_.error.empty()) run(std::exchange(waiting_, {}));
}

void Archivist::write_last() {
  write_now();
  offload_.run([queue = queue_] { return queue->run_now(); },
               [this](chatlog::ArchiveQueue::State state) {
                 done(std::move(state));
                 if (state_.waiting > 0)
                   log::error("what was said last is not in the chat history",
                              {{"messages", state_.waiting}, {"error", state_.error}});
               });
}

void Archivist::settle(std::int64_t cursor) {
  write_now();
  run(chatlog::ArchiveQueue::Cursor{cursor});
}

void Archivist::take_off(const chatlog::TakenOff& taken) {
  write_now();
  run(taken);
}

void Archivist::run(chatlog::ArchiveQueue::Work work) {
  offload_.run([queue = queue_, work = std::move(work)] { return queue->run(work); },
               [this](chatlog::ArchiveQueue::State state) { done(std::move(state)); });
}

void Archivist::done(chatlog::ArchiveQueue::State state) {
  state_ = std::move(state);
  if (state_.error.empty() == !failing_since_) return;
  if (failing_since_) {
    failing_since_.reset();
    log::info("the chat history is written again", {{"lost", state_.lost}});
  } else {
    failing_since_ = clock_.wall();
    log::error("the chat history cannot be written: what is said waits until it can",
               {{"error", state_.error}, {"messages", state_.waiting}});
  }
}

app::Health Archivist::health() const {
  return {"history", state_.error.empty(), 0, state_.error, failing_since_};
}

void Archivist::find(ChannelId channel, std::string id,
                     std::function<void(Result<std::optional<chatlog::Kept>>)> answer) {
  write_now();
  offload_.run([this, channel, id = std::move(id)] { return archive_.find(channel, id); }, std::move(answer));
}

void Archivist::forget_old() {
  offload_.run([this, before = clock_.wall() - keep_] { return archive_.forget_before(before); },
               [](Result<> forgotten) {
                 if (!forgotten) log::warn("old chat history not removed", {forgotten.error()});
               });
}

}  // namespace sluice::chatd
