#pragma once
// Folding: what a person reads in a text, whatever it was written with, for comparing. Compatibility forms
// and case (NFKC, case folding), characters that look alike (the skeleton of UTS 39, "confusables"; ASCII
// stays as it is), letters in circles, squares and small capitals, accents; what is invisible is gone, every
// blank is U+0020. Greek capitals that are written as Latin ones are these in a word with Latin letters, and
// stay Greek among their own. Each folded character knows where it came from.
//
// Text is hostile: any bytes do; pieces that are not UTF-8 are U+FFFD. The work is linear in its length.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sluice::automod {

struct Span {  // [begin, end)
  std::uint32_t begin = 0, end = 0;
  bool operator==(const Span&) const = default;
  bool covers(Span other) const { return begin <= other.begin && other.end <= end; }
};

struct Folded {
  std::u32string text;
  std::vector<Span> from;           // for each character of text: code points of the original
  std::u32string original;          // its code points
  Span origin(Span in_text) const;  // of a piece that is not empty
};

// One to a thread: it remembers what characters fold to.
class Folder {
 public:
  static Result<Folder> make();  // Errc::unavailable: ICU without its data
  Folder(Folder&&) noexcept;
  ~Folder();
  Folded fold(std::string_view utf8);

 private:
  struct Impl;
  explicit Folder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

std::u32string code_points(std::string_view utf8);  // U+FFFD for each piece that is not UTF-8
std::string to_utf8(std::u32string_view points);

}  // namespace sluice::automod
