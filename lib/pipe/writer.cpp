#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "media/codec_config.hpp"
#include "pipe/marks.hpp"
#include "pipe/pipe.hpp"
#include "nut/writer.hpp"

namespace sluice::pipe {

namespace {

// Frames of reordering, which readers without our exact decode times need.
unsigned decode_delay(const media::Track& track) {
  const auto sps = media::sequence_parameters(track);
  return sps ? sps->reordered_frames : 0;
}

Result<> write_both(int fd, ByteView head, ByteView data) {
  iovec parts[2] = {{const_cast<std::byte*>(head.data()), head.size()}, {const_cast<std::byte*>(data.data()), data.size()}};
  iovec* part = parts;
  int left = 2;
  while (left > 0) {
    const ssize_t sent = ::writev(fd, part, left);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return fail_errno("write the media pipe");
    }
    std::size_t n = static_cast<std::size_t>(sent);
    while (left > 0 && n >= part->iov_len) {
      n -= part->iov_len;
      ++part;
      --left;
    }
    if (left > 0) {
      part->iov_base = static_cast<std::byte*>(part->iov_base) + n;
      part->iov_len -= n;
    }
  }
  return {};
}

}  // namespace

struct Writer::Impl {
  int fd = -1;
  Sink sink;
  std::vector<media::Track> tracks;
  nut::Writer nut;
  Bytes buffer;

  Result<> send(const media::Packet* packet) {
    if (sink) return sink(std::exchange(buffer, {}), packet);
    return write_both(fd, buffer, packet != nullptr ? packet->data : ByteView{});
  }
};

Writer::Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

Result<Writer> Writer::open(int fd, const std::vector<media::Track>& tracks, const Metadata& metadata) {
  auto writer = open([fd](const Bytes& head, const media::Packet*) { return write_both(fd, head, {}); }, tracks, metadata);
  if (writer) {
    writer->impl_->sink = nullptr;  // packets go out by writev, uncopied
    writer->impl_->fd = fd;
  }
  return writer;
}

Result<Writer> Writer::open(Sink sink, const std::vector<media::Track>& tracks, const Metadata& metadata) {
  if (tracks.empty()) return fail(Errc::invalid, "open the media pipe: no tracks");
  std::vector<unsigned> delays;
  for (const media::Track& track : tracks) delays.push_back(decode_delay(track));
  nut::Info info = metadata;
  info.emplace(marks_end, "1");
  auto impl = std::make_unique<Impl>(Impl{-1, std::move(sink), tracks, nut::Writer(tracks, std::move(info), std::move(delays)), {}});
  impl->nut.header(impl->buffer);
  SLUICE_TRY(impl->send(nullptr));
  return Writer(std::move(impl));
}

Result<> Writer::write(const media::Packet& packet) {
  impl_->buffer.clear();
  SLUICE_TRY(impl_->nut.frame(impl_->buffer, packet));
  return impl_->send(&packet);
}

Result<> Writer::write(const Notice& notice) {
  const auto track = std::ranges::find(impl_->tracks, notice.rendition, &media::Track::rendition);
  if (track == impl_->tracks.end()) return fail(Errc::invalid, "write notice: no rendition " + notice.rendition);
  impl_->buffer.clear();
  impl_->nut.info(impl_->buffer, static_cast<std::size_t>(track - impl_->tracks.begin()),
                  {{state_key, notice.state == Notice::State::shed ? state_shed : state_live},
                   {"sluice_at", std::to_string(notice.at.count())}});
  return impl_->send(nullptr);
}

Result<> Writer::finish() {
  impl_->buffer.clear();
  impl_->nut.info(impl_->buffer, nut::Writer::no_track, {{state_key, state_end}});
  return impl_->send(nullptr);
}

}  // namespace sluice::pipe
