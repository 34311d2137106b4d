// rooms: rtmp media
// What an ingestd hands over to the next: the first byte says whether a session, a stream's memory, or what a peer has sent, behind a
// handshake or with one. What is taken is saved again as it is, and can be gone on with; all else is refused. A session can be handed
// over whatever its peer says.
#include <algorithm>
#include <cstdlib>

#include "../snapshots.hpp"
#include "media/intake.hpp"
#include "media/lifecycle.hpp"
#include "media/retention.hpp"
#include "rtmp/session.hpp"

using namespace sluice;
using sluice::test::restored;
using sluice::test::saved;

namespace {

const Steady start{std::chrono::hours(1)};

// Whether `first` takes the input; then it is saved as `second` is, which takes that.
template <class T>
bool taken(ByteView input, T& first, T& second) {
  if (!restored(input, first)) return false;
  const Bytes again = saved(first);
  if (!restored(again, second) || saved(second) != again) std::abort();
  return true;
}

void session(ByteView input) {
  SeededRandom random(1);
  rtmp::ServerSession first(start, random), second(start, random);
  if (!taken(input, first, second)) return;
  if (first.wants_input() != second.wants_input() || first.held() != second.held()) std::abort();
  first.tick(start);
  Bytes more(300);
  SeededRandom(2).fill(more);
  first.receive(more, start);
  while (auto event = first.next_event())
    if (std::holds_alternative<rtmp::ConnectRequest>(*event) || std::holds_alternative<rtmp::PublishRequest>(*event)) first.accept();
  static_cast<void>(first.take_output());
  static_cast<void>(first.deadline());
}

void peer(ByteView input, bool handshake) {
  SeededRandom random(1);
  rtmp::ServerSession session(start, random), next(start, random), last(start, random);
  if (handshake) {
    Bytes hands(1 + 2 * 1536);
    hands[0] = std::byte{3};
    session.receive(hands, start);
  }
  session.receive(input, start);
  while (auto event = session.next_event())
    if (std::holds_alternative<rtmp::ConnectRequest>(*event) || std::holds_alternative<rtmp::PublishRequest>(*event)) session.accept();
  if (!taken(saved(session), next, last)) std::abort();
}

struct Memory {
  media::Retention retention;
  media::Intake intake{retention};
  media::Lifecycle life{{}, start, false};
  void save(SnapshotWriter& out) const { out(retention, intake, life); }
  void restore(SnapshotReader& in) { in(retention, intake, life); }
};

void stream(ByteView input) {
  Memory first, second;
  if (!taken(input, first, second)) return;
  auto& [retention, intake, life] = first;
  static_cast<void>(intake.deadline());
  static_cast<void>(intake.keyframe_interval());
  static_cast<void>(life.deadline());
  for (int i = 0; i < 4; ++i) static_cast<void>(life.next(start));
  static_cast<void>(retention.span());
  static_cast<void>(retention.rewind(0));
  while (retention.peek() != nullptr) retention.advance();
  retention.passed(1'000'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  switch (data[0]) {
    case 0: session(input); break;
    case 1: stream(input); break;
    default: peer(input, (data[0] & 1) == 0);
  }
  return 0;
}
