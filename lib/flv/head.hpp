#pragma once
// What stands before an FLV file's first frame: its header, metadata and decoder configurations.
#include <optional>
#include <vector>

#include "media/track.hpp"
#include "rtmp/amf_value.hpp"
#include "rtmp/flv.hpp"

namespace sluice::flv {

enum class TagType : std::uint8_t { audio = 8, video = 9, script = 18 };

// E.4.1, with the tag's body and the size that follows it.
struct Tag {
  std::uint8_t type = 0;
  std::uint32_t milliseconds = 0;
  ByteView body;
  std::size_t size = 0;  // of everything, the size behind it included
  bool sized = false;    // what stands behind it is its size, as it should be

  static constexpr std::size_t header_size = 11, trailer_size = 4;
  // Nothing while it is not whole; `needed` is then its size as far as that is known.
  static std::optional<Tag> read(ByteView bytes, std::size_t& needed);
  static bool known(std::uint8_t type);
};

struct Lane {
  media::Track track;
  unsigned length_size = 4;  // of NAL units as they come
};

class Head {
 public:
  enum class State { incomplete, whole, not_plain };
  // Reads as much as there is of `bytes`, the file's first; the same bytes again and more when it is incomplete.
  State read(ByteView bytes);

  std::size_t size() const { return size_; }                // where the first frame's tag begins, or the tag behind the last configuration
  std::size_t needed() const { return needed_; }            // when incomplete: at least so many bytes in all
  const std::optional<Lane>& video() const { return video_; }
  const std::optional<Lane>& audio() const { return audio_; }

 private:
  bool take(const Tag& tag);
  bool configure(const rtmp::flv::Packet& packet);
  void describe(const rtmp::amf::Value& metadata);

  std::size_t size_ = 0, needed_ = 0;
  bool has_video_ = false, has_audio_ = false;
  std::optional<Lane> video_, audio_;
  struct {
    double frame_rate = 0, video_kbits = 0, audio_kbits = 0;
  } told_;
};

}  // namespace sluice::flv
