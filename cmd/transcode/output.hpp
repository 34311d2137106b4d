#pragma once
// Output: the media pipe that all threads write to. Each track's packets go out in their order as soon as they are made;
// between tracks they stand as they became ready, which is by dts but for the encoders' delay.
#include <functional>
#include <mutex>
#include <vector>

#include "pipe/pipe.hpp"

namespace sluice::transcode {

class Output {
 public:
  // `broken` is called once when the reader of our output is gone.
  Output(pipe::Writer writer, std::size_t tracks, std::function<void()> broken);

  void write(std::size_t track, media::Packet packet);
  void write(const pipe::Notice& notice);
  Result<> finish(bool whole);  // what was made is all of the stream, or only what there was; the first error there was

  struct Sent {
    std::uint64_t packets = 0, bytes = 0;
  };
  std::vector<Sent> sent() const;

 private:
  void note(Result<> written);

  mutable std::mutex mutex_;
  pipe::Writer writer_;
  std::vector<Sent> sent_;
  Result<> error_;
  std::function<void()> broken_;
};

}  // namespace sluice::transcode
