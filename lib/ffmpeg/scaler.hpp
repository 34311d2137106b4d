#pragma once
// Scaler: frames of any size and pixel format → frames of one size, 4:2:0 with 8 bits. A frame that fits already is passed on as it is.
#include <memory>

#include "base/result.hpp"
#include "ffmpeg/frame.hpp"

namespace sluice::ffmpeg {

class Scaler {
 public:
  Scaler(std::uint32_t width, std::uint32_t height);
  Scaler(Scaler&&) noexcept;
  Scaler& operator=(Scaler&&) noexcept;
  ~Scaler();

  Result<Frame> scale(const Frame& frame);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::ffmpeg
