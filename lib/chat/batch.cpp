#include "chat/batch.hpp"

#include <algorithm>

namespace sluice::chat {

Batch::Batch(std::vector<Line> lines, std::uint64_t first, const RenderStyle& style, SeesAll sees_all)
    : lines_(std::move(lines)), first_(first), style_(style), sees_all_(std::move(sees_all)) {
  for (const Line& line : lines_) {
    sampled_ = sampled_ || line.whom != Line::Whom::everybody;
    if (line.whom == Line::Whom::all_seeing) left_out_.push_back(line.author());
  }
  std::ranges::sort(left_out_);
}

const SharedBytes& Batch::bytes_for(const Member& member, SharedBytes& its_own) {
  const bool all = !sampled_ || sees_all_(member);
  if (member.spoke || member.since > first_ || (!all && is_left_out(member)))
    return its_own = render(member.wire, all, &member);
  Shared& shared = shared_[all ? 1 : 0][member.wire.index()];
  std::call_once(shared.once, [&] { shared.bytes = render(member.wire, all, nullptr); });
  return shared.bytes;
}

bool Batch::is_left_out(const Member& member) const {
  return !left_out_.empty() && std::ranges::binary_search(left_out_, member.user->id);
}

bool Batch::is_for(const Line& line, std::uint64_t number, const Wire& wire, bool all,
                   const Member* member) const {
  if (member != nullptr && number < member->since) return false;
  if (member != nullptr && !wire.json && line.from == member->number) return false;
  if (line.whom == Line::Whom::all_seeing)
    return all || (member != nullptr && line.author() == member->user->id);
  return line.whom == Line::Whom::everybody || !all;
}

// The lines that are for `member` (for one like most others, when none is given) as its wire wants them: IRC
// lines in one frame, JSON objects in one each.
SharedBytes Batch::render(const Wire& wire, bool all, const Member* member) const {
  Bytes out;
  std::string text;
  const auto flush = [&] {
    if (text.empty()) return;
    style_.append_for(wire, out, text);
    text.clear();
  };
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (!is_for(lines_[i], first_ + i, wire, all, member)) continue;
    chat::render(text, lines_[i], wire, style_.host);
    if (wire.json) flush();
  }
  flush();
  return std::make_shared<const Bytes>(std::move(out));
}

}  // namespace sluice::chat
