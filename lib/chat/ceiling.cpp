#include "chat/ceiling.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::chat {

namespace {
enum class LineKind { other, must, may };

LineKind kind_of(const Line& line) {
  const MessagePtr* message = std::get_if<MessagePtr>(&line.what);
  // What pages alone are told fills a gap that they were told of.
  if (message == nullptr || line.for_pages) return LineKind::other;
  const Message& said = **message;
  return said.roles.exempt() || !said.announcement.empty() || said.bits > 0 ? LineKind::must : LineKind::may;
}
}  // namespace

void Ceiling::choose(std::span<Line> lines, Rate rate, Steady now, Random& random) {
  const auto musts = std::ranges::count(lines, LineKind::must, kind_of);
  auto candidates = std::ranges::count(lines, LineKind::may, kind_of);
  if (musts + candidates == 0) return;
  if (rate == 0) {
    count_.told += static_cast<std::uint64_t>(musts + candidates);
    return;
  }
  constexpr Steady::duration most_saved = seconds(1);
  const Steady::duration cost = most_saved / rate;
  // What must be told may run ahead by a second, not more: others have their turn again.
  const Steady from = std::max(paid_until_, now - most_saved) + musts * cost;
  auto places = from >= now ? 0 : std::min<std::int64_t>((now - from) / cost, candidates);
  paid_until_ = std::min(from + places * cost, now + most_saved);
  count_.told += static_cast<std::uint64_t>(musts + places);
  count_.left_out += static_cast<std::uint64_t>(candidates - places);
  left_out_ += static_cast<std::uint64_t>(candidates - places);
  for (Line& line : lines) {
    if (places == candidates) return;
    if (kind_of(line) != LineKind::may) continue;
    if (random.below(static_cast<std::uint64_t>(candidates--)) < static_cast<std::uint64_t>(places)) {
      --places;
    } else {
      line.whom = Line::Whom::all_seeing;
    }
  }
}

}  // namespace sluice::chat
