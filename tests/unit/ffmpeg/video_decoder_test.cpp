// A publisher's times may be out of order: no picture is lost for that, and keyframes are known again.
#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "ffmpeg/av.hpp"
#include "ffmpeg/video_decoder.hpp"
#include "ffmpeg/video_encoder.hpp"

using namespace sluice;
using namespace sluice::ffmpeg;

namespace {
constexpr std::int64_t frame_ticks = 3000;  // 30 a second
constexpr std::int64_t gop = 20;

struct Clip {
  media::Track track;
  std::vector<media::Packet> packets;  // of x264 without B-frames, so in the order in which they are shown
};

Clip clip(std::int64_t pictures) {
  auto encoder = VideoEncoder::open({.rendition = "source", .width = 64, .height = 36, .bitrate = 100'000, .lookahead = 0, .preset = "ultrafast"});
  REQUIRE(encoder);
  Clip made{encoder->track(), {}};
  const auto keep = [&made](media::Packet packet) { made.packets.push_back(std::move(packet)); };
  for (std::int64_t n = 0; n < pictures; ++n) {
    AvFrame picture(av_frame_alloc());
    picture->format = AV_PIX_FMT_YUV420P;
    picture->width = 64, picture->height = 36;
    REQUIRE(av_frame_get_buffer(picture.get(), 0) == 0);
    for (int plane = 0; plane < 3; ++plane)
      std::fill_n(picture->data[plane], picture->linesize[plane] * (plane == 0 ? 36 : 18), static_cast<std::uint8_t>(n * 5));
    const Frame frame{std::shared_ptr<const AVFrame>(picture.release(), [](AVFrame* f) { av_frame_free(&f); }), n * frame_ticks, false};
    REQUIRE(encoder->encode(frame, n % gop == 0, keep));
  }
  REQUIRE(encoder->finish(keep));
  REQUIRE(std::ssize(made.packets) == pictures);
  return made;
}

std::vector<Frame> decoded(const Clip& clip, unsigned threads = 1) {
  auto decoder = VideoDecoder::open(clip.track, threads);
  REQUIRE(decoder);
  std::vector<Frame> frames;
  const auto keep = [&frames](Frame frame) { frames.push_back(std::move(frame)); };
  for (const media::Packet& packet : clip.packets) decoder->decode(packet, keep);
  decoder->finish(keep);
  CHECK(decoder->errors() == 0);
  return frames;
}
}  // namespace

TEST_CASE("times that are in order come out as they went in") {
  for (const unsigned threads : {1u, 2u}) {
    const Clip made = clip(100);
    const auto frames = decoded(made, threads);
    REQUIRE(frames.size() == made.packets.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
      CHECK(frames[i].pts == made.packets[i].pts);
      CHECK(frames[i].key == (i % gop == 0));
    }
  }
}

TEST_CASE("no picture is lost to jitter, and keyframes stay where they were") {
  const Clip steady = clip(400);
  for (const std::int64_t jitter_ms : {25, 40, 100}) {
    INFO("jitter of " << jitter_ms << " ms");
    Clip made = steady;
    SeededRandom random(static_cast<std::uint64_t>(jitter_ms));
    for (media::Packet& packet : made.packets) packet.pts += (static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * jitter_ms + 1))) - jitter_ms) * 90;
    const auto frames = decoded(made);
    REQUIRE(frames.size() == made.packets.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
      INFO("picture " << i);
      CHECK(frames[i].key == (i % gop == 0));
      if (i > 0) CHECK(frames[i].pts > frames[i - 1].pts);
      CHECK(std::abs(frames[i].pts - static_cast<std::int64_t>(i) * frame_ticks) <= 3 * jitter_ms * 90);
    }
  }
}

TEST_CASE("a picture told to be shown far too late puts off those that follow, until the clock has caught up") {
  Clip made = clip(200);
  made.packets[50].pts += 90'000;
  const auto frames = decoded(made);
  REQUIRE(frames.size() == made.packets.size());
  for (std::size_t i = 1; i < frames.size(); ++i) CHECK(frames[i].pts > frames[i - 1].pts);
  CHECK(frames[150].pts == made.packets[150].pts);
}

TEST_CASE("pictures of one time and the same are shown one after another") {
  Clip made = clip(30);
  for (media::Packet& packet : made.packets) packet.pts = 0;
  const auto frames = decoded(made);
  REQUIRE(frames.size() == made.packets.size());
  for (std::size_t i = 1; i < frames.size(); ++i) CHECK(frames[i].pts > frames[i - 1].pts);
}
