#pragma once
// ServerSession: one publisher's RTMP connection as seen by a server (Adobe RTMP 1.0; Enhanced RTMP v2's connect).
// Sans-IO: bytes and the time go in, events and bytes come out; it owns no socket, no clock, and never blocks or throws
// for what a peer sends.
//
//   session.receive(bytes, now);                    // whatever the socket gave
//   while (auto event = session.next_event()) …     // act on it; accept() or reject() requests, now or later
//   connection.send(session.take_output());
//   if (session.finished()) connection.close();     // after what was queued is written
//   session.wants_input() ? resume reading : pause reading
//
// and tick(now) when deadline() has passed. The order of a publisher's life: ConnectRequest, PublishRequest, then media
// and data, then Unpublished (it said goodbye; another PublishRequest may follow) or Failed (it broke the rules, or was too
// slow). A peer that just goes away is seen by the socket's owner alone, as is one that does not read: a publisher is sent
// a few kilobytes in its life, so close when more than 256 KiB wait in the connection's queue.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/snapshot.hpp"
#include "media/track.hpp"
#include "rtmp/amf_value.hpp"
#include "rtmp/chunk_limits.hpp"
#include "rtmp/message.hpp"
#include "rtmp/status.hpp"

namespace sluice::rtmp {

struct ServerConfig {
  std::uint32_t chunk_size = 65'536;           // of what we send; ffmpeg then sends in chunks of that size too
  std::uint32_t window = 2'500'000;            // bytes: how often the peer is to acknowledge, and we before it says otherwise
  milliseconds setup_time{10'000};             // from the start to a publish request
  milliseconds idle_time{30'000};              // without a byte (half-way a ping asks)
  std::uint16_t rtmps_port = 0;                // where TLS is spoken, for who tries that here; 0: nowhere that is known
  ChunkLimits strangers{64u << 10, 128u << 10, 16};  // until a publish is accepted
  ChunkLimits publishers{};                    // afterwards
};

// Answer with accept() or reject(). Nothing the peer sends after it is looked at before that.
struct ConnectRequest {
  std::string app;             // without a query and slashes at its ends: "live"
  std::string tc_url;          // as the peer sees the server; may hold secrets of others' making: do not log
  std::string flash_version;   // "FMLE/3.0 (compatible; FMSc/1.0)": says which program publishes
  std::vector<std::string> fourccs;  // Enhanced RTMP: codecs that the peer names; empty = an older peer
  std::uint32_t caps = 0;      // Enhanced RTMP capsEx: 1 reconnect, 2 multitrack, 4 ModEx, 8 nanosecond offsets
};
struct PublishRequest {
  std::string app;
  std::string key;             // the stream key, without a query: a secret
  std::string query;           // what stood behind '?' in it
  std::string type;            // "live", "record", "append"
};

struct MediaMessage {
  media::Kind kind = media::Kind::video;
  std::uint32_t timestamp = 0;       // ms modulo 2^32, as it came: unwrapping and repair are the receiver's
  Payload payload;                   // with its FLV tag header: flv.hpp reads it
  std::uint32_t chunk_stream = 0;
  std::uint32_t message_stream = 0;
};
// "onMetaData" (with or without @setDataFrame), "onTextData", "onCuePoint"…
struct DataMessage {
  std::uint32_t timestamp = 0;
  std::string name;
  amf::Value value;                  // the first value behind the name
};

// The peer ended its publish by a command: the stream is over, not interrupted.
struct Unpublished {
  std::string command;  // "FCUnpublish", "deleteStream", "closeStream", "publish" (false)
};
// Something we do not know or take, passed over. At most 32 are reported of one session.
struct Notice {
  std::string what;
};
// The session is over. What is queued for output should still be sent (finished() is true).
struct Failed {
  Error error;
};

using Event = std::variant<ConnectRequest, PublishRequest, MediaMessage, DataMessage, Unpublished, Notice, Failed>;

class ServerSession {
 public:
  // `random` fills the handshake and must outlive the session.
  ServerSession(Steady now, Random& random, ServerConfig config = {});
  ~ServerSession();
  ServerSession(ServerSession&&) noexcept;
  ServerSession& operator=(ServerSession&&) noexcept;

  // Takes all the bytes. While a request awaits its answer they are kept (1 MiB at most, more is an error): pause reading.
  void receive(ByteView bytes, Steady now);
  std::optional<Event> next_event();

  // Answers the ConnectRequest or PublishRequest last seen. Without one, accept() does nothing.
  void accept();
  // Refuses it, or ends the publish that runs: the peer gets the status (status.hpp) with a sentence for its user, and the
  // session is finished.
  void reject(std::string_view code, std::string_view description);
  // Asks a peer that can (capsEx reconnect) to come back, to `tc_url` where given. False: it cannot.
  bool request_reconnect(std::string_view description, std::string_view tc_url = {});

  Bytes take_output();
  bool has_output() const;
  bool wants_input() const;   // false while a request awaits its answer, and when finished
  bool finished() const;      // nothing more will come: send what is left, then close
  bool publishing() const;    // between accept() of a PublishRequest and its end

  // Other times, and limits for publishers, hold from now on: for a wait that is under way, too, and for the next message.
  // The rest of `config` is as the session began with it.
  void reconfigure(const ServerConfig& config);

  void tick(Steady now);      // enforces the deadlines; pings a silent peer
  Steady deadline() const;    // when tick() next has something to do; Steady::max() when finished
  std::uint64_t bytes_received() const;
  std::size_t held() const;   // bytes of messages that have begun and not ended

  // The whole session, at any byte, for another process that goes on with the connection; not before every event has been taken. A
  // session restores into one that was just made, whose configuration holds for times; what the peer may send is as it was.
  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::rtmp
