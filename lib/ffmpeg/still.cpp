#include "ffmpeg/still.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "ffmpeg/av.hpp"
#include "ffmpeg/demuxer.hpp"
#include "ffmpeg/video_decoder.hpp"

namespace sluice::ffmpeg {

namespace {

Result<AvFrame> empty_picture(int width, int height) {
  AvFrame picture(av_frame_alloc());
  if (!picture) return fail(Errc::internal, "allocate picture");
  picture->width = width;
  picture->height = height;
  picture->format = AV_PIX_FMT_YUVJ420P;
  picture->color_range = AVCOL_RANGE_JPEG;
  const int got = av_frame_get_buffer(picture.get(), 0);
  if (got < 0) return fail_av(got, "allocate picture");
  return picture;
}

int even(double pixels, std::uint32_t most) {
  return std::clamp(static_cast<int>(pixels / 2 + 0.5) * 2, 2, static_cast<int>(most));
}

// A display's shape of the picture: width over height, pixels that are not square counted.
double shape(const AVFrame& picture) {
  const AVRational pixel = picture.sample_aspect_ratio;
  const double stretch = pixel.num > 0 && pixel.den > 0 ? av_q2d(pixel) : 1;
  return stretch * picture.width / std::max(picture.height, 1);
}

}  // namespace

Result<Frame> first_picture(ByteView media) {
  std::size_t given = 0;
  auto read = [media, &given](std::span<std::byte> into) -> Result<std::size_t> {
    const std::size_t n = std::min(into.size(), media.size() - given);
    if (n > 0) std::memcpy(into.data(), media.data() + given, n);
    given += n;
    return n;
  };
  SLUICE_TRY_VALUE(const auto demuxer, Demuxer::open(read, {}));
  const auto& tracks = demuxer->tracks();
  const auto video = std::ranges::find(tracks, media::Kind::video, &media::Track::kind);
  if (video == tracks.end()) return fail(Errc::invalid, "there is no video in it");
  SLUICE_TRY_VALUE(VideoDecoder decoder, VideoDecoder::open(*video, 1));
  std::optional<Frame> first;
  const auto keep = [&first](Frame frame) {
    if (!first) first = std::move(frame);
  };
  for (;;) {
    SLUICE_TRY_VALUE(const auto packet, demuxer->next());
    if (!packet) break;
    if (packet->track != static_cast<std::size_t>(video - tracks.begin()) || !packet->key) continue;
    // A keyframe stands alone: the decoder gives it at once when told that nothing follows.
    decoder.decode(*packet, keep);
    decoder.finish(keep);
    break;
  }
  if (!first) return fail(Errc::invalid, "no picture in it can be decoded");
  return *std::move(first);
}

struct Sheet::Impl {
  AvFrame picture;
};

Sheet::Sheet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sheet::Sheet(Sheet&&) noexcept = default;
Sheet& Sheet::operator=(Sheet&&) noexcept = default;
Sheet::~Sheet() = default;

Result<Sheet> Sheet::make(std::uint32_t width, std::uint32_t height) {
  auto impl = std::make_unique<Impl>();
  SLUICE_TRY_VALUE(impl->picture, empty_picture(static_cast<int>(width), static_cast<int>(height)));
  AVFrame& sheet = *impl->picture;
  for (int plane = 0; plane < 3; ++plane) {
    const int rows = plane == 0 ? sheet.height : (sheet.height + 1) / 2;
    std::memset(sheet.data[plane], plane == 0 ? 0 : 128, static_cast<std::size_t>(rows) * static_cast<std::size_t>(sheet.linesize[plane]));
  }
  return Sheet(std::move(impl));
}

Result<> Sheet::draw(const Frame& picture, std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height) {
  const AVFrame& from = *picture.picture;
  const double box = static_cast<double>(width) / height, own = shape(from);
  const int w = own < box ? even(height * own, width) : static_cast<int>(width);
  const int h = own > box ? even(width / own, height) : static_cast<int>(height);
  AvScaler scaler(sws_getContext(from.width, from.height, static_cast<AVPixelFormat>(from.format), w, h, AV_PIX_FMT_YUVJ420P, SWS_AREA,
                                 nullptr, nullptr, nullptr));
  if (!scaler) return fail(Errc::invalid, "no way to scale this pixel format");
  const int full = from.color_range == AVCOL_RANGE_JPEG;
  const int* matrix = sws_getCoefficients(SWS_CS_DEFAULT);
  sws_setColorspaceDetails(scaler.get(), matrix, full, matrix, 1, 0, 1 << 16, 1 << 16);
  SLUICE_TRY_VALUE(const AvFrame scaled, empty_picture(w, h));
  sws_scale(scaler.get(), from.data, from.linesize, 0, from.height, scaled->data, scaled->linesize);

  AVFrame& sheet = *impl_->picture;
  const int left = static_cast<int>(x) + (static_cast<int>(width) - w) / 4 * 2, top = static_cast<int>(y) + (static_cast<int>(height) - h) / 4 * 2;
  for (int plane = 0; plane < 3; ++plane) {
    const int part = plane == 0 ? 1 : 2;
    av_image_copy_plane(sheet.data[plane] + top / part * sheet.linesize[plane] + left / part, sheet.linesize[plane], scaled->data[plane],
                        scaled->linesize[plane], w / part, h / part);
  }
  return {};
}

Result<Bytes> Sheet::jpeg(unsigned quantiser) const {
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  if (!codec) return fail(Errc::unavailable, "this libavcodec writes no JPEG");
  AvCodecContext context(avcodec_alloc_context3(codec));
  if (!context) return fail(Errc::internal, "allocate encoder");
  context->width = impl_->picture->width;
  context->height = impl_->picture->height;
  context->pix_fmt = AV_PIX_FMT_YUVJ420P;
  context->color_range = AVCOL_RANGE_JPEG;
  context->time_base = {1, 25};
  context->flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT;  // the same pictures give the same bytes
  context->global_quality = static_cast<int>(quantiser) * FF_QP2LAMBDA;
  const int opened = avcodec_open2(context.get(), codec, nullptr);
  if (opened < 0) return fail_av(opened, "open the JPEG encoder");
  AvFrame picture(av_frame_clone(impl_->picture.get()));
  AvPacket packet(av_packet_alloc());
  if (!picture || !packet) return fail(Errc::internal, "allocate picture");
  picture->quality = context->global_quality;
  picture->pts = 0;
  int done = avcodec_send_frame(context.get(), picture.get());
  if (done >= 0) done = avcodec_send_frame(context.get(), nullptr);
  if (done >= 0) done = avcodec_receive_packet(context.get(), packet.get());
  if (done < 0) return fail_av(done, "write the JPEG");
  const auto* bytes = reinterpret_cast<const std::byte*>(packet->data);
  return Bytes(bytes, bytes + packet->size);
}

}  // namespace sluice::ffmpeg
