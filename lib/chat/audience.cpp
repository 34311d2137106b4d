#include "chat/audience.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::chat {

namespace {
// Lines of one tick, and the form in which each member gets them.
class Batch {
 public:
  Batch(std::span<const Line> lines, std::uint64_t first, const RenderStyle& style,
        const Audience::SeesAll& sees_all)
      : lines_(lines), first_(first), style_(style), sees_all_(sees_all) {
    for (const Line& line : lines) {
      sampled_ = sampled_ || line.whom != Line::Whom::everybody;
      if (line.whom == Line::Whom::all_seeing) left_out_.push_back(line.author());
    }
    std::ranges::sort(left_out_);
  }

  // Most members share what is rendered for their wire; it lives as long as the batch.
  const SharedBytes& bytes_for(const Member& member, SharedBytes& its_own) {
    const bool all = !sampled_ || sees_all_(member);
    if (member.spoke || member.since > first_ || (!all && is_left_out(member)))
      return its_own = render(member.wire, all, &member);
    SharedBytes& shared = shared_[all ? 1 : 0][member.wire.index()];
    if (!shared) shared = render(member.wire, all, nullptr);
    return shared;
  }

 private:
  bool is_left_out(const Member& member) const {
    return !left_out_.empty() && std::ranges::binary_search(left_out_, member.user->id);
  }

  bool is_for(const Line& line, std::uint64_t number, const Wire& wire, bool all,
              const Member* member) const {
    if (member != nullptr && number < member->since) return false;
    if (member != nullptr && !wire.json && line.from == member->number) return false;
    if (line.whom == Line::Whom::all_seeing)
      return all || (member != nullptr && line.author() == member->user->id);
    return line.whom == Line::Whom::everybody || !all;
  }

  // The lines that are for `member` (for one like most others, when none is given) as its wire wants them:
  // IRC lines in one frame, JSON objects in one each.
  SharedBytes render(const Wire& wire, bool all, const Member* member) const {
    Bytes out;
    std::string text;
    const auto flush = [&] {
      if (text.empty()) return;
      if (wire.framed) {
        style_.append_frame(out, text);
      } else {
        append(out, as_bytes(text));
      }
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

  std::span<const Line> lines_;
  std::uint64_t first_;
  const RenderStyle& style_;
  const Audience::SeesAll& sees_all_;
  bool sampled_ = false;
  std::vector<UserId> left_out_;  // whose messages are
  std::array<std::array<SharedBytes, Wire::count>, 2> shared_;
};
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

std::size_t Audience::deliver(std::span<const Line> lines, std::uint64_t first, const RenderStyle& style,
                              const SeesAll& sees_all) {
  Batch batch(lines, first, style, sees_all);
  std::size_t deliveries = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    // A write to a socket leaves little in the caches: the memory of those who come next is fetched
    // meanwhile.
    if (i + 2 < members_.size()) __builtin_prefetch(members_[i + 2]);
    if (i + 1 < members_.size()) __builtin_prefetch(members_[i + 1]->sink);
    Member* member = members_[i];
    SharedBytes its_own;
    const SharedBytes& bytes = batch.bytes_for(*member, its_own);
    member->spoke = false;
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
