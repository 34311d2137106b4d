#include "ffmpeg/audio_transcoder.hpp"

#include <cstdlib>
#include <cstring>
#include <optional>

#include "ffmpeg/av.hpp"

namespace sluice::ffmpeg {

namespace {
constexpr int aac_frame = 1024;
}

struct AudioTranscoder::Impl {
  AvCodecContext decoder, encoder;
  AvResampler resampler;
  media::Track track;
  std::uint64_t errors = 0;
  std::optional<std::int64_t> next_pts;  // of the first sample in the resampler

  Result<> open(const media::Track& from, std::uint32_t bitrate);
  void take(const AVFrame& frame, const Out& out);
  void encode(int samples, const Out& out);
  void receive_frames(const Out& out);
  void receive_packets(const Out& out);
};

Result<> AudioTranscoder::Impl::open(const media::Track& from, std::uint32_t bitrate) {
  quiet();
  SLUICE_TRY_VALUE(decoder, decoder_context(from));
  if (const int opened = avcodec_open2(decoder.get(), decoder->codec, nullptr); opened < 0) {
    return fail_av(opened, "open decoder for " + std::string(name(from.codec)));
  }
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
  encoder.reset(avcodec_alloc_context3(codec));
  const int channels = from.channels == 1 ? 1 : 2;
  encoder->sample_rate = static_cast<int>(from.sample_rate);
  encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
  av_channel_layout_default(&encoder->ch_layout, channels);
  encoder->bit_rate = bitrate;
  encoder->time_base = {1, encoder->sample_rate};
  encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (const int opened = avcodec_open2(encoder.get(), codec, nullptr); opened < 0) return fail_av(opened, "open AAC encoder");
  track.codec = media::Codec::aac;
  track.rendition = from.rendition;
  track.language = from.language;
  track.timescale = track.sample_rate = from.sample_rate;
  track.channels = static_cast<std::uint32_t>(channels);
  track.bitrate = bitrate;
  const auto* config = reinterpret_cast<const std::byte*>(encoder->extradata);
  track.config.assign(config, config + encoder->extradata_size);
  return {};
}

void AudioTranscoder::Impl::take(const AVFrame& frame, const Out& out) {
  if (!resampler) {
    SwrContext* context = nullptr;
    if (swr_alloc_set_opts2(&context, &encoder->ch_layout, encoder->sample_fmt, encoder->sample_rate,
                            const_cast<AVChannelLayout*>(&frame.ch_layout), static_cast<AVSampleFormat>(frame.format), frame.sample_rate, 0, nullptr) < 0 ||
        swr_init(context) < 0) {
      swr_free(&context);
      ++errors;
      return;
    }
    resampler.reset(context);
  }
  const std::int64_t pts = media::rescale(frame.pts, decoder->pkt_timebase.den, encoder->sample_rate);
  if (next_pts && frame.pts != AV_NOPTS_VALUE) {
    // More than a frame off: the old samples end here, the new ones begin at their own time.
    const std::int64_t expected = *next_pts + swr_get_delay(resampler.get(), encoder->sample_rate);
    if (std::abs(pts - expected) > aac_frame) {
      encode(1, out);
      next_pts.reset();
    }
  }
  if (!next_pts) next_pts = frame.pts == AV_NOPTS_VALUE ? 0 : pts;
  if (swr_convert(resampler.get(), nullptr, 0, const_cast<const std::uint8_t**>(frame.extended_data), frame.nb_samples) < 0) ++errors;
  encode(aac_frame, out);
}

// Encodes whole frames while at least `least` samples wait.
void AudioTranscoder::Impl::encode(int least, const Out& out) {
  while (resampler && swr_get_out_samples(resampler.get(), 0) >= least) {
    AvFrame frame(av_frame_alloc());
    frame->nb_samples = aac_frame;
    frame->format = encoder->sample_fmt;
    frame->sample_rate = encoder->sample_rate;
    av_channel_layout_copy(&frame->ch_layout, &encoder->ch_layout);
    if (av_frame_get_buffer(frame.get(), 0) < 0) return;
    const int got = swr_convert(resampler.get(), frame->data, aac_frame, nullptr, 0);
    if (got <= 0) return;
    for (int channel = 0; channel < encoder->ch_layout.nb_channels; ++channel) {
      std::memset(frame->data[channel] + static_cast<std::size_t>(got) * sizeof(float), 0, static_cast<std::size_t>(aac_frame - got) * sizeof(float));
    }
    frame->pts = *next_pts;
    *next_pts += aac_frame;
    if (avcodec_send_frame(encoder.get(), frame.get()) < 0) ++errors;
    receive_packets(out);
  }
}

void AudioTranscoder::Impl::receive_packets(const Out& out) {
  for (;;) {
    AvPacket packet(av_packet_alloc());
    if (avcodec_receive_packet(encoder.get(), packet.get()) < 0) return;
    if (packet->pts < 0) continue;  // the encoder's priming, before time 0
    media::Packet made{.pts = packet->pts, .dts = packet->pts, .duration = aac_frame, .key = true};
    made.data = {reinterpret_cast<const std::byte*>(packet->data), static_cast<std::size_t>(packet->size)};
    made.owner = std::shared_ptr<AVPacket>(packet.release(), [](AVPacket* p) { av_packet_free(&p); });
    out(std::move(made));
  }
}

void AudioTranscoder::Impl::receive_frames(const Out& out) {
  AvFrame frame(av_frame_alloc());
  for (;;) {
    const int got = avcodec_receive_frame(decoder.get(), frame.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
    if (got < 0) {
      ++errors;
      return;
    }
    take(*frame, out);
    av_frame_unref(frame.get());
  }
}

AudioTranscoder::AudioTranscoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AudioTranscoder::AudioTranscoder(AudioTranscoder&&) noexcept = default;
AudioTranscoder& AudioTranscoder::operator=(AudioTranscoder&&) noexcept = default;
AudioTranscoder::~AudioTranscoder() = default;

Result<AudioTranscoder> AudioTranscoder::open(const media::Track& from, std::uint32_t bitrate) {
  auto impl = std::make_unique<Impl>();
  SLUICE_TRY(impl->open(from, bitrate));
  return AudioTranscoder(std::move(impl));
}

const media::Track& AudioTranscoder::track() const { return impl_->track; }
std::uint64_t AudioTranscoder::errors() const { return impl_->errors; }

void AudioTranscoder::transcode(const media::Packet& packet, const Out& out) {
  AvPacket coded(av_packet_alloc());
  if (!coded || av_new_packet(coded.get(), static_cast<int>(packet.data.size())) < 0) return;
  std::memcpy(coded->data, packet.data.data(), packet.data.size());
  coded->pts = packet.pts;
  coded->dts = packet.dts;
  coded->duration = packet.duration;
  if (avcodec_send_packet(impl_->decoder.get(), coded.get()) < 0) ++impl_->errors;
  impl_->receive_frames(out);
}

void AudioTranscoder::finish(const Out& out) {
  avcodec_send_packet(impl_->decoder.get(), nullptr);
  impl_->receive_frames(out);
  impl_->encode(1, out);
  avcodec_send_frame(impl_->encoder.get(), nullptr);
  impl_->receive_packets(out);
}

}  // namespace sluice::ffmpeg
