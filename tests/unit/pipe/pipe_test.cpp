#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "nut/writer.hpp"
#include "pipe/pipe.hpp"

using namespace sluice;
using pipe::Notice;

namespace {
media::Track track(media::Codec codec, std::string rendition) {
  media::Track track;
  track.codec = codec;
  track.rendition = std::move(rendition);
  if (track.kind() == media::Kind::video) {
    track.width = 640;
    track.height = 360;
    track.frame_rate = {30, 1};
  } else {
    track.timescale = track.sample_rate = 48'000;
    track.channels = 2;
  }
  return track;
}
}  // namespace

TEST_CASE("tracks of every codec, metadata, packets and notices pass the pipe unchanged") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::vector<media::Track> tracks;
  for (int codec = 0; codec <= static_cast<int>(media::Codec::eac3); ++codec)
    tracks.push_back(track(static_cast<media::Codec>(codec), "r" + std::to_string(codec)));
  const pipe::Metadata metadata{{"sluice_epoch_ms", "5"}, {"sluice_generation", "2"}};
  const Bytes payload = to_bytes("some frame");

  auto writer = pipe::Writer::open(ends[1], tracks, metadata);
  REQUIRE(writer);
  media::Packet packet{.track = 1, .pts = 9000, .dts = -3000, .duration = 3000, .key = true};
  packet.data = payload;
  REQUIRE(writer->write(packet));
  const Notice shed{"r0", Notice::State::shed, std::chrono::microseconds(123)};
  REQUIRE(writer->write(shed));
  REQUIRE_FALSE(writer->write(Notice{.rendition = "none"}));
  packet.dts = 0;
  REQUIRE(writer->write(packet));

  auto reader = pipe::Reader::open(ends[0]);
  REQUIRE(reader);
  CHECK(reader->tracks() == tracks);
  CHECK(reader->metadata() == metadata);
  auto first = reader->next();
  REQUIRE((first && *first));
  CHECK((*first)->dts == -3000);
  CHECK(as_text((*first)->data) == "some frame");
  CHECK(reader->take_notices().empty());
  auto second = reader->next();  // there without another byte being written
  REQUIRE((second && *second));
  CHECK((*second)->dts == 0);
  CHECK(reader->take_notices() == std::vector{shed});
  CHECK(reader->take_notices().empty());

  REQUIRE(writer->finish());
  ::close(ends[1]);
  auto end = reader->next();
  REQUIRE(end);
  CHECK_FALSE(*end);
  CHECK(reader->whole());
  ::close(ends[0]);
}

TEST_CASE("an end is told from where the bytes end") {
  Bytes bytes;
  std::vector<std::size_t> packets;  // up to the end of each
  {
    auto writer = pipe::Writer::open(
        [&](Bytes head, const media::Packet* sent) -> Result<> {
          append(bytes, head);
          if (sent != nullptr) append(bytes, sent->data), packets.push_back(bytes.size());
          return {};
        },
        {track(media::Codec::aac, "audio")}, {});
    REQUIRE(writer);
    for (int i = GENERATE(0, 3); i-- > 0;) REQUIRE(writer->write(media::Packet{}));
    REQUIRE(writer->finish());
  }
  std::size_t opened = 0;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::write(ends[1], bytes.data(), cut) == static_cast<ssize_t>(cut));
    ::close(ends[1]);
    auto reader = pipe::Reader::open(ends[0]);
    if (reader) {
      ++opened;
      std::size_t read = 0;
      for (auto next = reader->next(); next && *next; next = reader->next()) ++read;
      CHECK(read == static_cast<std::size_t>(std::ranges::count_if(packets, [&](std::size_t end) { return end <= cut; })));
      CHECK(reader->whole() == (cut == bytes.size()));
    }
    ::close(ends[0]);
  }
  CHECK(opened > 0);
}

TEST_CASE("of a writer that promises no end, every end is one, unless the reading was stopped") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  Bytes bytes;
  nut::Writer writer({track(media::Codec::aac, "audio")}, {});
  writer.header(bytes);
  REQUIRE(writer.frame(bytes, media::Packet{}));
  REQUIRE(::write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const bool stopped = GENERATE(false, true);
  auto reader = pipe::Reader::open(ends[0]);
  REQUIRE(reader);
  REQUIRE((reader->next() && true));
  if (stopped) reader->stop();
  ::close(ends[1]);
  const auto end = reader->next();
  REQUIRE((end && !*end));
  CHECK(reader->whole() == !stopped);
  ::close(ends[0]);
}

TEST_CASE("stop ends a read that waits") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  auto writer = pipe::Writer::open(ends[1], {track(media::Codec::h264, "source")}, {});
  REQUIRE(writer);
  REQUIRE(writer->write(media::Packet{}));
  auto reader = pipe::Reader::open(ends[0]);
  REQUIRE(reader);
  REQUIRE((reader->next() && true));
  std::jthread stopper([&] { reader->stop(); });
  auto end = reader->next();
  REQUIRE(end);
  CHECK_FALSE(*end);
  CHECK_FALSE(reader->whole());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a sink takes a packet in one call, its data uncopied") {
  std::vector<const media::Packet*> calls;
  auto writer = pipe::Writer::open(
      [&](Bytes head, const media::Packet* sent) -> Result<> {
        CHECK_FALSE(head.empty());
        calls.push_back(sent);
        return {};
      },
      {track(media::Codec::aac, "audio")}, {});
  REQUIRE(writer);
  const Bytes payload(100'000);
  media::Packet packet;
  packet.data = payload;
  REQUIRE(writer->write(packet));
  REQUIRE(calls.size() == 2);
  CHECK(calls[0] == nullptr);
  CHECK(calls[1] == &packet);
}

TEST_CASE("what is no media is refused with words") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string noise(9000, 'x');
  REQUIRE(::write(ends[1], noise.data(), noise.size()) > 0);
  ::close(ends[1]);
  auto reader = pipe::Reader::open(ends[0]);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == Errc::invalid);
  ::close(ends[0]);
}

TEST_CASE("another container is read by whoever opens it, from its first byte") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string other(9000, 'x');
  REQUIRE(::write(ends[1], other.data(), other.size()) == static_cast<ssize_t>(other.size()));
  ::close(ends[1]);
  std::string seen;
  const auto reader = pipe::Reader::open(ends[0], [&](pipe::Read read, pipe::ReadLimits) -> Result<std::unique_ptr<pipe::Container>> {
    std::byte buffer[1000];
    for (auto got = read(buffer); got && *got > 0; got = read(buffer)) seen += as_text(ByteView(buffer, *got));
    return fail(Errc::invalid, "no such container");
  });
  REQUIRE_FALSE(reader);
  CHECK(reader.error().what == "no such container");
  CHECK(seen == other);
  ::close(ends[0]);
}

TEST_CASE("an input that is told to stop ends where it is, be it before its header") {
  const std::string begin = GENERATE("", "nut/multimedia", "other");
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], begin.data(), begin.size()) == static_cast<ssize_t>(begin.size()));
  const int stop = ::eventfd(1, EFD_CLOEXEC);
  const auto reader = pipe::Reader::open(ends[0], [](pipe::Read read, pipe::ReadLimits) -> Result<std::unique_ptr<pipe::Container>> {
    std::byte buffer[100];
    for (auto got = read(buffer); got && *got > 0; got = read(buffer)) continue;
    return fail(Errc::invalid, "it ends");
  }, {}, stop);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == Errc::invalid);
  for (const int fd : {ends[0], ends[1], stop}) ::close(fd);
}
