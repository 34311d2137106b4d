#include "layout.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "media/rendition_names.hpp"

namespace sluice::transcode {

namespace {
using media::Kind;

constexpr std::uint64_t least_source_bitrate = 100'000;  // a picture that stands still is encoded for what comes after it, too

media::Rational at_most(media::Rational rate, std::uint32_t fps) {
  if (rate.num <= 0) return {fps ? fps : 30, 1};
  if (!fps || rate.num <= (std::int64_t{fps} + 1) * rate.den) return rate;
  return {fps, 1};
}

unsigned threads_for(const ffmpeg::EncoderSettings& encoder, unsigned cores) {
  const double fps = static_cast<double>(encoder.frame_rate.num) / static_cast<double>(encoder.frame_rate.den);
  const double cost = media::encode_cost(encoder.width, encoder.height, fps);
  return cores <= 2 ? 1 : std::clamp(static_cast<unsigned>(2 * cost), 1u, cores / 2);
}

bool continues_rungs(const pipe::Metadata& metadata) {
  const auto resume = metadata.find("sluice_resume");
  if (resume == metadata.end()) return false;
  return std::ranges::any_of(parse_resume(resume->second), [](const auto& end) {
    return !end.first.empty() && end.first[0] >= '0' && end.first[0] <= '9';  // "720p30", not "source" nor "audio"
  });
}

RungPlan plan_of(const media::Track& source, const LayoutSettings& settings, const media::Rung& rung) {
  RungPlan plan;
  plan.encoder.rendition = rung.name;
  plan.encoder.width = rung.width;
  plan.encoder.height = rung.height;
  plan.encoder.bitrate = rung.bitrate;
  plan.encoder.frame_rate = at_most(source.frame_rate, rung.fps);
  plan.encoder.lookahead = settings.lookahead;
  plan.encoder.preset = settings.preset;
  plan.encoder.threads = threads_for(plan.encoder, settings.cores);
  if (source.frame_rate.num > rung.fps * source.frame_rate.den) plan.fps = rung.fps;
  plan.source_timescale = source.timescale;
  if (source.frame_rate.num > 0) plan.frame_ticks = source.timescale * source.frame_rate.den / source.frame_rate.num;
  const auto resume = settings.metadata.find("sluice_resume");
  if (resume != settings.metadata.end()) {
    const auto ends = parse_resume(resume->second);
    if (const auto end = ends.find(rung.name); end != ends.end()) plan.resume = end->second;
  }
  // What a run begins with is in no ledger, though the last frame's usual length may reach beyond it.
  if (const auto boundary = settings.metadata.find("sluice_boundary"); plan.resume && boundary != settings.metadata.end())
    plan.resume = std::min(*plan.resume, parse_number<std::int64_t>(boundary->second).value_or(*plan.resume));
  return plan;
}

// A source that was passed through until now: its ledger ends by the decode times of what was passed, which B-frames put before those of the same
// pictures encoded. And it is no dearer than it was, since players have read its BANDWIDTH.
void go_on_from_passed(RungPlan& plan, const media::SourceMark& before) {
  constexpr std::int64_t reordered_at_most = 1'000'000;  // µs
  const std::int64_t next = before.next.count();
  if (plan.resume && next > *plan.resume && next - *plan.resume < reordered_at_most) plan.resume = next;
  if (before.bitrate > 0) plan.encoder.bitrate = static_cast<std::uint32_t>(std::min<std::uint64_t>(plan.encoder.bitrate, std::max(before.bitrate, least_source_bitrate)));
}

Result<> add_rung(Layout& layout, RungPlan plan, std::optional<std::size_t> parent, bool may_shed) {
  SLUICE_TRY_VALUE(auto worker, RungWorker::open(std::move(plan)));
  layout.tracks.push_back(worker->track());
  layout.rungs.push_back({std::move(worker), layout.tracks.size() - 1, parent, may_shed});
  return {};
}

Result<> lay_out_ladder(Layout& layout, const media::Track& source, std::size_t index, const LayoutSettings& settings, bool encode_source) {
  // A stream keeps the rungs it has: only its first generation is measured against the machine with the source encoded too.
  const bool measured = encode_source && !continues_rungs(settings.metadata);
  const media::Ladder ladder = choose_ladder(settings.ladder, source, settings.cores, measured);
  for (const std::string& name : ladder.left_out) layout.notes.push_back("left out " + name);
  const std::size_t before = encode_source && ladder.source ? 1 : 0;
  if (ladder.source && !encode_source) {
    layout.tracks.push_back(source);
    layout.passed[index] = layout.tracks.size() - 1;
  } else if (ladder.source) {
    media::Rung same{.name = source.rendition, .height = source.height & ~1u, .fps = 240, .width = source.width & ~1u};
    const bool fast = source.frame_rate.num > 45 * source.frame_rate.den;
    same.bitrate = media::usual_bitrate(same.height, fast ? 60 : 30);
    if (source.bitrate > 500'000) same.bitrate = std::min(same.bitrate, source.bitrate);
    RungPlan plan = plan_of(source, settings, same);
    if (settings.passed_before) go_on_from_passed(plan, *settings.passed_before);
    SLUICE_TRY(add_rung(layout, std::move(plan), std::nullopt, false));
  }
  for (media::Rung rung : ladder.rungs) {
    if (ladder.source && rung.name == source.rendition) rung.name += "-h264";  // what was one of several tracks bears such a name itself
    std::optional<std::size_t> parent = rung.parent;
    if (parent) *parent += before;
    SLUICE_TRY(add_rung(layout, plan_of(source, settings, rung), parent, true));
  }
  if (!layout.rungs.empty()) layout.video = index;
  return {};
}
}  // namespace

std::map<std::string, std::int64_t> parse_resume(std::string_view text) {
  std::map<std::string, std::int64_t> ends;
  for (std::string_view part : split(text, ',')) {
    const auto pair = split(part, '=');
    if (pair.size() != 2) continue;
    if (const auto end = parse_number<std::int64_t>(pair[1])) ends.emplace(pair[0], *end);
  }
  return ends;
}

std::optional<std::size_t> leading_video(const std::vector<media::Track>& tracks) {
  const auto found = std::ranges::find(tracks, Kind::video, &media::Track::kind);
  if (found == tracks.end()) return std::nullopt;
  return static_cast<std::size_t>(found - tracks.begin());
}

namespace {
// What players and segments take as it is. Of a lone picture's sound the first is AAC in any case, which all players have.
bool passes(const media::Track& sound, bool as_published) {
  return sound.codec == media::Codec::aac ||
         (as_published && (sound.codec == media::Codec::opus || sound.codec == media::Codec::flac));
}

Result<> lay_out_video(Layout& layout, const media::Track& source, std::size_t index, const LayoutSettings& settings, bool encode_source) {
  if (source.height == 0 || (settings.ladder.kind == media::LadderSpec::Kind::none && !encode_source)) {
    layout.tracks.push_back(source);
    layout.passed[index] = layout.tracks.size() - 1;
    return {};
  }
  if (settings.ladder.kind != media::LadderSpec::Kind::none) return lay_out_ladder(layout, source, index, settings, encode_source);
  LayoutSettings only = settings;
  only.ladder = {.kind = media::LadderSpec::Kind::listed, .source = true, .rungs = {}};
  return lay_out_ladder(layout, source, index, only, true);
}
}  // namespace

Result<Layout> lay_out(std::vector<media::Track> tracks, const LayoutSettings& settings, bool encode_source) {
  Layout layout;
  layout.passed.resize(tracks.size());
  const auto pass = [&](std::size_t i) {
    layout.tracks.push_back(tracks[i]);
    layout.passed[i] = layout.tracks.size() - 1;
  };
  const auto lead = leading_video(tracks);
  const bool several = media::count_pictures(tracks) > 1;
  layout.ready_made = several && !encode_source;
  // ingestd has named its tracks; a stranger's have only numbers.
  if (several && !settings.metadata.contains("sluice_epoch_ms")) media::name_pictures(tracks);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].kind() != Kind::video) continue;
    if (layout.ready_made) {
      pass(i);
    } else if (i == lead) {
      SLUICE_TRY(lay_out_video(layout, tracks[i], i, settings, encode_source));
    } else {
      layout.notes.push_back("left out " + tracks[i].rendition + ": the first video track is encoded, keyframes of others would not fit it");
    }
  }
  bool first = true;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].kind() != Kind::audio) continue;
    const bool as_published = layout.ready_made || !std::exchange(first, false);
    if (passes(tracks[i], as_published)) {
      pass(i);
      continue;
    }
    auto made = ffmpeg::AudioTranscoder::open(tracks[i], settings.audio_bitrate);
    if (!made) {
      layout.notes.push_back(to_string(made.error()) + ": passed through");
      pass(i);
      continue;
    }
    layout.tracks.push_back(made->track());
    layout.made_audio[i] = layout.tracks.size() - 1;
    layout.audio.emplace(i, std::move(*made));
  }
  if (settings.ladder.audio) {
    const auto sound = std::ranges::find(layout.tracks, Kind::audio, &media::Track::kind);
    if (sound != layout.tracks.end()) sound->alone = true;
    else layout.notes.push_back("left out audio: the source has no sound");
  }
  if (layout.tracks.empty()) return fail(Errc::invalid, "the ladder leaves no rendition of this source", "add source to --ladder");
  return layout;
}

}  // namespace sluice::transcode
