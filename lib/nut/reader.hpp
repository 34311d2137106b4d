#pragma once
// Reader: the bytes of the media pipe → tracks, packets, notices of information. Reads the form that nut::Writer writes;
// other NUT files (recognised by their main header) are left to libavformat. No descriptor, no clock.
//
// Bytes are read straight into input(); packets point into it and share it.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/shared_input.hpp"
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
  // Where the bytes go: space and commit, or push.
  SharedInput& input() { return input_; }

  // True once the headers are read (with the first syncpoint): tracks() and info() are then fixed.
  Result<bool> header();
  const std::vector<media::Track>& tracks() const { return tracks_; }
  const std::map<std::string, std::string>& info() const { return info_; }

  // The next packet or change of information; nothing when more bytes are needed. Errc::invalid is final.
  Result<std::optional<Event>> next();

 private:
  Result<bool> header_packet();
  Result<> main_header(ByteReader in);
  Result<> stream_header(ByteReader in);
  Result<std::optional<InfoChange>> info_packet(ByteReader in);

  SharedInput input_;
  bool begun_ = false, ready_ = false;
  std::vector<std::uint32_t> timescales_;
  std::vector<media::Track> tracks_;
  std::size_t described_ = 0;  // stream headers read
  std::map<std::string, std::string> info_;
};

}  // namespace sluice::nut
