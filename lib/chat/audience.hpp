#pragma once
// Audience: the members of one room, and the delivery of lines to them. They stand in lanes, a connection in
// the same lane of each of its rooms, so that several threads can write to them at once, each in lanes of its
// own, and no connection is touched by two. Joining and leaving cost O(1).
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chat/batch.hpp"
#include "chat/delivery.hpp"
#include "chat/member.hpp"

namespace sluice::chat {

class Audience {
 public:
  explicit Audience(std::size_t lanes = 1) : lanes_(lanes) {}

  void add(Member& member);
  void remove(Member& member);
  std::size_t size() const { return size_; }
  std::size_t lanes() const { return lanes_.size(); }
  template <class Visit>
  void each(const Visit& visit) const {
    for (const Lane& lane : lanes_)
      for (Member* member : lane) visit(*member);
  }

  // Gives everyone in a lane what is for them of the batch, which must stay until the delivery is finished.
  void give(Batch& batch, std::size_t lane, Delivery& delivery) const;

  // Delivers to those alone whom `whom` picks what `words` appends for their wire, if it is anything.
  void tell(const std::function<bool(const Member&)>& whom,
            const std::function<void(std::string&, const Wire&)>& words, const RenderStyle& style) const;

 private:
  using Lane = std::vector<Member*>;

  std::vector<Lane> lanes_;
  std::size_t size_ = 0;
};

}  // namespace sluice::chat
