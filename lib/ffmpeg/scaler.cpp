#include "ffmpeg/scaler.hpp"

#include "ffmpeg/av.hpp"

namespace sluice::ffmpeg {

namespace {
struct UnrefPool {
  void operator()(AVBufferPool* pool) const { av_buffer_pool_uninit(&pool); }
};
constexpr int alignment = 64;
}  // namespace

struct Scaler::Impl {
  Impl(std::uint32_t w, std::uint32_t h) : width(static_cast<int>(w)), height(static_cast<int>(h)) {}
  int width, height;
  SwsContext* context = nullptr;
  std::unique_ptr<AVBufferPool, UnrefPool> pool;

  ~Impl() { sws_freeContext(context); }
};

Scaler::Scaler(std::uint32_t width, std::uint32_t height) : impl_(std::make_unique<Impl>(width, height)) {
  const int size = av_image_get_buffer_size(AV_PIX_FMT_YUV420P, impl_->width, impl_->height, alignment);
  impl_->pool.reset(av_buffer_pool_init(static_cast<std::size_t>(size + alignment), nullptr));
}
Scaler::Scaler(Scaler&&) noexcept = default;
Scaler& Scaler::operator=(Scaler&&) noexcept = default;
Scaler::~Scaler() = default;

Result<Frame> Scaler::scale(const Frame& frame) {
  const AVFrame& from = *frame.picture;
  Impl& impl = *impl_;
  if (from.width == impl.width && from.height == impl.height && from.format == AV_PIX_FMT_YUV420P) return frame;
  impl.context = sws_getCachedContext(impl.context, from.width, from.height, static_cast<AVPixelFormat>(from.format),
                                      impl.width, impl.height, AV_PIX_FMT_YUV420P, SWS_BICUBIC, nullptr, nullptr, nullptr);
  if (!impl.context) return fail(Errc::invalid, "no way to scale this pixel format");
  AvFrame to(av_frame_alloc());
  AVBufferRef* buffer = av_buffer_pool_get(impl.pool.get());
  if (!to || !buffer) return fail(Errc::internal, "allocate picture");
  to->buf[0] = buffer;
  to->width = impl.width;
  to->height = impl.height;
  to->format = AV_PIX_FMT_YUV420P;
  av_image_fill_arrays(to->data, to->linesize, buffer->data, AV_PIX_FMT_YUV420P, impl.width, impl.height, alignment);
  av_frame_copy_props(to.get(), &from);
  sws_scale(impl.context, from.data, from.linesize, 0, from.height, to->data, to->linesize);
  return Frame{std::shared_ptr<const AVFrame>(to.release(), [](AVFrame* f) { av_frame_free(&f); }), frame.pts, frame.key};
}

}  // namespace sluice::ffmpeg
