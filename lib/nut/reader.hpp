#pragma once
// Reader: the bytes of the media pipe → tracks, packets, notices of information. Reads the form that nut::Writer writes;
// other NUT files (recognised by their main header) are left to libavformat. No descriptor, no clock.
//
// Bytes are read straight into the reader's buffer (space, then commit); packets point into that buffer and share it.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "media/track.hpp"

namespace sluice::nut {

enum class Form { ours, foreign, undecided };
// Whether a stream that begins with these bytes is ours; undecided when more bytes are needed (never beyond 4 KB).
Form recognise(ByteView begin);

struct InfoChange {
  std::optional<std::size_t> track;  // none: about the whole stream
  std::map<std::string, std::string> info;
};
using Event = std::variant<media::Packet, InfoChange>;

class Reader {
 public:
  Reader();

  // Room for at least `least` more bytes; fill from its start and say how many by commit(). Valid until the next call.
  std::span<std::byte> space(std::size_t least = 1);
  void commit(std::size_t bytes);
  void push(ByteView bytes);  // space, copy, commit

  // True once the headers are read (with the first syncpoint): tracks() and info() are then fixed.
  Result<bool> header();
  const std::vector<media::Track>& tracks() const { return tracks_; }
  const std::map<std::string, std::string>& info() const { return info_; }

  // The next packet or change of information; nothing when more bytes are needed. Errc::invalid is final.
  Result<std::optional<Event>> next();

 private:
  struct Chunk {
    explicit Chunk(std::size_t size) : bytes(new std::byte[size]), capacity(size) {}
    std::unique_ptr<std::byte[]> bytes;
    std::size_t capacity;
  };
  ByteView unread() const { return {chunk_->bytes.get() + at_, filled_ - at_}; }
  std::shared_ptr<Chunk> chunk_of(std::size_t capacity);
  Result<bool> header_packet();
  Result<> main_header(ByteReader in);
  Result<> stream_header(ByteReader in);
  Result<std::optional<InfoChange>> info_packet(ByteReader in);

  std::shared_ptr<Chunk> chunk_;
  std::vector<std::shared_ptr<Chunk>> kept_;  // each is used again when no packet holds it any more
  std::size_t at_ = 0, filled_ = 0;
  bool begun_ = false, ready_ = false;
  std::vector<std::uint32_t> timescales_;
  std::vector<media::Track> tracks_;
  std::size_t described_ = 0;  // stream headers read
  std::map<std::string, std::string> info_;
};

}  // namespace sluice::nut
