#include "ffmpeg/av.hpp"

#include <cstring>
#include <optional>
#include <utility>

namespace sluice::ffmpeg {

namespace {
using media::Codec;
constexpr std::pair<Codec, AVCodecID> codecs[] = {
    {Codec::h264, AV_CODEC_ID_H264}, {Codec::hevc, AV_CODEC_ID_HEVC}, {Codec::av1, AV_CODEC_ID_AV1},
    {Codec::vp9, AV_CODEC_ID_VP9},   {Codec::aac, AV_CODEC_ID_AAC},   {Codec::opus, AV_CODEC_ID_OPUS},
    {Codec::mp3, AV_CODEC_ID_MP3},   {Codec::flac, AV_CODEC_ID_FLAC}, {Codec::ac3, AV_CODEC_ID_AC3},
    {Codec::eac3, AV_CODEC_ID_EAC3},
};
}  // namespace

std::unexpected<Error> fail_av(int averror, std::string_view what) {
  char words[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(averror, words, sizeof words);
  const Errc code = averror == AVERROR_INVALIDDATA || averror == AVERROR_EOF ? Errc::invalid : Errc::io;
  return fail(code, std::string(what) + ": " + words);
}

AVCodecID codec_id(Codec codec) {
  for (const auto& [ours, theirs] : codecs)
    if (ours == codec) return theirs;
  return AV_CODEC_ID_NONE;
}

std::optional<Codec> codec_of(AVCodecID id) {
  for (const auto& [ours, theirs] : codecs)
    if (theirs == id) return ours;
  return std::nullopt;
}

Result<AvCodecContext> decoder_context(const media::Track& track) {
  const AVCodec* codec = avcodec_find_decoder(codec_id(track.codec));
  if (!codec) return fail(Errc::invalid, "no decoder for " + std::string(name(track.codec)));
  AvCodecContext context(avcodec_alloc_context3(codec));
  if (!context) return fail(Errc::internal, "allocate decoder");
  if (!track.config.empty()) {
    context->extradata = static_cast<std::uint8_t*>(av_mallocz(track.config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (!context->extradata) return fail(Errc::internal, "allocate decoder configuration");
    std::memcpy(context->extradata, track.config.data(), track.config.size());
    context->extradata_size = static_cast<int>(track.config.size());
  }
  context->pkt_timebase = {1, static_cast<int>(track.timescale)};
  if (track.kind() == media::Kind::video) {
    context->width = static_cast<int>(track.width);
    context->height = static_cast<int>(track.height);
  } else {
    context->sample_rate = static_cast<int>(track.sample_rate);
    av_channel_layout_default(&context->ch_layout, static_cast<int>(track.channels));
  }
  return context;
}

void quiet() { av_log_set_level(AV_LOG_FATAL); }

}  // namespace sluice::ffmpeg
