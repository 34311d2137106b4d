#pragma once
// Stills: the first picture of a piece of media, and pictures laid out on a sheet that is written as a JPEG.
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ffmpeg/frame.hpp"

namespace sluice::ffmpeg {

// Decodes the first picture of a whole or cut-off piece of a container (a CMAF header with a fragment behind it, MPEG-TS).
// Errc::invalid when there is none.
Result<Frame> first_picture(ByteView media);

// A black sheet, 4:2:0, onto which pictures are drawn. Sizes and places in pixels, even.
class Sheet {
 public:
  static Result<Sheet> make(std::uint32_t width, std::uint32_t height);
  Sheet(Sheet&&) noexcept;
  Sheet& operator=(Sheet&&) noexcept;
  ~Sheet();

  // Scales the picture to fit into the box, its shape kept, and centres it there. The box lies within the sheet.
  Result<> draw(const Frame& picture, std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height);
  Result<Bytes> jpeg(unsigned quantiser = 5) const;  // 2 (best) … 31

 private:
  struct Impl;
  explicit Sheet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::ffmpeg
