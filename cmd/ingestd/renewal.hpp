#pragma once
// Renewal: streams get another pipeline, one after the other, since starting encoders for all at once is more than a machine has. Each
// gives way at its next keyframe; when its successor's parts are in the ledger it is the next stream's turn. When none come, the others
// keep the pipelines they have.
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "net/loop.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

class Renewal {
 public:
  explicit Renewal(net::Loop& loop) : look_(loop) {}

  void add(const std::vector<std::shared_ptr<Stream>>& streams);  // those that wait already keep their place
  std::size_t left() const { return waiting_.size() + (current_ ? 1 : 0); }
  std::size_t failed() const { return failed_; }  // of those since nothing was left: that no other pipeline writes

 private:
  struct Turn {
    std::shared_ptr<Stream> stream;
    std::uint64_t generation;  // of the pipeline that gives way
    Steady since;
  };
  void next();
  void look();
  void stop(std::string_view why);

  net::Timer look_;
  std::deque<std::shared_ptr<Stream>> waiting_;
  std::optional<Turn> current_;
  std::size_t failed_ = 0;
};

}  // namespace sluice::ingestd
