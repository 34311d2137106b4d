#pragma once
// What needs libav: containers other than the media pipe's and plain FLV, and segments in MPEG-TS. It brings a hundred libraries, which cost a process three megabytes and
// a start of tens of milliseconds, and a stream of a platform needs none of it: so that part is a second program of the same sources,
// libexec/sluice/segmenter-libav, which segmenter becomes (exec) when the input or --format asks for it.
#include <functional>
#include <vector>

#include "hls/segment_operations.hpp"
#include "pipe/container.hpp"

namespace sluice::segmenter {

struct Containers {
  pipe::OpenContainer open;
  std::function<Result<std::function<Result<Bytes>(const hls::WritePart&)>>(const std::vector<media::Track>&)> ts_parts;
  std::function<Result<>()> become_other;  // returns only when it fails; empty in the program that has it all
};

Containers without_libav(char** arguments);
Containers with_libav();  // in cmd/segmenter-libav

// Whether the input on `fd` begins as neither the media pipe nor plain FLV; waits for its first bytes, until `stop` is readable.
Result<bool> needs_libav(int fd, int stop);

}  // namespace sluice::segmenter
