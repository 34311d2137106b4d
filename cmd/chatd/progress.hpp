#pragma once
// Progress: how far the event log is done with here. What an event asks to be said is done when it is with
// the archivist: a kill before that leaves it to the next run.
#include <algorithm>
#include <set>

#include "store/events.hpp"

namespace sluice::chatd {

class Progress {
 public:
  void heard(store::Cursor cursor) { heard_ = std::max(heard_, cursor); }
  void begin(store::Cursor cursor) { under_way_.insert(cursor); }
  void end(store::Cursor cursor) { under_way_.erase(cursor); }
  // The newest event up to which everything is done.
  store::Cursor done() const {
    return under_way_.empty() ? heard_ : std::min(heard_, store::Cursor(under_way_.begin()->value() - 1));
  }

 private:
  store::Cursor heard_;
  std::set<store::Cursor> under_way_;
};

}  // namespace sluice::chatd
