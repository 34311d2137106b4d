#include "ffmpeg/video_decoder.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "ffmpeg/av.hpp"

namespace sluice::ffmpeg {

std::uint32_t Frame::width() const { return static_cast<std::uint32_t>(picture->width); }
std::uint32_t Frame::height() const { return static_cast<std::uint32_t>(picture->height); }

namespace {
constexpr std::size_t most_inside = 256;  // packets that a decoder may still make a picture of: far more than any reorders
constexpr std::int64_t smoothing = 16;    // pictures
}  // namespace

// The decoder is told no times: where a publisher's are out of order it would guess others. Packets are numbered, and a picture comes back with the number
// of its packet.
struct VideoDecoder::Impl {
  struct Coded {
    std::int64_t pts;
    bool key;
  };
  AvCodecContext context;
  std::uint64_t errors = 0;
  std::int64_t packets = 0;
  std::map<std::int64_t, Coded> inside;     // by number
  std::int64_t second = 90'000, step = 0;   // ticks; how far apart pictures are told to be, on average
  std::optional<std::int64_t> told, given;  // when the last picture is shown: by its packet, and as it was given out

  // Pictures come in the order in which they are shown. One that is told to be shown no later than the one before it follows half as far behind as
  // usual, until the clock has caught up: none is lost, and time goes on.
  std::int64_t place(std::int64_t pts) {
    if (told) step += (std::clamp(pts - *told, -second, second) - step) / smoothing;
    told = pts;
    if (given && pts <= *given) pts = *given + std::clamp<std::int64_t>(step / 2, 1, std::max<std::int64_t>(second / 10, 1));
    given = pts;
    return pts;
  }

  void receive(const Out& out) {
    for (;;) {
      AvFrame frame(av_frame_alloc());
      const int got = avcodec_receive_frame(context.get(), frame.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
      if (got < 0) {
        ++errors;
        return;
      }
      if (frame->flags & AV_FRAME_FLAG_CORRUPT || frame->decode_error_flags) ++errors;
      const auto coded = inside.extract(frame->pts);
      if (coded.empty()) {
        ++errors;
        continue;
      }
      frame->pts = place(coded.mapped().pts);
      frame->pict_type = AV_PICTURE_TYPE_NONE;
      const std::int64_t pts = frame->pts;
      out(Frame{std::shared_ptr<const AVFrame>(frame.release(), [](AVFrame* f) { av_frame_free(&f); }), pts, coded.mapped().key});
    }
  }
};

VideoDecoder::VideoDecoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VideoDecoder::VideoDecoder(VideoDecoder&&) noexcept = default;
VideoDecoder& VideoDecoder::operator=(VideoDecoder&&) noexcept = default;
VideoDecoder::~VideoDecoder() = default;

Result<VideoDecoder> VideoDecoder::open(const media::Track& track, unsigned threads) {
  quiet();
  auto impl = std::make_unique<Impl>();
  SLUICE_TRY_VALUE(impl->context, decoder_context(track));
  impl->second = track.timescale;
  const auto [num, den] = track.frame_rate;
  impl->step = num > 0 && den > 0 ? media::rescale(den, num, track.timescale) : track.timescale / 30;
  impl->context->thread_count = static_cast<int>(threads);
  // The pictures travel over threads: their buffers must outlive the decoder's next call, which reference counting gives.
  const int opened = avcodec_open2(impl->context.get(), impl->context->codec, nullptr);
  if (opened < 0) return fail_av(opened, "open decoder for " + std::string(name(track.codec)));
  return VideoDecoder(std::move(impl));
}

void VideoDecoder::decode(const media::Packet& packet, const Out& out) {
  AvPacket coded(av_packet_alloc());
  if (!coded || av_new_packet(coded.get(), static_cast<int>(packet.data.size())) < 0) {
    ++impl_->errors;
    return;
  }
  std::memcpy(coded->data, packet.data.data(), packet.data.size());  // with the padding that decoders read into
  coded->pts = coded->dts = impl_->packets++;
  impl_->inside.emplace(coded->pts, Impl::Coded{packet.pts, packet.key});
  if (impl_->inside.size() > most_inside) impl_->inside.erase(impl_->inside.begin());
  if (packet.key) coded->flags |= AV_PKT_FLAG_KEY;
  if (avcodec_send_packet(impl_->context.get(), coded.get()) < 0) ++impl_->errors;
  impl_->receive(out);
}

void VideoDecoder::finish(const Out& out) {
  avcodec_send_packet(impl_->context.get(), nullptr);
  impl_->receive(out);
}

std::uint64_t VideoDecoder::errors() const { return impl_->errors; }

}  // namespace sluice::ffmpeg
