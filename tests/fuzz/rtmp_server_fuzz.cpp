// rooms: rtmp
// A publisher's bytes. The first byte of the input says how they come: cut into pieces, and behind a handshake or with one.
#include <algorithm>
#include <cstdlib>

#include "rtmp/flv.hpp"
#include "rtmp/session.hpp"

using namespace sluice;

namespace {

struct Told {
  std::size_t events = 0, bytes = 0;
  std::uint64_t sum = 0;
  bool finished = false;
  bool operator==(const Told&) const = default;
};

void count(Told& told, std::uint64_t value) {
  ++told.events;
  told.sum = told.sum * 1099511628211ull + value;
}

Told run(ByteView input, std::size_t piece, bool handshake) {
  SeededRandom random(1);
  const Steady start{std::chrono::hours(1)};
  rtmp::ServerSession session(start, random);
  Told told;
  if (handshake) {
    Bytes hands(1 + 2 * 1536);
    hands[0] = std::byte{3};
    session.receive(hands, start);
  }
  std::vector<rtmp::flv::Packet> packets;
  while (!input.empty()) {
    const ByteView part = input.first(std::min(piece, input.size()));
    input = input.subspan(part.size());
    session.receive(part, start);
    while (auto event = session.next_event()) {
      count(told, event->index());
      if (std::holds_alternative<rtmp::ConnectRequest>(*event) || std::holds_alternative<rtmp::PublishRequest>(*event)) {
        session.accept();
      } else if (const auto* media = std::get_if<rtmp::MediaMessage>(&*event)) {
        count(told, media->timestamp);
        count(told, media->payload.bytes.size());
        for (const std::byte b : media->payload.bytes) told.sum += static_cast<std::uint64_t>(b);
        packets.clear();
        static_cast<void>(rtmp::flv::parse_video(media->payload.bytes, packets));
      } else if (const auto* failed = std::get_if<rtmp::Failed>(&*event)) {
        count(told, failed->error.what.size());
      }
    }
    if (session.held() > rtmp::ChunkLimits{}.held) std::abort();
    told.bytes += session.take_output().size();
  }
  told.finished = session.finished();
  // Nothing a peer says makes us say more than a few times as much.
  if (told.bytes > 8192 + 200 * 1000) std::abort();
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  const bool handshake = data[0] & 1;
  const std::size_t piece = 1 + (data[0] >> 1);
  const Told whole = run(input, input.size(), handshake);
  if (run(input, piece, handshake) != whole) std::abort();
  return 0;
}
