#pragma once
// The streamid that a caller brings (SRT Access Control Guidelines): "#!::r=NAME,u=USER,m=publish…", or a plain text that is
// the resource's name alone. Sans-IO.
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::srt {

inline constexpr std::size_t longest_stream_id = 512;  // characters

struct StreamId {
  enum class Mode { request, publish, bidirectional };

  std::string resource;      // r: here a stream key, a secret; without a leading "live/" or "/"
  std::string user;          // u
  std::string host;          // h
  std::string session;       // s
  std::string type = "stream";  // t: stream, file or auth
  Mode mode = Mode::request;    // m; a plain text means publish, since what a player asks for is not a secret
  bool plain = false;
};

// A list is understood percent-encoded, too, as it stands in a URL: "%23!::r=NAME…". Keys that the guidelines leave to applications are passed over. Errors (Errc::invalid): longer than 512 characters, control
// characters, a list that is none, a key twice, a mode that there is not, no resource.
Result<StreamId> parse_stream_id(std::string_view text);

}  // namespace sluice::srt
