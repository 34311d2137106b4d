#pragma once
// SourceMark: what one generation of transcode(1) tells the next ones of a source, in the ledger's file source-gop (sluice-ledger(5)): numbers of one
// line, "GOP [PROBATION [NEXT [BITRATE]]]", times in µs.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace sluice::media {

struct SourceMark {
  microseconds gop{0};                    // how long the GOP was, or was promised, that is too long to be passed through; 0: it is passed through again
  std::optional<microseconds> probation;  // so long all GOPs have to fit before the source is passed through again; nothing: it never is
  microseconds next{0};                   // source time at which the first picture is shown that was not passed through, or is again; 0: not known
  std::uint64_t bitrate = 0;              // bit/s of what was passed through; 0: not known
  bool operator==(const SourceMark&) const = default;
};

std::string format(const SourceMark& mark);                             // without a newline
std::optional<SourceMark> parse_source_mark(std::string_view text);     // the first line of it; nothing when that is no mark

// Whether the source is known to have such GOPs, by its encoder's promise or since it failed again. A first one may be a mishap.
bool is_habit(const SourceMark& mark);

// How long the probation is after a source has been passed through again and has failed again: twice as long, ten minutes at most.
microseconds next_probation(const std::optional<SourceMark>& before);

}  // namespace sluice::media
