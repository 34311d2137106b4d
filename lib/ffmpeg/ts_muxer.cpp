#include "ffmpeg/ts_muxer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ffmpeg/av.hpp"

namespace sluice::ffmpeg {
namespace {

constexpr int buffer_bytes = 64 * 1024;
constexpr int decode_delay_us = 100'000;  // between the program clock and the first picture

struct FreeOutput {
  void operator()(AVFormatContext* context) const {
    if (context->pb) {
      av_freep(&context->pb->buffer);
      avio_context_free(&context->pb);
    }
    avformat_free_context(context);
  }
};

int collect(void* opaque, std::uint8_t* data, int size) {
  append(*static_cast<Bytes*>(opaque),
         as_bytes({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)}));
  return size;
}

}  // namespace

struct TsMuxer::Impl {
  Bytes out;
  std::unique_ptr<AVFormatContext, FreeOutput> context;
  AvPacket packet{av_packet_alloc()};
  AVRational ticks{1, 90'000};
};

TsMuxer::TsMuxer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TsMuxer::TsMuxer(TsMuxer&&) noexcept = default;
TsMuxer& TsMuxer::operator=(TsMuxer&&) noexcept = default;
TsMuxer::~TsMuxer() = default;

Result<TsMuxer> TsMuxer::open(const media::Track& track) {
  quiet();
  switch (track.codec) {
    case media::Codec::av1:
    case media::Codec::vp9:
    case media::Codec::flac:
      return fail(Errc::invalid, "MPEG-TS does not carry " + std::string(media::name(track.codec)),
                  "use --format cmaf");
    default:
      break;
  }
  auto impl = std::make_unique<Impl>();
  AVFormatContext* context = nullptr;
  if (const int error = avformat_alloc_output_context2(&context, nullptr, "mpegts", nullptr); error < 0)
    return fail_av(error, "open an MPEG-TS muxer");
  impl->context.reset(context);
  auto* buffer = static_cast<unsigned char*>(av_malloc(buffer_bytes));
  context->pb = avio_alloc_context(buffer, buffer_bytes, 1, &impl->out, nullptr, collect, nullptr);
  context->flags |= AVFMT_FLAG_CUSTOM_IO;
  context->max_delay = decode_delay_us;
  context->avoid_negative_ts = 0;
  AVStream* stream = avformat_new_stream(context, nullptr);
  if (!context->pb || !stream || !impl->packet) return fail_av(AVERROR(ENOMEM), "open an MPEG-TS muxer");
  impl->ticks = {1, static_cast<int>(track.timescale)};
  stream->time_base = impl->ticks;
  AVCodecParameters& codec = *stream->codecpar;
  codec.codec_type = track.kind() == media::Kind::video ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO;
  codec.codec_id = codec_id(track.codec);
  codec.width = static_cast<int>(track.width), codec.height = static_cast<int>(track.height);
  codec.sample_rate = static_cast<int>(track.sample_rate);
  av_channel_layout_default(&codec.ch_layout, static_cast<int>(track.channels));
  codec.extradata =
      static_cast<std::uint8_t*>(av_mallocz(track.config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (!codec.extradata) return fail_av(AVERROR(ENOMEM), "open an MPEG-TS muxer");
  codec.extradata_size = static_cast<int>(track.config.size());
  std::memcpy(codec.extradata, track.config.data(), track.config.size());
  if (const int error = avformat_write_header(context, nullptr); error < 0)
    return fail_av(error, "begin MPEG-TS");
  return TsMuxer(std::move(impl));
}

Result<Bytes> TsMuxer::write(std::span<const media::Packet> packets, bool opens_segment) {
  AVFormatContext* context = impl_->context.get();
  if (opens_segment) av_opt_set(context->priv_data, "mpegts_flags", "resend_headers", 0);
  for (const media::Packet& packet : packets) {
    AVPacket& av = *impl_->packet;
    // A copy: the muxer rewrites the bytes (start codes, ADTS) and wants padding behind them.
    if (const int error = av_new_packet(&av, static_cast<int>(packet.data.size())); error < 0)
      return fail_av(error, "copy a packet");
    std::memcpy(av.data, packet.data.data(), packet.data.size());
    av.pts = packet.pts, av.dts = packet.dts, av.duration = packet.duration;
    av.flags = packet.key ? AV_PKT_FLAG_KEY : 0;
    av_packet_rescale_ts(&av, impl_->ticks, context->streams[0]->time_base);
    const int error = av_write_frame(context, &av);
    av_packet_unref(&av);
    if (error < 0) return fail_av(error, "write MPEG-TS");
  }
  if (const int error = av_write_frame(context, nullptr); error < 0) return fail_av(error, "flush MPEG-TS");
  avio_flush(context->pb);
  return std::exchange(impl_->out, {});
}

}  // namespace sluice::ffmpeg
