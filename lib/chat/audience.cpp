#include "chat/audience.hpp"

#include <array>

namespace sluice::chat {

namespace {
// The lines that are for `member` (all, when none is given) as its wire wants them: IRC lines in one frame,
// JSON objects in one each.
Bytes render_batch(std::span<const Line> lines, std::uint64_t first, const Wire& wire, const Member* member,
                   const RenderStyle& style) {
  Bytes out;
  std::string text;
  const auto flush = [&] {
    if (text.empty()) return;
    if (wire.framed) {
      style.append_frame(out, text);
    } else {
      append(out, as_bytes(text));
    }
    text.clear();
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (member != nullptr && first + i < member->since) continue;
    if (member != nullptr && !wire.json && lines[i].from == member->number) continue;
    render(text, lines[i], wire, style.host);
    if (wire.json) flush();
  }
  flush();
  return out;
}
}  // namespace

void Audience::add(Member& member) {
  member.place = static_cast<std::uint32_t>(members_.size());
  members_.push_back(&member);
}

void Audience::remove(Member& member) {
  members_.back()->place = member.place;
  members_[member.place] = members_.back();
  members_.pop_back();
}

std::size_t Audience::deliver(std::span<const Line> lines, std::uint64_t first, const RenderStyle& style) {
  std::array<SharedBytes, Wire::count> shared;
  std::size_t deliveries = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    // A write to a socket leaves little in the caches: the memory of those who come next is fetched
    // meanwhile.
    if (i + 2 < members_.size()) __builtin_prefetch(members_[i + 2]);
    if (i + 1 < members_.size()) __builtin_prefetch(members_[i + 1]->sink);
    Member* member = members_[i];
    const bool own = member->spoke || member->since > first;
    SharedBytes its_own;
    SharedBytes& bytes = own ? its_own : shared[member->wire.index()];
    if (!bytes)
      bytes = std::make_shared<const Bytes>(
          render_batch(lines, first, member->wire, own ? member : nullptr, style));
    if (own) member->spoke = false;
    if (bytes->empty()) continue;
    member->sink->deliver(bytes);
    ++deliveries;
  }
  return deliveries;
}

void Audience::tell(const std::function<bool(const Member&)>& whom,
                    const std::function<void(std::string&, const Wire&)>& words,
                    const RenderStyle& style) const {
  std::array<SharedBytes, Wire::count> shared;
  for (const Member* member : members_) {
    if (!whom(*member)) continue;
    SharedBytes& once = shared[member->wire.index()];
    if (!once) {
      std::string text;
      words(text, member->wire);
      Bytes bytes;
      if (text.empty() || !member->wire.framed) {
        append(bytes, as_bytes(text));
      } else {
        style.append_frame(bytes, text);
      }
      once = std::make_shared<const Bytes>(std::move(bytes));
    }
    if (!once->empty()) member->sink->deliver(once);
  }
}

}  // namespace sluice::chat
