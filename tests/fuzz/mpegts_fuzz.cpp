// rooms: mpegts media
// A transport stream, whole and byte for byte: the same units must come out; and their frames.
#include <cstdlib>

#include "mpegts/frames.hpp"

using namespace sluice;

namespace {

std::vector<mpegts::Unit> demux(ByteView bytes, std::size_t step) {
  mpegts::Demuxer demuxer({.unit = 4096, .held = 6000, .streams = 4});
  std::vector<mpegts::Unit> units;
  const auto take = [&] {
    while (auto event = demuxer.next_event())
      if (auto* unit = std::get_if<mpegts::Unit>(&*event)) units.push_back(std::move(*unit));
  };
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(step, bytes.size()))) {
    demuxer.receive(bytes.first(std::min(step, bytes.size())));
    take();
  }
  demuxer.finish();
  take();
  return units;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto whole = demux(bytes, size + 1), cut = demux(bytes, 61);
  if (whole.size() != cut.size()) std::abort();
  mpegts::VideoFrames h264(media::Codec::h264), hevc(media::Codec::hevc);
  mpegts::AdtsFrames aac;
  std::vector<mpegts::FrameEvent> frames;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i].payload != cut[i].payload || whole[i].pts != cut[i].pts || whole[i].pid != cut[i].pid) std::abort();
    switch (whole[i].codec) {
      case media::Codec::h264: h264.take(whole[i], frames); break;
      case media::Codec::hevc: hevc.take(whole[i], frames); break;
      default: aac.take(whole[i], frames); break;
    }
  }
  for (const auto& event : frames)
    if (const auto* frame = std::get_if<mpegts::Frame>(&event); frame != nullptr && (frame->dts >> 33 != 0 || !frame->data)) std::abort();
  return 0;
}
