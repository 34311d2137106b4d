#pragma once
// The words of sluice-pipe(5) that stand among the frames, and the one in the header by which a writer promises that its last will be the end.

namespace sluice::pipe {

inline constexpr const char *state_key = "sluice_state", *state_shed = "shed", *state_live = "live", *state_end = "end";
inline constexpr const char* marks_end = "marks_end";  // not sluice_…: who does not know it must not pass it on

}  // namespace sluice::pipe
