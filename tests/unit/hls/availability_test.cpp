// What leaves playlists stays fetchable for as long as RFC 8216bis 6.2.2 has it, at whatever speed the stream comes, and then goes.
#include "hls/availability.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "hls/blocking.hpp"
#include "hls/ledger_view.hpp"
#include "hls/ledger_writer.hpp"
#include "hls/playlist_writer.hpp"
#include "unit/hls/sample_ledger.hpp"
#include "unit/hls/segmenter_fixture.hpp"

using namespace sluice;
using namespace sluice::hls;
namespace fs = std::filesystem;

namespace {

// A picture of 30 frames a second in segments of 2 s, written on a clock of its own.
class Recording {
 public:
  Recording(milliseconds window, double speed, std::uint64_t most_bytes = 0) : speed_(speed) {
    settings_.sync = SyncAt::none;
    settings_.lock_wait = milliseconds(0);
    settings_.dvr_window = window;
    settings_.most_bytes = most_bytes;
    fs::create_directories(path_);
    open();
    LedgerHeader header = plan_lengths(seconds(2), milliseconds(500), tracks_);
    header.stream = StreamId("ledger"), header.channel = "alice";
    REQUIRE(writer_->begin(header));
    start();
  }
  ~Recording() { fs::remove_all(path_); }

  void open() {
    writer_.reset();
    Result<LedgerWriter> writer = LedgerWriter::open(path_.string(), settings_, clock_);
    REQUIRE(writer);
    writer_.emplace(std::move(*writer));
  }
  void start() {
    Operations first;
    segmenter_.emplace(writer_->index(), SegmenterStart{tracks_, false, {}}, first);
    write(first);
  }
  // `each` is called after every frame.
  template <class Each>
  void feed(std::int64_t seconds_of_stream, Each each) {
    for (std::int64_t n = 0; n < seconds_of_stream * 30; ++n, ++frame_) {
      const test::Frame frame{0, frame_ * 3'000, frame_ * 3'000, 3'000, frame_ % 60 == 0, static_cast<std::uint32_t>(frame_)};
      if (speed_ > 0) clock_.advance(microseconds(static_cast<std::int64_t>(1e6 / 30 / speed_)));
      Operations operations;
      segmenter_->push(test::packet_of(frame), operations);
      write(operations);
      each();
    }
  }
  void end() { REQUIRE(writer_->end()); }

  LedgerWriter& writer() { return *writer_; }
  FakeClock& clock() { return clock_; }
  std::int64_t now_ms() const { return clock_.wall().time_since_epoch().count(); }
  bool there(MediaSequence msn) const { return fs::exists(path_ / "source" / fmt::format("{}.m4s", msn)); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_ / "source"), fs::directory_iterator()) - 1);  // and a header
  }
  StreamView view() const {
    LedgerView view(path_.string());
    REQUIRE(view.poll());
    return view.stream();
  }

 private:
  void write(Operations& operations) {
    for (Operation& operation : operations) REQUIRE(writer_->write(operation));
  }

  std::vector<media::Track> tracks_{test::video_track()};
  WriterSettings settings_;
  FakeClock clock_;
  double speed_;
  fs::path path_ = fs::temp_directory_path() / fmt::format("sluice-availability-{}-{}", ::getpid(), serial()++);
  std::optional<LedgerWriter> writer_;
  std::optional<Segmenter> segmenter_;
  std::int64_t frame_ = 0;
  static int& serial() {
    static int n = 0;
    return n;
  }
};

// When each segment must still be there: by the playlist of all that is listed, which is the longest.
class Availability {
 public:
  void look(const StreamView& stream, std::int64_t now_ms) {
    const RenditionView& source = *stream.find("source");
    const std::size_t complete = source.complete();
    if (complete == 0) return;
    const double length = source.seconds(source.segments[complete - 1].end() - source.segments.front().start);
    for (std::size_t i = 0; i < complete; ++i) {
      Listed& listed = listed_[source.segments[i].msn];
      if (listed.since_ms == 0) listed.since_ms = now_ms;
      listed.until_ms = listed.since_ms + static_cast<std::int64_t>(1000 * (length + source.seconds(source.segments[i].duration)));
    }
  }
  struct Listed {
    std::int64_t since_ms = 0, until_ms = 0;
  };
  const std::map<MediaSequence, Listed>& all() const { return listed_; }

 private:
  std::map<MediaSequence, Listed> listed_;
};

}  // namespace

TEST_CASE("a segment that leaves the window stays on the disk for its availability duration, and then goes") {
  for (const seconds window : {seconds(1), seconds(20), seconds(40)}) {
    for (const double speed : {0.5, 1.0, 2.0, 4.0}) {
      CAPTURE(window.count(), speed);
      Recording recording(window, speed);
      Availability available;
      std::uint64_t parts = 0;
      std::size_t most = 0;
      recording.feed(150, [&] {
        if (parts == recording.writer().counters().parts) return;
        parts = recording.writer().counters().parts;
        available.look(recording.view(), recording.now_ms());
        most = std::max(most, recording.files());
        for (const auto& [msn, listed] : available.all())
          if (listed.until_ms > recording.now_ms() && !recording.there(msn)) FAIL(msn << " has gone " << listed.until_ms - recording.now_ms() << " ms too early");
      });
      CHECK(recording.writer().counters().segments_removed > 40);
      const double listed_s = std::max(12.0, static_cast<double>(window.count()) + 6) + 2;
      CHECK(static_cast<double>(2 * most) < std::max(1.0, speed) * (listed_s + 2 + 6) + 4);
    }
  }
}

TEST_CASE("the next writer keeps what the one before had to keep, and removes the rest") {
  Recording recording(seconds(20), 2);
  Availability available;
  recording.feed(100, [&] { available.look(recording.view(), recording.now_ms()); });
  const std::size_t before = recording.files();
  recording.open();
  CHECK(recording.files() == before);
  std::size_t unlisted = 0;
  for (const auto& [msn, listed] : available.all()) {
    if (listed.until_ms <= recording.now_ms()) continue;
    CHECK(recording.there(msn));
    unlisted += msn < recording.writer().index().removed_before();
  }
  CHECK(unlisted > 5);
  const MediaSequence listed_from = recording.writer().index().removed_before();
  recording.clock().advance(std::chrono::minutes(2));
  recording.start();
  recording.feed(4, [] {});
  CHECK_FALSE(recording.there(listed_from - 1));
  CHECK(recording.files() < before);
}

TEST_CASE("a cap counts what is not listed any more, and that goes first") {
  Recording recording(seconds(20), 2, 100'000);
  recording.feed(100, [] {});
  const std::size_t all = recording.files();
  const MediaSequence listed_from = recording.writer().index().removed_before();
  REQUIRE(recording.there(listed_from - 5));
  std::uint64_t listed = 0;
  const StreamView view = recording.view();
  for (const SegmentView& segment : view.find("source")->segments) listed += segment.bytes;
  REQUIRE(os::write_file_atomically(recording.writer().directory() + "/cap", fmt::format("{}\n", listed * 13 / 10)));
  recording.feed(4, [] {});
  CHECK(recording.files() < all);
  CHECK_FALSE(recording.there(listed_from - 5));
  CHECK(recording.writer().index().removed_before() == listed_from + 2);  // what the window holds fits
  REQUIRE(os::write_file_atomically(recording.writer().directory() + "/cap", "0\n"));
  recording.feed(4, [] {});
  CHECK(recording.files() <= 7);
}

TEST_CASE("a stream that comes at once, as from a file, does not fill the disk, and leaves a few unlisted segments behind") {
  Recording recording(seconds(20), 0);
  std::size_t most = 0;
  recording.feed(600, [&] { most = std::max(most, recording.files()); });
  const std::size_t listed = recording.view().find("source")->segments.size();
  CHECK(most > listed);
  CHECK(most < 10 * listed);
  recording.end();
  CHECK(recording.files() == listed + 6);
}

TEST_CASE("parts can be fetched for three target durations after they were listed last, on the clock, however fast the stream is") {
  for (const double speed : {0.5, 1.0, 2.0, 6.0}) {
    CAPTURE(speed);
    SampleLedger ledger;
    std::map<MediaSequence, std::int64_t> last_listed_ms;
    std::size_t most = 0;
    for (int parts = 0; parts < 240; ++parts) {
      const std::int64_t stream_ms = 500 * (parts + 1);
      ledger.later(static_cast<std::int64_t>(static_cast<double>(stream_ms) / speed) - stream_ms).parts(1);
      const std::int64_t now_ms = 1'763'820'000'000 + static_cast<std::int64_t>(static_cast<double>(stream_ms) / speed);
      const RenditionView& source = ledger.rendition("source");
      const std::string playlist = live_playlist(ledger.stream(), source, {});
      std::size_t kept = 0;
      for (const SegmentView& segment : source.segments) {
        kept += !segment.parts.empty();
        if (playlist.find(fmt::format("URI=\"{}\"", part_name(Format::cmaf, segment.msn, 0))) != playlist.npos) last_listed_ms[segment.msn] = now_ms;
        bool found = false;
        judge_part(ledger.stream(), source, segment.msn, 0, milliseconds(0), found);
        if (last_listed_ms.contains(segment.msn) && now_ms < last_listed_ms[segment.msn] + 6'000) CHECK(found);
      }
      most = std::max(most, kept);
    }
    CHECK(static_cast<double>(most) < 8 + 4 * std::max(1.0, speed));
  }
}

TEST_CASE("what has left the window is no longer listed, and fetched as before until its time is over") {
  SampleLedger ledger;
  ledger.segments(10).remove_before(2);
  CHECK(live_playlist(ledger.stream(), ledger.rendition("source"), {}).find("\n1.m4s") == std::string::npos);
  CHECK(whole_playlist(ledger.stream(), ledger.rendition("source")).find("\n1.m4s") == std::string::npos);
  CHECK(ledger.rendition("source").find(1) == nullptr);
  REQUIRE(ledger.rendition("source").fetchable(1) != nullptr);
  CHECK(ledger.rendition("source").fetchable(1)->bytes == 4'000);
  CHECK(ledger.rendition("source").fetchable(2) == ledger.rendition("source").find(2));
  CHECK(ledger.rendition("source").fetchable(12) == nullptr);
  ledger.later(60'000).segments(1);
  CHECK(ledger.rendition("source").fetchable(1) == nullptr);
  CHECK(ledger.rendition("source").retired.empty());
}
