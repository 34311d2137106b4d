#pragma once
// Frames of a job's connection (sluice-transcode-jobs(5)): TYPE (one letter), LENGTH (32 bits, big-endian), PAYLOAD.
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace sluice::relay {

enum class Type : char {
  hello = 'H',      // worker: version, ticket, its challenge, its name
  challenge = 'C',  // dispatcher: its challenge, its proof
  proof = 'P',      // worker: its proof
  order = 'J',      // dispatcher: what to do (words.hpp)
  started = 'S',    // worker: media may come
  refused = 'R',    // either: why not
  media = 'D',      // either: bytes of the media pipe
  input_end = 'E',  // dispatcher: there will be no more media
  outcome = 'X',    // worker: how the job ended (words.hpp); nothing follows
  beat = 'B',       // either: still here
};

constexpr std::size_t longest_word_frame = 4096;          // payload of all frames but media
constexpr std::size_t longest_media_frame = 256u * 1024;  // payload
constexpr std::size_t frame_head = 5;

void append_frame(Bytes& out, Type type, ByteView payload);
void write_frame_head(std::byte* head, Type type, std::size_t length);  // frame_head bytes

// Bytes in, frames out, cut anywhere. Media comes in pieces as it arrives, other frames whole. A fault ends it for good: Errc::invalid.
class FrameReader {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual Result<> on_frame(Type type, ByteView payload) = 0;  // good for the call; an error ends the reader
    virtual Result<> on_media(ByteView piece) = 0;
  };
  Result<> feed(ByteView bytes, Handler& handler);

 private:
  Result<> begin_frame();

  Bytes held_;             // of the head, or of a frame that is taken whole
  bool in_payload_ = false, failed_ = false;
  Type type_ = Type::beat;
  std::size_t left_ = 0;   // of the payload
};

}  // namespace sluice::relay
