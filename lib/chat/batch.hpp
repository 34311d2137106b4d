#pragma once
// Batch: lines of one room that are delivered together, and the bytes that each member gets for them. What
// most members share is rendered once for each wire, whoever asks first; several threads may ask at once.
#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/bytes.hpp"
#include "chat/line.hpp"
#include "chat/member.hpp"

namespace sluice::chat {

struct RenderStyle {
  std::string host = "tmi.twitch.tv";
  AppendFrame append_frame = nullptr;
  AppendFrame append_deflated_frame = nullptr;

  // What one write of `text` is for a wire.
  void append_for(const Wire& wire, Bytes& out, std::string_view text) const {
    if (!wire.framed) return append(out, as_bytes(text));
    (wire.deflated ? append_deflated_frame : append_frame)(out, text);
  }
};

class Batch {
 public:
  // Whether the lines that are not for everybody are for the member: asked on the threads that deliver.
  using SeesAll = std::function<bool(const Member&)>;
  // Lines first, first+1, … `style` outlives it.
  Batch(std::vector<Line> lines, std::uint64_t first, const RenderStyle& style, SeesAll sees_all);

  // Good for as long as the batch and `its_own`, which a member gets that caused a line, came in the middle
  // of them, or said what is left out. Empty: none of the lines are for it.
  const SharedBytes& bytes_for(const Member& member, SharedBytes& its_own);

 private:
  bool is_left_out(const Member& member) const;
  bool is_for(const Line& line, std::uint64_t number, const Wire& wire, bool all, const Member* member) const;
  SharedBytes render(const Wire& wire, bool all, const Member* member) const;

  std::vector<Line> lines_;
  std::uint64_t first_;
  const RenderStyle& style_;
  SeesAll sees_all_;
  bool sampled_ = false;
  std::vector<UserId> left_out_;  // whose messages are, in order
  struct Shared {
    std::once_flag once;
    SharedBytes bytes;
  };
  std::array<std::array<Shared, Wire::count>, 2> shared_;  // for those who read along, and for who sees all
};

}  // namespace sluice::chat
