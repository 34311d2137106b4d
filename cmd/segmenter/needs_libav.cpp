#include "containers.hpp"
#include "flv/file.hpp"
#include "nut/reader.hpp"
#include "os/peek.hpp"

namespace sluice::segmenter {

namespace {
constexpr std::size_t telling = 4096;  // by then it is known whether a stream is the media pipe's
}

Result<bool> needs_libav(int fd, int stop) {
  for (std::size_t least = 1;;) {
    const auto begin = os::peek(fd, least, telling, stop);
    if (!begin) return begin.error().code == Errc::invalid ? Result<bool>(true) : std::unexpected(begin.error());
    const nut::Form nut = nut::recognise(*begin);
    const flv::Form flv = flv::recognise(*begin);
    if (nut == nut::Form::ours || flv == flv::Form::plain) return false;
    if (nut == nut::Form::foreign && flv == flv::Form::other) return true;
    if (begin->size() < least || begin->size() == telling) return nut == nut::Form::foreign;  // it ends: what is missing is told by who reads it
    least = begin->size() + 1;
  }
}

}  // namespace sluice::segmenter
