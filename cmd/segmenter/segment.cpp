#include "segment.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include <signal.h>
#include <unistd.h>

#include "app/run.hpp"
#include "base/text.hpp"
#include "pipe/pipe.hpp"
#include "feeder.hpp"
#include "header.hpp"
#include "hls/ledger_writer.hpp"
#include "hls/segmenter.hpp"
#include "log/log.hpp"
#include "media/pace.hpp"
#include "playlists.hpp"
#include "remarks.hpp"
#include "stop_signals.hpp"

namespace sluice::segmenter {
namespace {

std::optional<std::int64_t> number_in(const pipe::Metadata& metadata, const std::string& key) {
  const auto it = metadata.find(key);
  return it == metadata.end() ? std::nullopt : parse_number<std::int64_t>(it->second);
}

Result<std::string> directory_of(const app::Settings& settings) {
  std::string directory = settings.positional("DIR");
  if (directory.empty()) directory = settings.text("ledger");
  if (directory.empty()) return fail(Errc::usage, "no ledger directory", "give DIR, or set SLUICE_LEDGER");
  return directory;
}

Result<hls::WriterSettings> writer_settings(const app::Settings& settings) {
  hls::WriterSettings writer;
  const std::string when = settings.text("fsync");
  writer.sync = when == "part"   ? hls::SyncAt::part
                : when == "none" ? hls::SyncAt::none
                                 : hls::SyncAt::segment;
  writer.dvr_window = settings.duration("dvr-window");
  writer.most_bytes = settings.size("max-bytes");
  return writer;
}

// Which tracks bring another decoder configuration than the rendition had when the ledger was last written.
Result<std::vector<bool>> new_configurations(const hls::LedgerWriter& writer,
                                             const std::vector<media::Track>& tracks) {
  std::vector<bool> changed;
  for (const media::Track& track : tracks) {
    const hls::Rendition* known = writer.index().find(track.rendition);
    bool differs = false;
    if (known && known->record.init) {
      SLUICE_TRY_VALUE(const Bytes header, hls::cmaf_header(track));
      const auto written =
          os::read_file(writer.directory() + "/" + hls::init_path(track.rendition, *known->record.init));
      differs = !written || *written != as_text(header);
    }
    if (known && known->record.kind != track.kind())
      return fail(Errc::invalid, "rendition " + track.rendition + std::string(known->record.kind == media::Kind::video ? " was video" : " was audio") + " in this ledger and is no longer",
                  "feed it as it was, or into a new ledger");
    changed.push_back(differs);
  }
  return changed;
}

// Rendition names as the ledger takes them: in its alphabet, and each once.
void name_renditions(std::vector<media::Track>& tracks) {
  std::set<std::string> taken;
  for (media::Track& track : tracks) {
    std::string name;
    for (const char c : ascii_lower(track.rendition))
      name += hls::valid_rendition_name(std::string(1, c)) ? c : '-';
    if (name.empty()) name = track.kind() == media::Kind::video ? "video" : "audio";
    name.resize(std::min<std::size_t>(name.size(), 40));
    std::string unique = name;
    for (int i = 2; !taken.insert(unique).second; ++i) unique = name + std::to_string(i);
    track.rendition = unique;
  }
}

// A ledger keeps its form.
bool is_ts(const hls::LedgerWriter& writer, const app::Settings& settings) {
  const auto& header = writer.index().header();
  return header ? header->format == hls::Format::ts : settings.text("format") == "ts";
}

// The packet's times in another timescale; its end is rounded, not its length, so that nothing adds up.
void recount(media::Packet& packet, std::uint32_t from, std::uint32_t to) {
  if (from == to) return;
  const std::int64_t end = media::rescale(packet.dts + packet.duration, from, to);
  packet.dts = media::rescale(packet.dts, from, to);
  packet.pts = media::rescale(packet.pts, from, to);
  packet.duration = end - packet.dts;
}

// One run of the pipe into the ledger.
class Run {
 public:
  Run(hls::LedgerWriter& writer, pipe::Reader& input, const Containers& containers) : writer_(writer), input_(input), containers_(containers) {}

  Result<> start(const app::Settings& settings, std::int64_t now_ms) {
    take_tracks(settings);
    if (tracks_.empty()) return fail(Errc::invalid, "the input has no track that segments can hold");
    const auto epoch = number_in(input_.metadata(), "sluice_epoch_ms");
    if (!writer_.index().header()) {
      const hls::LedgerHeader header = new_header(settings, tracks_, epoch.value_or(now_ms), number_in(input_.metadata(), "sluice_keyed") == 1);
      SLUICE_TRY(writer_.begin(header));
    }
    const hls::LedgerHeader& header = *writer_.index().header();
    hls::SegmenterStart start{tracks_};
    SLUICE_TRY_VALUE(start.new_config, new_configurations(writer_, tracks_));
    start.discontinuity = number_in(input_.metadata(), "sluice_discontinuity").value_or(0) != 0;
    const auto ladder = input_.metadata().find("sluice_ladder");
    start.ready_made = ladder != input_.metadata().end() && ladder->second == "publisher";
    if (const auto keys = number_in(input_.metadata(), "sluice_keys"); keys && *keys > 0) start.key_grid = microseconds(*keys);
    if (const auto boundary = number_in(input_.metadata(), "sluice_boundary")) start.boundary = microseconds(*boundary);
    microseconds end{0};
    for (const hls::Rendition& r : writer_.index().renditions()) end = std::max(end, r.source_end);
    if (end.count() > 0 && epoch != header.epoch_ms) {
      // A stranger goes on in this ledger: its time 0 is now.
      shift_ = std::max(end, microseconds(milliseconds(now_ms - header.epoch_ms)));
      start.discontinuity = true;
    }
    if (header.format == hls::Format::ts) {
      SLUICE_TRY_VALUE(auto parts, containers_.ts_parts(tracks_));
      writer_.set_encoder(std::move(parts));
    }
    if (settings.flag("playlists")) playlists_.emplace(writer_.directory(), settings.duration("dvr-window"));
    segmenter_.emplace(writer_.index(), std::move(start), operations_);
    return write();
  }

  Result<> feed() {
    for (;;) {
      auto packet = input_.next();
      if (!packet) return std::unexpected(packet.error());
      for (const pipe::Notice& notice : input_.take_notices())
        if (notice.state == pipe::Notice::State::shed) {
          segmenter_->shed(notice.rendition, operations_);
        } else {
          segmenter_->expect_back(notice.rendition);
        }
      if (!*packet) return write();
      SLUICE_TRY(take(std::move(**packet)));
      if (const auto until = pace_.rest(segmenter_->due(), system_clock().steady())) input_.rest_until(*until);
    }
  }

  // The input is over; whether the stream is, too, or goes on.
  Result<> finish(bool ended, const std::optional<hls::Pause>& pause) {
    if (!segmenter_) return {};
    if (!ended && pause) {
      segmenter_->pause(*pause, operations_);
    } else {
      segmenter_->finish(ended, operations_);
    }
    SLUICE_TRY(write());
    if (ended) SLUICE_TRY(writer_.end());
    return playlists_ ? playlists_->update() : Result<>{};
  }

  const Remarks& remarks() const { return remarks_; }

 private:
  // The tracks that segments can hold; others are left out, and that is said.
  void take_tracks(const app::Settings& settings) {
    const bool ts = is_ts(writer_, settings);
    std::vector<media::Track> named = input_.tracks();
    name_renditions(named);
    for (media::Track& track : named) {
      const std::uint32_t fed_in = track.timescale;
      // A rendition keeps the timescale it began with, whatever sample rate comes later.
      if (const hls::Rendition* known = writer_.index().find(track.rendition)) track.timescale = known->record.timescale;
      const Result<Bytes> header = ts ? Result<Bytes>{} : hls::cmaf_header(track);
      lane_of_.emplace_back();
      if (header) {
        lane_of_.back() = tracks_.size();
        tracks_.push_back(track);
        fed_in_.push_back(fed_in);
      } else {
        log::warn("a track is left out", {{"rendition", track.rendition}, header.error()});
      }
    }
  }

  Result<> take(media::Packet packet) {
    if (packet.track >= lane_of_.size() || !lane_of_[packet.track]) return {};
    packet.track = *lane_of_[packet.track];
    const std::uint32_t timescale = tracks_[packet.track].timescale;
    recount(packet, fed_in_[packet.track], timescale);
    const std::int64_t ticks = hls::to_ticks(shift_, timescale);
    packet.dts += ticks;
    packet.pts += ticks;
    const Steady now = system_clock().steady();
    pace_.arrived(hls::to_us(packet.dts, timescale), now);
    segmenter_->at(now);
    segmenter_->push(std::move(packet), operations_);
    return write();
  }

  Result<> write() {
    bool segment_finished = false;
    for (hls::Operation& operation : operations_) {
      if (const auto* remark = std::get_if<hls::Remark>(&operation)) {
        remarks_.take(*remark);
        continue;
      }
      const std::uint64_t lost = writer_.counters().parts_lost;
      SLUICE_TRY(writer_.write(operation));
      if (writer_.counters().parts_lost != lost) remarks_.disk_full(writer_.directory());
      if (const auto* part = std::get_if<hls::WritePart>(&operation))
        segment_finished |= part->part.flags.last;
    }
    operations_.clear();
    return segment_finished && playlists_ ? playlists_->update() : Result<>{};
  }

  hls::LedgerWriter& writer_;
  pipe::Reader& input_;
  const Containers& containers_;
  std::vector<media::Track> tracks_;
  std::vector<std::optional<std::size_t>> lane_of_;  // of each track of the input
  std::vector<std::uint32_t> fed_in_;                // of each of tracks_: the input's ticks a second
  microseconds shift_{0};
  media::Pace pace_;
  hls::Operations operations_;
  std::optional<hls::Segmenter> segmenter_;
  std::optional<Playlists> playlists_;
  Remarks remarks_;
};

// How the program exits after the signal, or after none.
int exit_after(int signal) { return signal == SIGINT ? app::exit_interrupted : app::exit_done; }

}  // namespace

Result<int> segment(const app::Settings& settings, const Containers& containers) {
  SLUICE_TRY_VALUE(const std::string directory, directory_of(settings));
  SLUICE_TRY(check_header(settings));
  const Feeder feeder(settings, directory);
  if (::isatty(STDIN_FILENO))
    return fail(Errc::usage, "standard input is a terminal", "pipe a stream into segmenter");
  StopSignals signals;
  SLUICE_TRY_VALUE(hls::WriterSettings writing, writer_settings(settings));
  SLUICE_TRY_VALUE(hls::LedgerWriter writer, hls::LedgerWriter::open(directory, std::move(writing)));
  if (writer.counters().mended_index + writer.counters().mended_media > 0)
    log::warn("an earlier writer stopped in mid-write; its torn tail is cut off",
              {{"ledger", directory},
               {"index_bytes", writer.counters().mended_index},
               {"media_bytes", writer.counters().mended_media}});

  if (containers.become_other) {
    SLUICE_TRY_VALUE(const bool other, is_ts(writer, settings) ? Result<bool>(true) : needs_libav(STDIN_FILENO, signals.fd()));
    if (other) {
      if (const int signal = signals.leave()) return exit_after(signal);
      return std::unexpected(containers.become_other().error());
    }
  }
  Result<pipe::Reader> input = pipe::Reader::open(STDIN_FILENO, containers.open, {}, signals.fd());
  if (!input) {
    // Fed nothing before the end: the ledger is finished as it is.
    if (settings.flag("fed") && feeder.ended() && writer.index().header() && !feeder.feeds_again(false)) {
      SLUICE_TRY(writer.end());
      return app::exit_done;
    }
    if (const int signal = signals.received()) return exit_after(signal);  // before there was anything to write
    return std::unexpected(input.error());
  }

  Run run(writer, *input, containers);
  SLUICE_TRY(run.start(settings, system_clock().wall().time_since_epoch().count()));
  const Result<> fed_well = run.feed();
  // A full disk or a broken input: what there is stays, and whoever feeds may try again.
  if (!fed_well && fed_well.error().code == Errc::unavailable) return std::unexpected(fed_well.error());
  // A short part in mid-segment would stay in the playlist: better the frames come again.
  const bool again = feeder.feeds_again(fed_well && input->whole());
  if (!again) SLUICE_TRY(run.finish(feeder.ended(), feeder.paused()));
  run.remarks().summary(writer.counters(), input->damaged());
  if (!fed_well) return std::unexpected(fed_well.error());
  // Whoever closed the input on purpose takes a good end for the end of all.
  if (again && (feeder.ended() || feeder.paused())) return app::exit_temporary;
  return exit_after(signals.received());
}

}  // namespace sluice::segmenter
