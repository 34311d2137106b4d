#pragma once
// Patterns: RE2's, so that no text and no expression takes more than linear time. One pass says which of all
// match; only those are looked for one by one.
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "automod/fold.hpp"

namespace sluice::automod {

class Patterns {
 public:
  Patterns();
  Patterns(Patterns&&) noexcept;
  Patterns& operator=(Patterns&&) noexcept;
  ~Patterns();
  // Errc::invalid: RE2's reason, or it would take too long to compile and to look for.
  Result<> add(std::string_view pattern, std::uint32_t number);
  Result<> compile();                         // once, after all were added. Errc::invalid: too large together
  std::size_t size() const { return size_; }  // instructions of all
  struct Found {
    std::uint32_t number;
    Span where;  // in the folded text
  };
  void find(const Folded& text,
            std::vector<Found>& out) const;  // appends; a pattern is told at most 16 times

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::size_t size_ = 0;
};

}  // namespace sluice::automod
