// rooms: rtmp media
// What an ingestd hands over to the next: the first byte says whether a session or a stream's memory. What is taken is saved again as it
// is, and can be gone on with; all else is refused.
#include <algorithm>
#include <cstdlib>

#include "media/intake.hpp"
#include "media/lifecycle.hpp"
#include "media/retention.hpp"
#include "rtmp/session.hpp"

using namespace sluice;

namespace {

const Steady start{std::chrono::hours(1)};

template <class... Objects>
Bytes saved(const Objects&... objects) {
  Bytes bytes;
  SnapshotWriter out(bytes);
  (objects.save(out), ...);
  return bytes;
}

template <class... Objects>
bool restored(ByteView bytes, Objects&... objects) {
  SnapshotReader in(bytes);
  (objects.restore(in), ...);
  return in.finish().has_value();
}

void session(ByteView input) {
  SeededRandom random(1);
  rtmp::ServerSession first(start, random), second(start, random);
  if (!restored(input, first)) return;
  const Bytes again = saved(first);
  if (!restored(again, second) || saved(second) != again) std::abort();
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

void stream(ByteView input) {
  media::Retention retention, other;
  media::Intake intake(retention), other_intake(other);
  media::Lifecycle life({}, start, false), other_life({}, start, false);
  if (!restored(input, retention, intake, life)) return;
  const Bytes again = saved(retention, intake, life);
  if (!restored(again, other, other_intake, other_life) || saved(other, other_intake, other_life) != again) std::abort();
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
  (data[0] & 1) == 0 ? session(input) : stream(input);
  return 0;
}
