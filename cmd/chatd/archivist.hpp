#pragma once
// Archivist: hands what was said to the archive in batches, off the loop, so that delivery never waits for
// the disk.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/daemon.hpp"
#include "base/clock.hpp"
#include "chatlog/archive.hpp"
#include "chatlog/archive_queue.hpp"
#include "net/loop.hpp"

namespace sluice::chatd {

class Archivist {
 public:
  // Everything outlives it.
  Archivist(net::Loop& loop, net::Offload& offload, chatlog::Archive& archive, Clock& clock,
            std::chrono::days keep);

  void keep(const chat::MessagePtr& message);
  // What was handed over before it is written, and every event up to the cursor has had its effect there.
  void settle(std::int64_t cursor);
  void take_off(const chatlog::TakenOff& taken);  // after what was handed over before it
  // One of the channel's, of all that was handed over until now; none: there is no such message.
  void find(ChannelId channel, std::string id,
            std::function<void(Result<std::optional<chatlog::Kept>>)> answer);
  void keep_for(std::chrono::days keep) { keep_ = keep; }
  std::uint64_t lost() const { return state_.lost; }  // messages that were too many to wait for a disk
  app::Health health() const;
  void write_now();
  void write_last();  // what waits is tried once more, and told where it is lost

 private:
  void forget_old();
  void run(chatlog::ArchiveQueue::Work work);
  void done(chatlog::ArchiveQueue::State state);

  net::Offload& offload_;
  chatlog::Archive& archive_;
  Clock& clock_;
  std::chrono::days keep_;
  std::shared_ptr<chatlog::ArchiveQueue> queue_;  // the other thread's
  net::Timer rhythm_, forgetting_;
  std::vector<chat::MessagePtr> waiting_;
  chatlog::ArchiveQueue::State state_;
  std::optional<Wall> failing_since_;
};

}  // namespace sluice::chatd
