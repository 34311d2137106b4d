#include "chat/audience.hpp"

#include <array>

namespace sluice::chat {

namespace {
// By its address, which is as good as a number drawn for it: neighbours in memory stand in different lanes.
std::uint16_t lane_of(const Sink* sink, std::size_t lanes) {
  const std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(sink) * 0x9e3779b97f4a7c15;
  return static_cast<std::uint16_t>((mixed >> 32) % lanes);
}
}  // namespace

void Audience::add(Member& member) {
  member.lane = lane_of(member.sink, lanes_.size());
  Lane& lane = lanes_[member.lane];
  member.place = static_cast<std::uint32_t>(lane.size());
  lane.push_back(&member);
  ++size_;
}

void Audience::remove(Member& member) {
  Lane& lane = lanes_[member.lane];
  lane.back()->place = member.place;
  lane[member.place] = lane.back();
  lane.pop_back();
  --size_;
}

void Audience::give(Batch& batch, std::size_t number, Delivery& delivery) const {
  const Lane& lane = lanes_[number];
  for (std::size_t i = 0; i < lane.size(); ++i) {
    // A write to a socket leaves little in the caches: the memory of those who come next is fetched
    // meanwhile.
    if (i + 2 < lane.size()) __builtin_prefetch(lane[i + 2]);
    if (i + 1 < lane.size()) __builtin_prefetch(lane[i + 1]->sink);
    Member* member = lane[i];
    SharedBytes its_own;
    const SharedBytes& bytes = batch.bytes_for(*member, its_own);
    member->spoke = false;
    if (!bytes->empty()) delivery.give(*member->sink, bytes, its_own);
  }
}

void Audience::tell(const std::function<bool(const Member&)>& whom,
                    const std::function<void(std::string&, const Wire&)>& words,
                    const RenderStyle& style) const {
  std::array<SharedBytes, Wire::count> shared;
  each([&](const Member& member) {
    if (!whom(member)) return;
    SharedBytes& once = shared[member.wire.index()];
    if (!once) {
      std::string text;
      words(text, member.wire);
      Bytes bytes;
      if (!text.empty()) style.append_for(member.wire, bytes, text);
      once = std::make_shared<const Bytes>(std::move(bytes));
    }
    if (!once->empty()) member.sink->deliver(once);
  });
}

}  // namespace sluice::chat
