#include "automod/lines.hpp"

#include <utility>

namespace sluice::automod {

void Lines::feed(ByteView bytes) {
  pending_.erase(0, at_);
  searched_ -= at_;
  at_ = 0;
  pending_ += as_text(bytes);
}

std::optional<Lines::Line> Lines::next() {
  for (;;) {
    const std::size_t end = pending_.find('\n', searched_);
    if (end == std::string::npos) {
      if (skipping_ || pending_.size() - at_ > longest_line) {
        const bool told = skipping_;
        skipping_ = true;
        at_ = searched_ = pending_.size();
        if (!told) return Line{{}, true};
      }
      searched_ = pending_.size();
      return std::nullopt;
    }
    const std::string_view text(pending_.data() + at_, end - at_);
    at_ = searched_ = end + 1;
    if (std::exchange(skipping_, false)) continue;
    return Line{text.size() > longest_line ? std::string_view() : text, text.size() > longest_line};
  }
}

std::optional<Lines::Line> Lines::last() {
  if (skipping_ || at_ == pending_.size()) return std::nullopt;
  const std::string_view text(pending_.data() + at_, pending_.size() - at_);
  at_ = searched_ = pending_.size();
  return Line{text, false};
}

}  // namespace sluice::automod
