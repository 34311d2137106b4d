#include "ffmpeg/video_decoder.hpp"

#include <cstring>
#include <limits>

#include "ffmpeg/av.hpp"

namespace sluice::ffmpeg {

std::uint32_t Frame::width() const { return static_cast<std::uint32_t>(picture->width); }
std::uint32_t Frame::height() const { return static_cast<std::uint32_t>(picture->height); }

struct VideoDecoder::Impl {
  AvCodecContext context;
  std::uint64_t errors = 0;
  std::int64_t last_pts = std::numeric_limits<std::int64_t>::min();

  void receive(const Out& out) {
    for (;;) {
      AvFrame frame(av_frame_alloc());
      const int got = avcodec_receive_frame(context.get(), frame.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
      if (got < 0) {
        ++errors;
        return;
      }
      const std::int64_t pts = frame->best_effort_timestamp;
      if (frame->flags & AV_FRAME_FLAG_CORRUPT || frame->decode_error_flags) ++errors;
      if (pts == AV_NOPTS_VALUE || pts <= last_pts) {
        ++errors;
        continue;
      }
      last_pts = pts;
      frame->pts = pts;
      frame->pict_type = AV_PICTURE_TYPE_NONE;
      out(Frame{std::shared_ptr<const AVFrame>(frame.release(), [](AVFrame* f) { av_frame_free(&f); }), pts, false});
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
  coded->pts = packet.pts;
  coded->dts = packet.dts;
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
