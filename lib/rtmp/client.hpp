#pragma once
// ClientSession: the publisher's side of RTMP (Adobe RTMP 1.0; Enhanced RTMP v2's connect). Sans-IO, as ServerSession is:
// bytes in, events and bytes out.
//
//   send(session.take_output()); receive(bytes); next_event() … until Publishing; then send_media() and finish().
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "media/track.hpp"
#include "rtmp/amf_value.hpp"

namespace sluice::rtmp {

struct ClientConfig {
  std::string app;                  // "live"
  std::string tc_url;               // "rtmp://host:1935/live"
  std::string key;                  // the stream key, with a query if there is to be one
  std::string flash_version = "FMLE/3.0 (compatible; Sluice)";
  bool digests = false;             // shake hands with digests
  bool enhanced = false;            // name Enhanced RTMP's fields in connect
  std::uint32_t chunk_size = 65'536;
};

// The server lets us publish: media may go out.
struct Publishing {};
// What the server said about the connection or the stream. level: "status", "warning", "error".
struct Status {
  std::string level, code, description;
};
// The session is over: refused, or the server broke the rules. A Status with the server's words came before a refusal.
struct ClientFailed {
  Error error;
};
using ClientEvent = std::variant<Publishing, Status, ClientFailed>;

class ClientSession {
 public:
  // `random` must outlive the session. take_output() has C0 and C1 at once.
  ClientSession(Random& random, ClientConfig config);
  ~ClientSession();

  void receive(ByteView bytes);
  std::optional<ClientEvent> next_event();
  Bytes take_output();
  bool publishing() const;
  bool finished() const;
  std::vector<std::string> server_fourccs() const;  // what an Enhanced RTMP server's answer named

  // While publishing(); else nothing is sent. `payload` begins with its FLV tag header (flv.hpp). Timestamps in ms.
  void send_media(media::Kind kind, std::uint32_t timestamp, ByteView payload);
  void send_metadata(std::uint32_t timestamp, const amf::Value& metadata);
  // An AMF 0 data message as it stands in an FLV file's script tag, "onMetaData" first.
  void send_script(std::uint32_t timestamp, ByteView payload);
  void finish();  // FCUnpublish, deleteStream: the stream is over

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::rtmp
