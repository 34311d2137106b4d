#include "containers.hpp"
#include "nut/reader.hpp"
#include "os/peek.hpp"

namespace sluice::segmenter {

namespace {
constexpr std::size_t telling = 4096;  // by then it is known whether a stream is the media pipe's
}

Result<bool> needs_libav(int fd) {
  for (std::size_t least = 1;;) {
    const auto begin = os::peek(fd, least, telling);
    if (!begin) return begin.error().code == Errc::invalid ? Result<bool>(true) : std::unexpected(begin.error());
    const nut::Form form = nut::recognise(*begin);
    if (form != nut::Form::undecided) return form == nut::Form::foreign;
    if (begin->size() < least || begin->size() == telling) return false;  // it ends: what is missing is told by who reads it
    least = begin->size() + 1;
  }
}

}  // namespace sluice::segmenter
