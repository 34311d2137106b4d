#include "media/source_mark.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace sluice::media {

namespace {
constexpr microseconds first_probation{10'000'000}, longest_probation{600'000'000};
}

std::string format(const SourceMark& mark) {
  std::string text = std::to_string(mark.gop.count());
  if (mark.probation)
    text += " " + std::to_string(mark.probation->count()) + " " + std::to_string(mark.next.count()) + " " + std::to_string(mark.bitrate);
  return text;
}

std::optional<SourceMark> parse_source_mark(std::string_view text) {
  std::vector<std::int64_t> numbers;
  for (const std::string_view word : split(trim(text.substr(0, text.find('\n'))), ' ')) {
    const auto number = parse_number<std::int64_t>(word);
    if (!number || *number < 0 || numbers.size() == 4) return std::nullopt;
    numbers.push_back(*number);
  }
  if (numbers.empty()) return std::nullopt;
  SourceMark mark{.gop = microseconds(numbers[0])};
  if (numbers.size() > 1) mark.probation = microseconds(numbers[1]);
  if (numbers.size() > 2) mark.next = microseconds(numbers[2]);
  if (numbers.size() > 3) mark.bitrate = static_cast<std::uint64_t>(numbers[3]);
  return mark;
}

bool is_habit(const SourceMark& mark) { return !mark.probation || *mark.probation > first_probation; }

microseconds next_probation(const std::optional<SourceMark>& before) {
  if (!before || !before->probation) return first_probation;
  return std::clamp(std::min(*before->probation, longest_probation) * 2, first_probation, longest_probation);
}

}  // namespace sluice::media
