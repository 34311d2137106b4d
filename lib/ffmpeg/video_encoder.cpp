#include "ffmpeg/video_encoder.hpp"

#include "ffmpeg/av.hpp"
#include "media/byte_stream.hpp"

namespace sluice::ffmpeg {

namespace {
ByteView view(const std::uint8_t* data, int size) {
  return {reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
}
}  // namespace

struct VideoEncoder::Impl {
  AvCodecContext context;
  media::Track track;
  std::int64_t frame_ticks = 0;

  Result<> receive(const Out& out) {
    AvPacket packet(av_packet_alloc());
    for (;;) {
      const int got = avcodec_receive_packet(context.get(), packet.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
      if (got < 0) return fail_av(got, "encode " + track.rendition);
      auto bytes = std::make_shared<const Bytes>(
          media::length_prefixed(media::Codec::h264, media::nal_units(view(packet->data, packet->size)), track.config));
      media::Packet made{.pts = packet->pts, .dts = packet->dts, .duration = frame_ticks};
      made.key = packet->flags & AV_PKT_FLAG_KEY;
      made.data = *bytes;
      made.owner = std::move(bytes);
      out(std::move(made));
      av_packet_unref(packet.get());
    }
  }
};

VideoEncoder::VideoEncoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VideoEncoder::VideoEncoder(VideoEncoder&&) noexcept = default;
VideoEncoder& VideoEncoder::operator=(VideoEncoder&&) noexcept = default;
VideoEncoder::~VideoEncoder() = default;

Result<VideoEncoder> VideoEncoder::open(const EncoderSettings& settings) {
  quiet();
  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  if (!codec) return fail(Errc::unavailable, "open encoder: this libavcodec has no libx264", "install Debian's libavcodec59");
  auto impl = std::make_unique<Impl>();
  impl->context.reset(avcodec_alloc_context3(codec));
  AVCodecContext& c = *impl->context;
  c.width = static_cast<int>(settings.width);
  c.height = static_cast<int>(settings.height);
  c.pix_fmt = AV_PIX_FMT_YUV420P;
  c.time_base = {1, static_cast<int>(media::video_timescale)};
  c.framerate = {static_cast<int>(settings.frame_rate.num), static_cast<int>(settings.frame_rate.den)};
  c.bit_rate = c.rc_max_rate = settings.bitrate;
  c.rc_buffer_size = static_cast<int>(settings.bitrate);
  c.gop_size = 1 << 20;  // keyframes stand where they are asked for, nowhere else
  c.max_b_frames = 0;
  c.thread_count = static_cast<int>(settings.threads);
  c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP;
  av_opt_set(c.priv_data, "preset", settings.preset.c_str(), 0);
  av_opt_set(c.priv_data, "forced-idr", "1", 0);
  const std::string own = "scenecut=0:bframes=0:sync-lookahead=0:sliced-threads=1:rc-lookahead=" + std::to_string(settings.lookahead);
  av_opt_set(c.priv_data, "x264-params", own.c_str(), 0);
  const int opened = avcodec_open2(&c, codec, nullptr);
  if (opened < 0) return fail_av(opened, "open encoder for " + settings.rendition);

  impl->frame_ticks = media::rescale(settings.frame_rate.den, settings.frame_rate.num, media::video_timescale);
  media::Track& track = impl->track;
  track.rendition = settings.rendition;
  track.config = media::decoder_configuration(media::Codec::h264, media::nal_units(view(c.extradata, c.extradata_size)));
  track.bitrate = settings.bitrate;
  track.width = settings.width;
  track.height = settings.height;
  track.frame_rate = settings.frame_rate;
  if (track.config.empty()) return fail(Errc::internal, "open encoder for " + settings.rendition + ": no parameter sets");
  return VideoEncoder(std::move(impl));
}

const media::Track& VideoEncoder::track() const { return impl_->track; }

Result<> VideoEncoder::encode(const Frame& frame, bool idr, const Out& out) {
  AvFrame picture(av_frame_clone(frame.picture.get()));
  if (!picture) return fail(Errc::internal, "allocate picture");
  picture->pts = frame.pts;
  picture->pict_type = idr ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  const int sent = avcodec_send_frame(impl_->context.get(), picture.get());
  if (sent < 0) return fail_av(sent, "encode " + impl_->track.rendition);
  return impl_->receive(out);
}

Result<> VideoEncoder::finish(const Out& out) {
  avcodec_send_frame(impl_->context.get(), nullptr);
  return impl_->receive(out);
}

}  // namespace sluice::ffmpeg
