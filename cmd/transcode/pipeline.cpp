#include "pipeline.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <set>

#include "log/log.hpp"
#include "metrics/metrics.hpp"

namespace sluice::transcode {

namespace {
constexpr std::size_t live_backlog = 32u << 20;  // bytes of coded packets waiting for the decoder, where a lag sheds rungs
constexpr std::size_t file_backlog = 1u << 20;   // where the input waits for us: tracks stay close to one another
constexpr std::size_t packet_weight = 16 * 1024; // so that small packets count too
constexpr milliseconds watch_period{200};
constexpr int debug_every = 25;                  // periods
constexpr microseconds sound_behind{500'000};    // what of sound comes later than its picture, at most
}  // namespace

Result<> Pipeline::prepare() {
  const auto& tracks = reader_.tracks();
  settings_.layout.metadata = reader_.metadata();
  bool encode_source = false;
  lead_ = leading_video(tracks);
  if (lead_ && settings_.layout.ladder.source) {
    plan_.emplace(settings_.source, settings_.segment, settings_.feeding);
    SLUICE_TRY(plan_->decide(reader_, *lead_, held_));
    encode_source = plan_->encode();
  }
  if (plan_) settings_.layout.passed_before = plan_->passed_before();
  SLUICE_TRY_VALUE(layout_, lay_out(tracks, settings_.layout, encode_source));
  if (layout_.video) {
    const unsigned threads = settings_.layout.cores > 2 ? 2 : 1;
    auto decoder = ffmpeg::VideoDecoder::open(tracks[*layout_.video], threads);
    if (!decoder && encode_source) return std::unexpected(decoder.error());
    if (!decoder) {
      log::warn("no ladder for this source", {{decoder.error()}});
      settings_.layout.ladder.kind = media::LadderSpec::Kind::none;
      SLUICE_TRY_VALUE(layout_, lay_out(tracks, settings_.layout, false));
    } else {
      decoder_ = std::move(*decoder);
    }
  }
  pipe::Metadata metadata;
  for (const auto& [key, value] : reader_.metadata())
    if (key.starts_with("sluice_")) metadata[key] = value;
  metadata.erase("sluice_ladder");
  if (layout_.ready_made) metadata["sluice_ladder"] = "publisher";
  metadata.erase("sluice_keyed");
  if (!plan_ || plan_->keyed()) metadata["sluice_keyed"] = "1";
  metadata.erase("sluice_keys");
  if (decoder_ && !layout_.passed[*layout_.video]) metadata["sluice_keys"] = std::to_string(settings_.segment.count());
  SLUICE_TRY_VALUE(auto writer, pipe::Writer::open(STDOUT_FILENO, layout_.tracks, metadata));
  output_.emplace(std::move(writer), layout_.tracks.size(), [this] { reader_.stop(); });

  std::string names;
  for (const media::Track& track : layout_.tracks) names += (names.empty() ? "" : " ") + track.rendition;
  log::info("transcoding", {{"renditions", names},
                            {"source", !plan_ ? "" : encode_source ? "encoded" : "passed through"},
                            {"ladder", layout_.ready_made ? "the publisher's own, nothing is encoded" : ""},
                            {"because", plan_ ? plan_->why() : ""}});
  for (const std::string& note : layout_.notes) log::info(note);
  return {};
}

void Pipeline::start() {
  begun_ = clock_.steady();
  if (decoder_) {
    coded_.emplace(settings_.shed ? live_backlog : file_backlog);
    for (std::size_t i = 0; i < layout_.rungs.size(); ++i) {
      std::vector<RungWorker*> below;
      for (Layout::Encoded& other : layout_.rungs)
        if (other.parent == i) below.push_back(other.worker.get());
      Layout::Encoded& rung = layout_.rungs[i];
      rung.worker->start(*output_, rung.track, std::move(below), [this](Error error) { fail_with(std::move(error)); });
      if (!rung.parent) top_.push_back(rung.worker.get());
      if (rung.may_shed) sheddable_.push_back(rung.worker.get());
    }
    if (settings_.shed) shedder_.emplace(sheddable_.size(), settings_.shedding);
    decode_thread_ = std::thread([this] { decode_all(); });
  }
  watch_thread_ = std::jthread([this](std::stop_token stop) { watch(stop); });
}

void Pipeline::fail_with(Error error) {
  {
    std::lock_guard lock(error_mutex_);
    if (!error_) error_ = std::move(error);
  }
  reader_.stop();
}

bool Pipeline::feed(media::Packet packet) {
  const std::size_t from = packet.track;
  const media::Track& track = reader_.tracks()[from];
  const microseconds dts(media::rescale(packet.dts, track.timescale, 1'000'000));
  if (first_us_ < 0) first_us_ = dts.count();
  newest_us_ = std::max(newest_us_.load(), dts.count());
  if (track.kind() == media::Kind::audio) heard_ = std::max(heard_.value_or(dts), dts);
  if (const auto made = layout_.audio.find(from); made != layout_.audio.end()) {
    const std::size_t to = layout_.made_audio.at(from);
    made->second.transcode(packet, [&](media::Packet aac) { output_->write(to, std::move(aac)); });
    return true;
  }
  const auto to = layout_.passed[from];
  if (lead_ == from && plan_ && !plan_->watch(packet, track)) return false;
  if (lead_ == from) {
    const microseconds pts(media::rescale(packet.pts, track.timescale, 1'000'000));
    shown_ = std::max(shown_.value_or(pts), pts);
  }
  if (to && track.kind() == media::Kind::video && lead_ != from) watch_follower(from, dts, packet.key);
  if (layout_.video == from) {
    due_us_ = std::max(due_us_.load(), dts.count());
    coded_->push(packet, packet.data.size() + packet_weight);
  }
  if (to) output_->write(*to, std::move(packet));
  return true;
}

Result<std::optional<media::Packet>> Pipeline::next() {
  if (held_.empty()) return reader_.next();
  media::Packet packet = std::move(held_.front());
  held_.pop_front();
  return packet;
}

// A next generation takes over with a picture. Sound of before it that comes after it belongs here: the segments of both are to end together.
void Pipeline::hand_over() {
  const auto& tracks = reader_.tracks();
  std::set<std::size_t> due;
  for (std::size_t i = 0; i < tracks.size(); ++i)
    if (tracks[i].kind() == media::Kind::audio) due.insert(i);
  while (!due.empty()) {
    auto packet = next();
    if (!packet || !*packet) break;
    const std::size_t from = (*packet)->track;
    const microseconds dts(media::rescale((*packet)->dts, tracks[from].timescale, 1'000'000));
    if (from == lead_ && dts > plan_->next() + sound_behind) break;
    if (!due.contains(from)) continue;
    if (dts < plan_->next()) {
      (void)feed(std::move(**packet));
    } else {
      due.erase(from);
    }
  }
  plan_->leave(shown_, heard_);
}

// Decision 6 for the tracks beside the first: one whose keyframes are too far apart has none where a segment begins, and the
// segmenter puts gaps in its place until the next. That is said once.
void Pipeline::watch_follower(std::size_t from, microseconds dts, bool key) {
  media::GopMeter& meter = followers_[from];
  const microseconds longest = media::longest_fitting_gop(settings_.segment);
  const bool fitted = meter.longest() <= longest;
  meter.add(dts, key);
  if (!fitted || meter.longest() <= longest) return;
  log::warn("a track's keyframe interval is too long: segments that begin without one are gaps in it",
            {{"rendition", reader_.tracks()[from].rendition}, {"gop_at_least_s", std::chrono::duration<double>(meter.longest()).count()}});
}

void Pipeline::decode_all() {
  const media::Track& track = reader_.tracks()[*layout_.video];
  media::KeyframePlan keys(settings_.segment, layout_.passed[*layout_.video].has_value());
  const auto out = [&](ffmpeg::Frame frame) {
    frame.key = keys.key(microseconds(media::rescale(frame.pts, track.timescale, 1'000'000)), frame.key);
    ++frames_;
    for (RungWorker* rung : top_) rung->push(frame);
  };
  while (auto packet = coded_->pop()) {
    decoder_->decode(*packet, out);
    decode_errors_ = decoder_->errors();
  }
  decoder_->finish(out);
  for (RungWorker* rung : top_) rung->close();
}

// Of the picture that the rungs are made of, alone: sound may be ahead of it, or go on without it.
microseconds Pipeline::reached() const {
  std::int64_t reached = due_us_;
  for (const Layout::Encoded& rung : layout_.rungs)
    if (!rung.worker->is_shed()) reached = std::min<std::int64_t>(reached, rung.worker->reached().count());
  return microseconds(std::max(reached, first_us_.load()));
}

microseconds Pipeline::lag() const {
  const microseconds due(due_us_.load());
  return std::max(due - reached(), microseconds(0));
}

void Pipeline::shed(Steady now) {
  const microseconds due(due_us_.load());
  const auto change = shedder_->tick(now, due, reached());
  if (change) {
    RungWorker& rung = *sheddable_[change->rung];
    rung.want_shed(change->shed);
    if (change->shed) {
      log::warn("the machine cannot keep up: rung shed",
                {{"rendition", rung.track().rendition}, {"lag_ms", lag().count() / 1000}});
    } else {
      log::info("the machine keeps up: rung returns at the next keyframe", {{"rendition", rung.track().rendition}});
    }
  }
  if (shedder_->exhausted() && !exhausted_told_) {
    log::error("the machine cannot keep up and has nothing left to shed", {{"lag_ms", lag().count() / 1000}});
    exhausted_told_ = true;
  }
}

std::string Pipeline::progress_line(Steady now) const {
  const double elapsed = std::max(0.001, std::chrono::duration<double>(now - begun_).count());
  const double media = static_cast<double>(newest_us_ - std::max<std::int64_t>(first_us_, 0)) / 1e6;
  std::string line = fmt::format("{:.1f} s  {:.2f}x  {} frames  lag {:.1f} s", media, media / elapsed, frames_.load(),
                                 std::chrono::duration<double>(lag()).count());
  const auto sent = output_->sent();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    line += fmt::format("  {} {:.0f}k", layout_.tracks[i].rendition, media > 0 ? static_cast<double>(sent[i].bytes) * 8 / media / 1000 : 0.0);
  }
  for (const Layout::Encoded& rung : layout_.rungs)
    if (rung.worker->is_shed()) line += "  shed: " + rung.worker->track().rendition;
  return line;
}

void Pipeline::measure() const {
  static auto& behind = metrics::gauge("sluice_transcode_lag_seconds", "Output behind input, in media time");
  static auto& frames = metrics::gauge("sluice_transcode_decoded_frames", "Frames decoded");
  static auto& errors = metrics::gauge("sluice_transcode_damaged", "Packets and frames that made no sense");
  behind.Set(std::chrono::duration<double>(lag()).count());
  frames.Set(static_cast<double>(frames_));
  const auto sent = output_->sent();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    metrics::gauge("sluice_transcode_sent_packets", "Packets passed on or encoded", {{"rendition", layout_.tracks[i].rendition}})
        .Set(static_cast<double>(sent[i].packets));
  }
  errors.Set(static_cast<double>(decode_errors_ + reader_.damaged()));
  for (const Layout::Encoded& rung : layout_.rungs) {
    const metrics::Labels labels{{"rendition", rung.worker->track().rendition}};
    metrics::gauge("sluice_transcode_rung_shed", "1 while the rung is shed", labels).Set(rung.worker->is_shed() ? 1 : 0);
    metrics::gauge("sluice_transcode_rung_frames", "Frames encoded for the rung", labels).Set(static_cast<double>(rung.worker->encoded()));
  }
}

void Pipeline::watch(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  for (int period = 1; !wake.wait_for(lock, stop, watch_period, [&] { return stop.stop_requested(); }); ++period) {
    const Steady now = clock_.steady();
    if (shedder_) shed(now);
    measure();
    if (settings_.progress) fmt::print(stderr, "\r{}\x1b[K", progress_line(now));
    if (period % debug_every == 0) {
      std::size_t shed_rungs = 0;
      for (const Layout::Encoded& rung : layout_.rungs) shed_rungs += rung.worker->is_shed();
      log::debug("progress", {{"media_ms", newest_us_ / 1000}, {"frames", frames_.load()}, {"lag_ms", lag().count() / 1000},
                              {"shed_rungs", shed_rungs}, {"decode_errors", decode_errors_.load()},
                              {"damaged_packets", reader_.damaged()}});
    }
  }
  if (settings_.progress) fmt::print(stderr, "\r{}\x1b[K\n", progress_line(clock_.steady()));
}

Result<> Pipeline::finish(bool whole) {
  for (auto& [from, made] : layout_.audio) {
    const std::size_t to = layout_.made_audio.at(from);
    made.finish([&](media::Packet aac) { output_->write(to, std::move(aac)); });
  }
  if (coded_) coded_->close();
  if (decode_thread_.joinable()) decode_thread_.join();
  for (Layout::Encoded& rung : layout_.rungs) rung.worker->join();
  watch_thread_ = {};
  if (decode_errors_ || reader_.damaged()) {
    log::warn("damaged input", {{"decode_errors", decode_errors_.load()}, {"packets", reader_.damaged()}});
  }
  if (error_) return std::unexpected(*error_);
  return output_->finish(whole);
}

Result<End> Pipeline::run() {
  SLUICE_TRY(prepare());
  start();
  End end = End::input;
  bool going = true;
  Result<> read;
  while (going) {
    auto packet = next();
    if (!packet) read = std::unexpected(packet.error());
    if (!packet || !*packet) break;
    going = feed(std::move(**packet));
  }
  if (!going) {
    end = End::next_generation;
    hand_over();
  }
  SLUICE_TRY(finish(!going || (read && reader_.whole())));
  SLUICE_TRY(std::move(read));
  return end;
}

}  // namespace sluice::transcode
