#pragma once
// Audience: the members of one room on one thread, and the delivery of lines to them. Each wire's rendering
// of a batch of lines is made once and shared; a member that caused a line, or joined in the middle of the
// batch, gets its own. Joining and leaving cost O(1). A room whose members live on several threads has one
// audience on each.
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "chat/line.hpp"
#include "chat/wire.hpp"

namespace sluice::chat {

// Where a member's bytes go: a connection's queue. deliver() must not make members join or leave before it
// returns.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void deliver(const SharedBytes& bytes) = 0;
};

class Audience;

// One connection in one room. Its owner keeps it alive while it is in the audience.
struct Member {
  Sink* sink = nullptr;
  const User* user = nullptr;  // borrowed from the connection
  Wire wire;
  bool spoke = false;       // caused a line of the batch that is being gathered
  std::uint32_t place = 0;  // kept by the audience
  MemberNumber number = 0;  // given by the room
  std::uint64_t since = 0;  // number of the room's first line that is for it
};

struct RenderStyle {
  std::string host = "tmi.twitch.tv";
  AppendFrame append_frame = nullptr;
};

class Audience {
 public:
  void add(Member& member);
  void remove(Member& member);
  std::size_t size() const { return members_.size(); }
  std::span<Member* const> members() const { return members_; }

  // Delivers lines first, first+1, … to everyone they are for. Returns how many deliveries there were.
  // `sees_all` is asked where lines are not for everybody: whether they are for the member.
  using SeesAll = std::function<bool(const Member&)>;
  std::size_t deliver(std::span<const Line> lines, std::uint64_t first, const RenderStyle& style,
                      const SeesAll& sees_all);

  // Delivers to those alone whom `whom` picks what `words` appends for their wire, if it is anything.
  void tell(const std::function<bool(const Member&)>& whom,
            const std::function<void(std::string&, const Wire&)>& words, const RenderStyle& style) const;

 private:
  std::vector<Member*> members_;
};

}  // namespace sluice::chat
