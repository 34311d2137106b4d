#pragma once
// Owners of libav's objects and its error codes as ours. For this room's .cpp files: other rooms include the other headers.
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include "media/track.hpp"

namespace sluice::ffmpeg {

template <auto Free>
struct FreeByPointer {
  template <class T>
  void operator()(T* object) const {
    Free(&object);
  }
};
using AvPacket = std::unique_ptr<AVPacket, FreeByPointer<av_packet_free>>;
using AvFrame = std::unique_ptr<AVFrame, FreeByPointer<av_frame_free>>;
using AvCodecContext = std::unique_ptr<AVCodecContext, FreeByPointer<avcodec_free_context>>;
using AvInput = std::unique_ptr<AVFormatContext, FreeByPointer<avformat_close_input>>;
struct FreeScaler {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};
using AvScaler = std::unique_ptr<SwsContext, FreeScaler>;
using AvResampler = std::unique_ptr<SwrContext, FreeByPointer<swr_free>>;

std::unexpected<Error> fail_av(int averror, std::string_view what);  // "<what>: <libav's words>"
AVCodecID codec_id(media::Codec codec);
std::optional<media::Codec> codec_of(AVCodecID id);

// A decoder context for a track, its configuration set, not yet opened. Errc::invalid when this libav has none.
Result<AvCodecContext> decoder_context(const media::Track& track);
// libav logs only what it calls fatal: what goes wrong is told by our errors and counters.
void quiet();

}  // namespace sluice::ffmpeg
