// rooms: ffmpeg
// pipe_bench FORM < clip: sends the clip's packets through a pipe as FORM (ours | nut | matroska | mpegts | mp4) at the rate of a
// live stream and reads them with PipeReader; prints one line of JSON: latency of a packet from before it is written to when the
// reader has it, error of its times, bytes beyond the payload, and the processor time of a second, unpaced run.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <thread>

#include "ffmpeg/av.hpp"
#include "ffmpeg/demuxer.hpp"
#include "pipe/pipe.hpp"

using namespace sluice;
using Steady = std::chrono::steady_clock;

namespace {
struct Clip {
  std::vector<media::Track> tracks;
  std::vector<media::Packet> packets;
  std::size_t payload = 0;
};

// A muxer of libavformat, asked to send each packet on at once.
class AvMuxer {
 public:
  AvMuxer(const char* format, int fd, const std::vector<media::Track>& tracks) : tracks_(tracks), fd_(fd) {
    avformat_alloc_output_context2(&context_, nullptr, format, nullptr);
    auto* buffer = static_cast<std::uint8_t*>(av_malloc(1 << 16));
    context_->pb = avio_alloc_context(buffer, 1 << 16, 1, this, nullptr, send, nullptr);
    context_->flags |= AVFMT_FLAG_FLUSH_PACKETS | AVFMT_FLAG_CUSTOM_IO;
    context_->avoid_negative_ts = 0;
    for (const media::Track& track : tracks) {
      AVStream* stream = avformat_new_stream(context_, nullptr);
      auto decoder = ffmpeg::decoder_context(track);
      avcodec_parameters_from_context(stream->codecpar, decoder->get());
      stream->codecpar->frame_size = 1024;
      stream->time_base = {1, static_cast<int>(track.timescale)};
      av_dict_set(&stream->metadata, "rendition", track.rendition.c_str(), 0);
    }
    AVDictionary* options = nullptr;
    if (!std::strcmp(format, "mp4")) av_dict_set(&options, "movflags", "empty_moov+default_base_moof+frag_every_frame", 0);
    if (!std::strcmp(format, "matroska")) av_dict_set(&options, "live", "1", 0);
    good_ = avformat_write_header(context_, &options) >= 0;
  }
  bool write(const media::Packet& from) {
    AVPacket* packet = av_packet_alloc();
    packet->data = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(from.data.data()));
    packet->size = static_cast<int>(from.data.size());
    packet->stream_index = static_cast<int>(from.track);
    const AVRational base{1, static_cast<int>(tracks_[from.track].timescale)};
    const AVRational to = context_->streams[from.track]->time_base;
    packet->pts = av_rescale_q(from.pts, base, to);
    packet->dts = av_rescale_q(from.dts, base, to);
    packet->duration = av_rescale_q(from.duration, base, to);
    if (from.key) packet->flags |= AV_PKT_FLAG_KEY;
    const bool written = av_write_frame(context_, packet) >= 0;
    av_packet_free(&packet);
    return written;
  }
  void finish() { av_write_trailer(context_); }
  bool good() const { return good_; }

 private:
  static int send(void* self, std::uint8_t* data, int size) {
    for (int sent = 0; sent < size;) {
      const ssize_t n = ::write(static_cast<AvMuxer*>(self)->fd_, data + sent, static_cast<std::size_t>(size - sent));
      if (n < 0) return AVERROR(errno);
      sent += static_cast<int>(n);
    }
    return size;
  }
  const std::vector<media::Track>& tracks_;
  AVFormatContext* context_ = nullptr;
  int fd_;
  bool good_ = false;
};

struct Outcome {
  std::vector<double> latency_ms;
  std::size_t received = 0, names = 0, odd_times = 0;
  double worst_time_us = 0;
};

double cpu_seconds() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

Outcome send_through(const Clip& clip, const std::string& form, bool paced) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::vector<Steady::time_point> written(clip.packets.size());
  Outcome outcome;
  std::thread reading([&] {
    auto reader = pipe::Reader::open(ends[0], ffmpeg::Demuxer::open);
    if (!reader) {
      std::fprintf(stderr, "%s: %s\n", form.c_str(), reader.error().what.c_str());
      ::close(ends[0]);
      return;
    }
    for (const media::Track& track : reader->tracks())
      outcome.names += std::ranges::any_of(clip.tracks, [&](const media::Track& t) { return t.rendition == track.rendition; });
    // Containers may reorder between tracks: the n-th packet of a track is the n-th that was sent.
    std::vector<std::vector<std::size_t>> order(clip.tracks.size());
    for (std::size_t i = 0; i < clip.packets.size(); ++i) order[clip.packets[i].track].push_back(i);
    std::vector<std::size_t> seen(order.size());
    std::optional<double> offset;
    for (;;) {
      auto packet = reader->next();
      if (!packet || !*packet) break;
      const std::size_t track = (*packet)->track;
      if (track >= order.size() || seen[track] >= order[track].size()) continue;
      const std::size_t index = order[track][seen[track]++];
      outcome.latency_ms.push_back(std::chrono::duration<double, std::milli>(Steady::now() - written[index]).count());
      const auto us = [](std::int64_t ticks, const media::Track& t) { return static_cast<double>(ticks) * 1e6 / t.timescale; };
      const media::Packet& sent = clip.packets[index];
      const double dts = us((*packet)->dts, reader->tracks()[track]) - us(sent.dts, clip.tracks[track]);
      const double pts = us((*packet)->pts, reader->tracks()[track]) - us(sent.pts, clip.tracks[track]);
      if (!offset) offset = dts;
      const double error = std::max(std::abs(dts - *offset), std::abs(pts - *offset));
      outcome.worst_time_us = std::max(outcome.worst_time_us, error);
      outcome.odd_times += error > 12;  // more than a tick of 1/90000
      ++outcome.received;
    }
    ::close(ends[0]);
  });
  const auto begin = Steady::now();
  const auto wait = [&](std::size_t i) {
    const media::Packet& packet = clip.packets[i];
    const std::chrono::microseconds at(media::rescale(packet.dts, clip.tracks[packet.track].timescale, 1'000'000));
    if (paced) std::this_thread::sleep_until(begin + at);
    written[i] = Steady::now();
  };
  if (form == "ours") {
    auto writer = pipe::Writer::open(ends[1], clip.tracks, {{"sluice_epoch_ms", "1"}});
    for (std::size_t i = 0; i < clip.packets.size(); ++i) wait(i), (void)writer->write(clip.packets[i]);
  } else {
    AvMuxer muxer(form.c_str(), ends[1], clip.tracks);
    for (std::size_t i = 0; muxer.good() && i < clip.packets.size(); ++i) wait(i), muxer.write(clip.packets[i]);
    if (muxer.good()) muxer.finish();
  }
  ::close(ends[1]);
  reading.join();
  return outcome;
}

std::size_t bytes_of(const Clip& clip, const std::string& form) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  std::size_t bytes = 0;
  std::thread counting([&] {
    char buffer[65536];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) bytes += static_cast<std::size_t>(n);
    ::close(ends[0]);
  });
  if (form == "ours") {
    auto writer = pipe::Writer::open(ends[1], clip.tracks, {});
    for (const media::Packet& packet : clip.packets) (void)writer->write(packet);
  } else {
    AvMuxer muxer(form.c_str(), ends[1], clip.tracks);
    for (const media::Packet& packet : clip.packets) muxer.write(packet);
    muxer.finish();
  }
  ::close(ends[1]);
  counting.join();
  return bytes;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  const std::string form = argv[1];
  auto reader = pipe::Reader::open(STDIN_FILENO, ffmpeg::Demuxer::open);
  if (!reader) return 1;
  Clip clip{.tracks = reader->tracks()};
  for (;;) {
    auto packet = reader->next();
    if (!packet || !*packet) break;
    clip.payload += (*packet)->data.size();
    clip.packets.push_back(std::move(**packet));
  }
  Outcome live = send_through(clip, form, true);
  const double before = cpu_seconds();
  constexpr int rounds = 20;
  for (int i = 0; i < rounds; ++i) send_through(clip, form, false);
  const double cpu = (cpu_seconds() - before) / rounds;
  std::ranges::sort(live.latency_ms);
  const auto at = [&](double share) { return live.latency_ms.empty() ? -1 : live.latency_ms[static_cast<std::size_t>(share * static_cast<double>(live.latency_ms.size() - 1))]; };
  const std::size_t bytes = bytes_of(clip, form);
  std::printf("{\"form\":\"%s\",\"tracks\":%zu,\"packets\":%zu,\"received\":%zu,\"names_kept\":%zu,\"latency_ms\":{\"p50\":%.3f,\"p95\":%.3f,\"max\":%.3f},"
              "\"worst_time_error_us\":%.0f,\"packets_with_wrong_time\":%zu,\"overhead_bytes_per_packet\":%.1f,\"cpu_us_per_packet\":%.2f}\n",
              form.c_str(), clip.tracks.size(), clip.packets.size(), live.received, live.names, at(0.5), at(0.95), at(1), live.worst_time_us, live.odd_times,
              (static_cast<double>(bytes) - static_cast<double>(clip.payload)) / static_cast<double>(clip.packets.size()), cpu * 1e6 / static_cast<double>(clip.packets.size()));
}
