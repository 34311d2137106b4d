#pragma once
// FLV files (Adobe's Video File Format Specification 10.1, annex E; Enhanced RTMP v2's tag headers) as a container: the plain case, one picture in H.264
// or HEVC and one sound in AAC whose configurations stand at the beginning, which is what encoders write. What is not plain is left to
// libavformat, and open() is told so before it reads a byte.
#include "pipe/container.hpp"

namespace sluice::flv {

// Whether a stream that begins with these bytes is plain. `undecided`: more are needed.
enum class Form { plain, other, undecided };
Form recognise(ByteView begin);

// Of a stream that recognise() calls plain. Errc::invalid: it is not.
Result<std::unique_ptr<pipe::Container>> open(pipe::Read read, pipe::ReadLimits limits);

}  // namespace sluice::flv
