#include "irc/line.hpp"

namespace sluice::irc {

void LineSplitter::feed(ByteView bytes) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += as_text(bytes);
}

void LineSplitter::end_of_message() {
  buffer_.erase(0, at_);
  at_ = 0;
  if (discarding_ || (!buffer_.empty() && buffer_.back() != '\n')) buffer_ += '\n';
}

std::optional<LineSplitter::Line> LineSplitter::next() {
  while (at_ < buffer_.size()) {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    const std::size_t end = rest.find('\n');
    if (discarding_) {
      if (end == std::string_view::npos) break;
      at_ += end + 1;
      discarding_ = false;
      continue;
    }
    // One byte beyond the limit may be the CR of a line that just fits.
    if (end == std::string_view::npos) {
      if (rest.size() <= limit_ + 1) return std::nullopt;
      discarding_ = true;
      at_ = buffer_.size();
      return Line{rest.substr(0, limit_), true};
    }
    at_ += end + 1;
    std::string_view line = rest.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    if (line.size() > limit_) return Line{line.substr(0, limit_), true};
    return Line{line, false};
  }
  std::string().swap(buffer_);  // an idle connection holds no buffer
  at_ = 0;
  return std::nullopt;
}

}  // namespace sluice::irc
