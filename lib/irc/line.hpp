#pragma once
// LineSplitter: bytes in, IRC lines out. A line ends with LF or CR LF (RFC 1459 2.3 wants CR LF; clients
// differ), or with the WebSocket message that carried it.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace sluice::irc {

// 4,096 bytes of tags (IRCv3 message-tags) and 500 characters of up to 4 bytes, with room for the command.
inline constexpr std::size_t line_limit = 4096 + 4 * 512;

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t limit = line_limit) : limit_(limit) {}

  void feed(ByteView bytes);
  void end_of_message();  // what is held is a whole line

  struct Line {
    std::string_view text;  // without its end; never empty; good until the next call of any member
    bool too_long = false;  // it passed the limit: text is its beginning, and the rest is dropped
  };
  std::optional<Line> next();

  std::size_t held() const { return buffer_.size() - at_; }

 private:
  std::size_t limit_;
  std::string buffer_;
  std::size_t at_ = 0;       // what next() has given out
  bool discarding_ = false;  // inside a line that was too long
};

}  // namespace sluice::irc
