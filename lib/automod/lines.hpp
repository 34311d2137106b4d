#pragma once
// Lines of a stream of bytes that are cut anywhere. What is longer than longest_line is passed over up to its
// end, and told once.
#include <optional>
#include <string>

#include "automod/message.hpp"
#include "base/bytes.hpp"

namespace sluice::automod {

class Lines {
 public:
  struct Line {
    std::string_view text;  // without its newline, until the next call; empty when it is too long
    bool too_long = false;
  };
  void feed(ByteView bytes);
  std::optional<Line> next();
  std::optional<Line> last();  // at the end of the stream: a line without a newline

 private:
  std::string pending_;
  std::size_t at_ = 0;        // of what was not given out
  std::size_t searched_ = 0;  // up to here there is no newline
  bool skipping_ = false;     // the rest of a line that was too long
};

}  // namespace sluice::automod
