#pragma once
// Lists: all entries that hold for a message, compiled; what they find, with what is allowed taken back.
#include <vector>

#include "automod/entry.hpp"
#include "automod/patterns.hpp"
#include "automod/phrases.hpp"

namespace sluice::automod {

class Lists {
 public:
  // Errc::invalid names the entry.
  static Result<Lists> compile(Folder& folder, std::vector<Entry> entries);

  struct Found {
    const Entry* entry;  // of these lists
    Span where;          // in the folded text
    bool of_room = false;  // else of the server's own lists
  };
  // Appends every hit, allowing ones too, so that several lists can be asked before take_back().
  void find(const Folded& text, const Words& words, std::vector<Found>& out) const;
  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t pattern_size() const { return patterns_.size(); }

 private:
  std::vector<Entry> entries_;
  Phrases phrases_;
  Patterns patterns_;
};

// Leaves the hits that hold or block, but those within one that allows; the sternest first, and then as they
// stand. What allows and is of a shared list takes back what that list found, and no more; of the server's
// lists, all but what the room's own entries found; of the room's own, everything.
void take_back(std::vector<Lists::Found>& found);

}  // namespace sluice::automod
