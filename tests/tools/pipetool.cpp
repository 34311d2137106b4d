// rooms: ffmpeg
// pipetool copy [KEY=VALUE...]: any container on standard input → the media pipe on standard output, with this metadata.
// pipetool list: a media pipe (or any container) on standard input → a line per track, packet and notice:
//   track INDEX CODEC RENDITION TIMESCALE WIDTHxHEIGHT FPS RATE/CHANNELS CONFIG_BYTES · meta KEY VALUE
//   packet TRACK DTS PTS DURATION KEY BYTES FNV1A · notice RENDITION shed|live US
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string_view>

#include "ffmpeg/demuxer.hpp"
#include "pipe/pipe.hpp"

using namespace sluice;

namespace {
int refuse(const Error& error) {
  std::fprintf(stderr, "pipetool: %s\n", to_string(error).c_str());
  return 1;
}
unsigned long long fnv1a(ByteView bytes) {
  unsigned long long hash = 14695981039346656037ull;
  for (std::byte b : bytes) hash = (hash ^ static_cast<unsigned long long>(b)) * 1099511628211ull;
  return hash;
}
void list_tracks(const pipe::Reader& reader) {
  for (const auto& [key, value] : reader.metadata()) std::printf("meta %s %s\n", key.c_str(), value.c_str());
  for (std::size_t i = 0; i < reader.tracks().size(); ++i) {
    const media::Track& t = reader.tracks()[i];
    std::printf("track %zu %s %s %u %ux%u %lld/%lld %u/%u %zu\n", i, std::string(name(t.codec)).c_str(), t.rendition.c_str(),
                t.timescale, t.width, t.height, static_cast<long long>(t.frame_rate.num),
                static_cast<long long>(t.frame_rate.den), t.sample_rate, t.channels, t.config.size());
  }
}
}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const bool copy = argc > 1 && std::string_view(argv[1]) == "copy";
  auto reader = pipe::Reader::open(STDIN_FILENO, ffmpeg::Demuxer::open);
  if (!reader) return refuse(reader.error());
  Result<pipe::Writer> writer = fail(Errc::internal, "");
  if (copy) {
    pipe::Metadata metadata = reader->metadata();
    for (int i = 2; i < argc; ++i) {
      const std::string_view pair = argv[i];
      const std::size_t at = pair.find('=');
      metadata[std::string(pair.substr(0, at))] = at == pair.npos ? "" : std::string(pair.substr(at + 1));
    }
    writer = pipe::Writer::open(STDOUT_FILENO, reader->tracks(), metadata);
    if (!writer) return refuse(writer.error());
  } else {
    list_tracks(*reader);
  }
  for (;;) {
    auto packet = reader->next();
    if (!packet) return refuse(packet.error());
    for (const auto& notice : reader->take_notices()) {
      if (copy && !writer->write(notice)) return 1;
      const bool shed = notice.state == pipe::Notice::State::shed;
      if (!copy) std::printf("notice %s %s %lld\n", notice.rendition.c_str(), shed ? "shed" : "live", static_cast<long long>(notice.at.count()));
    }
    if (!*packet) return 0;
    const media::Packet& p = **packet;
    if (copy) {
      if (auto written = writer->write(p); !written) return refuse(written.error());
    } else {
      std::printf("packet %zu %lld %lld %lld %d %zu %016llx\n", p.track, static_cast<long long>(p.dts),
                  static_cast<long long>(p.pts), static_cast<long long>(p.duration), p.key, p.data.size(), fnv1a(p.data));
    }
    if (!copy && std::fflush(stdout)) return 1;
  }
}
