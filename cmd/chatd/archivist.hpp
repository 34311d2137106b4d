#pragma once
// Archivist: hands what was said to the archive in batches, on a thread of its own, so that neither delivery
// nor whoever asks the store waits for this disk.
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/daemon.hpp"
#include "base/clock.hpp"
#include "chatlog/archive.hpp"
#include "chatlog/archive_queue.hpp"
#include "chatlog/backlog.hpp"
#include "chatlog/room_past.hpp"
#include "net/loop.hpp"

namespace sluice::chatd {

class Archivist {
 public:
  // Everything outlives it.
  Archivist(net::Loop& loop, chatlog::Archive& archive, Clock& clock, std::chrono::days keep);

  void keep(const chat::MessagePtr& message);
  void keep(chatlog::Blocked line);  // none that is said waits or is lost for these
  // What was handed over before it is written, and every event up to the cursor has had its effect there.
  void settle(std::int64_t cursor);
  void take_off(const chatlog::TakenOff& taken);  // after what was handed over before it
  // One of the channel's, of all that was handed over until now; none: there is no such message.
  void find(ChannelId channel, std::string id,
            std::function<void(Result<std::optional<chatlog::Kept>>)> answer);
  // The channel's, of all that was handed over until now.
  void past(ChannelId channel, std::function<void(Result<chatlog::RoomPast>)> answer);
  void has_past(ChannelId channel, std::function<void(Result<bool>)> answer);  // any at all
  // Who ever spoke in the channel, of all that was handed over until now.
  void speakers(ChannelId channel, std::function<void(Result<std::vector<chatlog::Spoke>>)> answer);
  void keep_for(std::chrono::days keep) { keep_ = keep; }
  // Messages that a disk was too slow, or full too long, for.
  std::uint64_t lost() const { return state_.lost + backlog_.lost(); }
  std::uint64_t blocked_lost() const { return state_.blocked_lost + blocked_backlog_.lost(); }
  app::Health health() const;
  Steady::duration at_one_job() const;  // how long the writer has been, so far
  bool is_written() const { return backlog_.waiting() == 0 && state_.error.empty(); }  // what was said
  // What waits is tried once more, and told where it is lost; then `done`.
  void write_last(std::function<void()> done);

 private:
  struct Job {
    Steady since;
    std::size_t messages = 0;
  };
  // `work` on the writer's thread, after what was asked before; `then` gets what it came to.
  template <class Work, class Then>
  void ask(std::size_t messages, Work work, Then then);
  void hand_over();
  void forget_before(Wall at);
  void run(chatlog::ArchiveQueue::Work work);
  void done(chatlog::ArchiveQueue::State state);

  chatlog::Archive& archive_;
  Clock& clock_;
  std::chrono::days keep_;
  std::shared_ptr<chatlog::ArchiveQueue> queue_;  // the writer's
  net::Timer rhythm_, forgetting_;
  std::vector<chat::MessagePtr> waiting_;
  std::vector<chatlog::Blocked> blocked_;
  std::deque<Job> jobs_;                        // that the writer has, the one it is at in front
  chatlog::Backlog backlog_, blocked_backlog_;  // what waits here and what the writer has
  chatlog::ArchiveQueue::State state_;
  std::optional<Wall> failing_since_;
  net::Offload writer_;
};

}  // namespace sluice::chatd
