#include "layout.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::transcode {

namespace {
using media::Kind;

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

bool continues_rungs(const ffmpeg::Metadata& metadata) {
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
  return plan;
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
    SLUICE_TRY(add_rung(layout, plan_of(source, settings, same), std::nullopt, false));
  }
  for (const media::Rung& rung : ladder.rungs) {
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

std::optional<std::size_t> ladder_source(const std::vector<media::Track>& tracks) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].kind() != Kind::video) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

Result<Layout> lay_out(const std::vector<media::Track>& tracks, const LayoutSettings& settings, bool encode_source) {
  Layout layout;
  layout.passed.resize(tracks.size());
  const auto pass = [&](std::size_t i) {
    layout.tracks.push_back(tracks[i]);
    layout.passed[i] = layout.tracks.size() - 1;
  };
  const auto source = ladder_source(tracks);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].kind() != Kind::video) continue;
    if (source != i || settings.ladder.kind == media::LadderSpec::Kind::none || tracks[i].height == 0) {
      if (source == i && encode_source && tracks[i].height) {
        LayoutSettings only = settings;
        only.ladder = {.kind = media::LadderSpec::Kind::listed, .source = true, .rungs = {}};
        SLUICE_TRY(lay_out_ladder(layout, tracks[i], i, only, true));
      } else {
        pass(i);
      }
      continue;
    }
    SLUICE_TRY(lay_out_ladder(layout, tracks[i], i, settings, encode_source));
  }
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].kind() != Kind::audio) continue;
    if (tracks[i].codec == media::Codec::aac) {
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
  if (layout.tracks.empty()) return fail(Errc::invalid, "the ladder leaves no rendition of this source", "add source to --ladder");
  return layout;
}

}  // namespace sluice::transcode
