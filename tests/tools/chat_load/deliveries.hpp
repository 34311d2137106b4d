#pragma once
// What tells one delivery from another: each line carries a mark with its sender, its number and the time at
// which it was sent; each member knows which number it is owed next.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chat_load {

struct Mark {
  static constexpr std::string_view begin = "~t";
  static constexpr std::size_t size = 2 + 4 + 9 + 16;
  int sender = 0;            // of the room, 0…9999
  std::uint32_t number = 0;  // of the sender's lines, from 0
  std::int64_t sent_us = 0;  // steady clock

  std::string text() const;
  static Mark read(std::string_view text);  // `size` characters that begin with `begin`
};

std::int64_t now_us();

// Deliveries to one member, found in bytes however they are cut.
class Member {
 public:
  explicit Member(int senders) : next_(static_cast<std::size_t>(senders)) {}

  struct Counts {
    std::uint64_t delivered = 0;     // lines that came once and in order
    std::uint64_t skipped = 0;       // lines that a later one of the sender's came before
    std::uint64_t out_of_order = 0;  // lines that came twice, or after a later one
  };
  // Calls `heard(mark)` for each line.
  template <class Heard>
  void take(std::string_view bytes, Counts& counts, const Heard& heard) {
    std::string joined;
    if (!held_.empty()) {
      joined = held_ + std::string(bytes);
      held_.clear();
      bytes = joined;
    }
    std::size_t at = bytes.find(Mark::begin);
    for (; at != std::string_view::npos && at + Mark::size <= bytes.size();
         at = bytes.find(Mark::begin, at + Mark::size)) {
      const Mark mark = Mark::read(bytes.substr(at, Mark::size));
      count(mark, counts);
      heard(mark);
    }
    if (at != std::string_view::npos) {
      held_ = bytes.substr(at);
    } else if (bytes.ends_with(Mark::begin.front())) {
      held_ = Mark::begin.substr(0, 1);
    }
  }

 private:
  void count(const Mark& mark, Counts& counts);

  std::vector<std::uint32_t> next_;  // by sender
  std::string held_;                 // a mark's beginning, up to the end of what was read
};

}  // namespace chat_load
