#pragma once
// A publisher and a server joined without a network, and what they said, in words that compare.
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/text.hpp"
#include "rtmp/amf0.hpp"
#include "rtmp/client.hpp"
#include "rtmp/session.hpp"

namespace sluice::rtmp::test {

inline const Steady start{std::chrono::hours(1)};

inline ClientConfig publisher_config() {
  return {.app = "live", .tc_url = "rtmp://127.0.0.1/live", .key = "secret?token=1"};
}

// One line for an event; payloads in hex.
inline std::string line(const Event& event) {
  struct {
    std::string operator()(const ConnectRequest& e) {
      std::string text = "connect " + e.app + " " + e.flash_version + " " + std::to_string(e.caps);
      for (const auto& name : e.fourccs) text += " " + name;
      return text;
    }
    std::string operator()(const PublishRequest& e) {
      return "publish " + e.app + " " + e.key + " " + e.query + " " + e.type;
    }
    std::string operator()(const MediaMessage& e) {
      return std::string(e.kind == media::Kind::video ? "video " : "audio ") + std::to_string(e.timestamp) + " " +
             std::to_string(e.chunk_stream) + " " + std::to_string(e.message_stream) + " " + hex(e.payload.bytes);
    }
    std::string operator()(const DataMessage& e) { return "data " + std::to_string(e.timestamp) + " " + e.name; }
    std::string operator()(const Unpublished& e) { return "unpublished " + e.command; }
    std::string operator()(const Notice& e) { return "notice " + e.what; }
    std::string operator()(const Failed& e) { return "failed " + e.error.what; }
  } words;
  return std::visit(words, event);
}

// Feeds a recorded input in pieces; accepts every request as soon as it is seen.
inline std::vector<std::string> events_of(ServerSession& session, ByteView input, std::size_t piece) {
  std::vector<std::string> lines;
  while (!input.empty()) {
    const ByteView part = input.first(std::min(piece, input.size()));
    input = input.subspan(part.size());
    session.receive(part, start);
    while (auto event = session.next_event()) {
      lines.push_back(line(*event));
      if (std::holds_alternative<ConnectRequest>(*event) || std::holds_alternative<PublishRequest>(*event)) {
        session.accept();
      }
    }
  }
  return lines;
}

// Lets both talk until neither has anything to say. Records what the client sent and what the server saw.
struct Pair {
  SeededRandom random{1};
  ServerSession server{start, random};
  ClientSession client;
  Bytes sent;                        // by the client
  std::vector<std::string> seen;     // by the server
  std::vector<Status> statuses;      // by the client
  bool accepts = true;

  explicit Pair(ClientConfig config = publisher_config()) : client(random, std::move(config)) {}

  void talk() {
    for (bool more = true; more;) {
      more = false;
      const Bytes up = client.take_output();
      append(sent, up);
      more |= !up.empty();
      server.receive(up, start);
      while (auto event = server.next_event()) {
        seen.push_back(line(*event));
        if (std::holds_alternative<ConnectRequest>(*event)) server.accept();
        if (std::holds_alternative<PublishRequest>(*event) && accepts) server.accept();
        more = true;
      }
      const Bytes down = server.take_output();
      more |= !down.empty();
      client.receive(down);
      while (auto event = client.next_event()) {
        if (const auto* status = std::get_if<Status>(&*event)) statuses.push_back(*status);
        more = true;
      }
    }
  }
};

inline Bytes media_bytes(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  SeededRandom(seed).fill(bytes);
  return bytes;
}

// A whole broadcast: metadata, small and large messages, timestamps past 2^24.
inline void broadcast(Pair& pair) {
  pair.talk();
  pair.client.send_metadata(0, amf::EcmaArray{{{"width", 1280}, {"encoder", "test"}}});
  pair.client.send_media(media::Kind::audio, 0, media_bytes(7, 1));
  pair.client.send_media(media::Kind::video, 0, media_bytes(700, 2));
  pair.client.send_media(media::Kind::audio, 23, media_bytes(7, 3));
  pair.client.send_media(media::Kind::audio, 46, media_bytes(7, 4));
  pair.client.send_media(media::Kind::video, 0x01000000, media_bytes(300, 5));
  pair.client.send_media(media::Kind::video, 0x01000021, media_bytes(300, 6));
  pair.client.send_media(media::Kind::video, 0xffffffff, media_bytes(1, 7));
  pair.client.send_media(media::Kind::video, 5, media_bytes(1, 8));
  pair.talk();
  pair.client.finish();
  pair.talk();
}

}  // namespace sluice::rtmp::test
