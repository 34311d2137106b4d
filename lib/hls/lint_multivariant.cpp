// The rules of a multivariant playlist, and of the renditions it brings together.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include "base/text.hpp"
#include "hls/lint.hpp"

namespace sluice::hls {
namespace {

constexpr double times_apart_s = 0.3;  // pictures' reordering, and a frame of each
constexpr std::uint64_t cellular_bps = 192'000;
constexpr std::string_view default_pathway = ".";

// One that is not defined: nobody knows what it stands for.
bool holds_variable(std::string_view value) { return value.find("{$") != std::string_view::npos; }

bool has_video(const std::string& codecs) {
  for (std::string_view codec : split(codecs, ',')) {
    codec = trim(codec);
    for (const char* video : {"avc", "hvc", "hev", "av01", "vp09", "dvh"}) {
      if (codec.starts_with(video)) return true;
    }
  }
  return false;
}

bool has_video(const ReadVariant& variant) { return variant.codecs ? has_video(*variant.codecs) : variant.resolution.has_value(); }

std::set<std::string> attributes_of(const ServerControl& control) {
  const auto pieces = split(control.text, ',');
  return {pieces.begin(), pieces.end()};
}

// Segments by their dates. Numbers tell nothing: each playlist may count from another (6.3.2).
using Dates = std::map<std::int64_t, const ReadSegment*>;
constexpr std::int64_t apart_ms = 300;

Dates by_date(const ReadMedia& list) {
  Dates dates;
  for (const ReadSegment& segment : list.segments)
    if (segment.date_ms) dates[*segment.date_ms] = &segment;
  return dates;
}

// The one that begins nearest to where `segment` does; null where they are not of the same time.
const ReadSegment* nearest(const Dates& dates, const ReadSegment& segment) {
  if (!segment.date_ms || dates.empty()) return nullptr;
  const auto after = dates.lower_bound(*segment.date_ms);
  if (after == dates.end()) return *segment.date_ms - dates.rbegin()->first > apart_ms ? nullptr : dates.rbegin()->second;
  if (after == dates.begin()) return after->first - *segment.date_ms > apart_ms ? nullptr : after->second;
  const auto before = std::prev(after);
  return *segment.date_ms - before->first < after->first - *segment.date_ms ? before->second : after->second;
}

std::string at(const std::string& path, std::size_t line) { return fmt::format("{}:{}", path, line); }

// Name and language of each member of a group, in order.
std::multiset<std::string> members(const ReadMultivariant& multi, const std::string& type, const std::string& group) {
  std::multiset<std::string> found;
  for (const ReadRendition& rendition : multi.renditions) {
    if (rendition.type == type && rendition.group == group) found.insert(rendition.name + "/" + rendition.language);
  }
  return found;
}

}  // namespace

void lint_multivariant(const ReadPlaylist& playlist, const std::string& path, Findings& findings) {
  const auto find = [&](std::string_view rule, std::size_t line, std::string what) {
    findings.push_back({find_rule(rule)->id, at(path, line), std::move(what)});
  };
  const ReadMultivariant& multi = playlist.multi;
  std::size_t without_captions = 0;
  for (const ReadVariant& variant : multi.variants) {
    const AttributeList& written = variant.written;
    if (!written.may_have("CODECS")) find("codecs-required", variant.line, "the variant has no CODECS");
    const bool video = has_video(variant);
    if (video && !written.may_have("RESOLUTION")) find("resolution-required", variant.line, "the variant has no RESOLUTION");
    if (video && !written.may_have("FRAME-RATE")) find("frame-rate-required", variant.line, "the variant has no FRAME-RATE");
    if (!written.may_have("AVERAGE-BANDWIDTH")) find("average-bandwidth-required", variant.line, "the variant has no AVERAGE-BANDWIDTH");
    without_captions += variant.closed_captions == "NONE";
    const auto captions = variant.closed_captions == "NONE" ? std::nullopt : variant.closed_captions;
    for (const auto& [type, group] : {std::pair{"AUDIO", variant.audio}, {"VIDEO", variant.video}, {"SUBTITLES", variant.subtitles}, {"CLOSED-CAPTIONS", captions}}) {
      // A rendition whose type or group is not told may be the one.
      const auto may_define = [&](const ReadRendition& r) { return (r.type == type || r.type.empty()) && (r.group == group || r.group.empty()); };
      if (group && std::ranges::none_of(multi.renditions, may_define)) {
        find("group-undefined", variant.line, fmt::format("no EXT-X-MEDIA defines the {} group \"{}\"", type, *group));
      }
    }
  }
  if (multi.steering && multi.steering->pathway) {
    // What could not be read of a variant may be the pathway; one that names none is on the default pathway (4.4.6.2).
    const auto may_be_on = [&](const ReadVariant& variant) {
      const auto pathway = variant.written.text("PATHWAY-ID");
      return pathway ? *pathway == *multi.steering->pathway || holds_variable(*pathway) : !variant.written.error().empty() || multi.steering->pathway == default_pathway;
    };
    if (!multi.variants.empty() && !holds_variable(*multi.steering->pathway) && std::ranges::none_of(multi.variants, may_be_on)) {
      find("pathway-undefined", multi.steering->line, fmt::format("no variant has the PATHWAY-ID \"{}\"", *multi.steering->pathway));
    }
  }
  if (without_captions > 0 && without_captions < multi.variants.size()) {
    find("closed-captions-consistent", multi.variants.front().line, "some variants have CLOSED-CAPTIONS=NONE, some have not");
  }
  std::map<std::string, std::string> first_groups;  // of each type
  for (const ReadRendition& rendition : multi.renditions) {
    if (rendition.type.empty() || rendition.group.empty()) continue;
    const auto [first, fresh] = first_groups.try_emplace(rendition.type, rendition.group);
    if (fresh || first->second == rendition.group || members(multi, rendition.type, first->second) == members(multi, rendition.type, rendition.group)) continue;
    find("groups-alike", rendition.line, fmt::format("the {} groups \"{}\" and \"{}\" have different members", rendition.type, first->second, rendition.group));
    break;
  }
  std::set<std::string> names, defaults;
  std::map<std::vector<std::string>, std::string> selectable;  // what a player chooses by, and the first rendition that has it
  for (const ReadRendition& rendition : multi.renditions) {
    const std::string group = rendition.type + "/" + rendition.group;
    if (!rendition.name.empty() && !names.insert(group + "/" + rendition.name).second) find("group-names-unique", rendition.line, "the name " + rendition.name + " occurs twice in the group");
    if (rendition.is_default && !defaults.insert(group).second) find("group-one-default", rendition.line, "the group has two defaults");
    if (rendition.type != "VIDEO" && !rendition.type.empty() && rendition.language.empty()) find("language-required", rendition.line, "the rendition " + rendition.name + " has no LANGUAGE");
    if (rendition.is_default && rendition.autoselect == false) find("default-autoselect", rendition.line, "DEFAULT is YES and AUTOSELECT is not");
    // Of those without a language language-required tells.
    if (rendition.autoselect != true || rendition.language.empty() || rendition.group.empty()) continue;
    const auto [same, first] = selectable.try_emplace({group, rendition.language, rendition.associated_language, rendition.forced ? "YES" : "NO", rendition.characteristics}, rendition.name);
    if (!first && same->second != rendition.name) {
      find("autoselect-distinct", rendition.line, fmt::format("{} and {} have AUTOSELECT=YES and are alike in LANGUAGE, ASSOC-LANGUAGE, FORCED and CHARACTERISTICS", same->second, rendition.name));
    }
  }
}

void lint_for_apple(const ReadPlaylist& playlist, const std::string& path, Findings& findings) {
  const auto find = [&](std::string_view rule, std::string what) { findings.push_back({find_rule(rule)->id, path, std::move(what)}); };
  std::set<std::uint64_t> rates;  // of video
  bool narrow = false;
  for (const ReadVariant& variant : playlist.multi.variants) {
    const std::uint64_t rate = variant.bandwidth.value_or(0);
    narrow = narrow || rate <= cellular_bps;
    if (has_video(variant)) rates.insert(rate);
  }
  if (rates.size() == 1) find("several-bit-rates", fmt::format("all video has {} bit/s", *rates.begin()));
  if (!narrow) find("cellular-variant", fmt::format("no variant has a BANDWIDTH of {} or less", cellular_bps));
  if (!rates.empty() && playlist.multi.i_frame_variants == 0) find("i-frame-variant", "there is no EXT-X-I-FRAME-STREAM-INF");
}

void lint_renditions(const std::vector<NamedPlaylist>& renditions, Findings& findings, const Resolve& resolve_by) {
  if (renditions.size() < 2) return;
  const NamedPlaylist& first = renditions.front();
  const ReadMedia& reference = first.playlist->media;
  const Dates dates = by_date(reference);
  for (const NamedPlaylist& other : renditions) {
    if (&other == &first) continue;
    const auto find = [&](std::string_view rule, std::string what) { findings.push_back({find_rule(rule)->id, other.path, std::move(what)}); };
    const ReadMedia& list = other.playlist->media;
    const bool longer_allowed = other.subtitles && list.type == "VOD";
    if (list.target_duration && reference.target_duration && list.target_duration != reference.target_duration && !longer_allowed) find("same-target-duration", "its target duration is not that of " + first.path);
    if (list.type != reference.type) find("same-type", "its EXT-X-PLAYLIST-TYPE is not that of " + first.path);
    if (list.control.has_value() != reference.control.has_value() || (list.control && attributes_of(*list.control) != attributes_of(*reference.control))) {
      find("same-server-control", "its EXT-X-SERVER-CONTROL is not that of " + first.path);
    }
    if (list.has_dates != reference.has_dates) find("same-program-date-time", "it has dates and " + first.path + " has none, or the other way round");
    // Only of playlists that have delivery directives: their makers align segments.
    for (const ReadSegment& segment : list.segments) {
      const ReadSegment* same = reference.control ? nearest(dates, segment) : nullptr;
      if (!same) continue;
      const std::int64_t apart = std::abs(*segment.date_ms - *same->date_ms);
      if (apart > apart_ms) {
        find("same-boundaries", fmt::format("segment {} begins {} ms from segment {} of {}", segment.msn, apart, same->msn, first.path));
        break;
      }
      if (segment.discontinuity_sequence != same->discontinuity_sequence) {
        find("same-discontinuities", fmt::format("segment {} has discontinuity sequence {}, in {} {}", segment.msn, segment.discontinuity_sequence, first.path, same->discontinuity_sequence));
        break;
      }
    }
  }
  // Each rendition is to report on all others, live and with parts.
  for (const NamedPlaylist& one : renditions) {
    const ReadMedia& list = one.playlist->media;
    if (!list.part_target || list.end_list) continue;
    for (const NamedPlaylist& other : renditions) {
      if (&other == &one) continue;
      const bool told = std::ranges::any_of(list.reports, [&](const Report& r) { return resolve_by(one.path, r.uri) == other.path; });
      if (!told) findings.push_back({find_rule("report-required")->id, one.path, "it does not report on " + other.path});
    }
  }
}

void lint_times(const std::vector<NamedPlaylist>& renditions, const std::map<std::string, MediaFacts>& facts, Findings& findings) {
  const MediaFacts* reference = nullptr;
  std::string of;
  for (const NamedPlaylist& rendition : renditions) {
    const auto known = facts.find(rendition.path);
    if (known == facts.end() || !known->second.first_start_s) continue;
    const MediaFacts& media = known->second;
    if (!reference) {
      reference = &media;
      of = rendition.path;
      continue;
    }
    const double apart = *media.first_start_s - *reference->first_start_s;
    const bool both = media.from_first && reference->from_first;
    if (both && rendition.playlist->media.type == "VOD" && std::abs(apart) > times_apart_s) {
      findings.push_back({find_rule("vod-same-start")->id, rendition.path, fmt::format("it begins {:.3f} s from {}", apart, of)});
    }
    for (const auto& [sequence, zero] : media.zero_dates_ms) {
      const auto same = reference->zero_dates_ms.find(sequence);
      if (same == reference->zero_dates_ms.end() || std::abs(zero - same->second) <= 1000 * times_apart_s) continue;
      findings.push_back({find_rule("dates-match-media")->id, rendition.path, fmt::format("its dates lie {:.3f} s from those of {} for the same media time", (zero - same->second) / 1000, of)});
      break;
    }
  }
}

void lint_declared(const ReadPlaylist& multivariant, const std::string& path,
                   const std::function<const MediaFacts*(const std::string&)>& facts_of, bool live, Findings& findings) {
  for (const ReadVariant& variant : multivariant.multi.variants) {
    const MediaFacts* video = facts_of(variant.uri);
    if (!video || !video->found) continue;
    double peak = video->peak_bps, average = video->average_bps;
    std::vector<std::string> codecs = video->codecs;
    double audio_peak = 0, audio_average = 0;
    bool of_group = false;  // sound alone: the variant's own playlist is a rendition of its group, and nobody plays it twice
    for (const ReadRendition& rendition : multivariant.multi.renditions) {
      if (!variant.audio || rendition.type != "AUDIO" || rendition.group != *variant.audio || rendition.uri.empty()) continue;
      if (const MediaFacts* audio = facts_of(rendition.uri); audio && audio->found) {
        of_group = of_group || audio == video;
        audio_peak = std::max(audio_peak, audio->peak_bps);
        audio_average = std::max(audio_average, audio->average_bps);
        codecs.insert(codecs.end(), audio->codecs.begin(), audio->codecs.end());
      }
    }
    peak = of_group ? audio_peak : peak + audio_peak;
    average = of_group ? audio_average : average + audio_average;
    const double tolerance_peak = live ? 1.25 : 1.1;
    if (variant.bandwidth && peak > tolerance_peak * static_cast<double>(*variant.bandwidth)) {
      findings.push_back({find_rule(live ? "peak-over-bandwidth" : "recorded-peak-over-bandwidth")->id, at(path, variant.line), fmt::format("the peak is {:.0f} bit/s, BANDWIDTH {}", peak, *variant.bandwidth)});
    }
    if (variant.average_bandwidth && average > 1.1 * static_cast<double>(*variant.average_bandwidth)) {
      findings.push_back({find_rule(live ? "average-over-bandwidth" : "recorded-average-over-bandwidth")->id, at(path, variant.line), fmt::format("the average is {:.0f} bit/s, AVERAGE-BANDWIDTH {}", average, *variant.average_bandwidth)});
    }
    for (const std::string& codec : codecs) {
      // Browsers and packagers write "opus" and "flac" for the sample entries Opus and fLaC.
      if (variant.codecs && ascii_lower(*variant.codecs).find(ascii_lower(codec)) == std::string::npos) {
        findings.push_back({find_rule("codecs-cover-media")->id, at(path, variant.line), "the media holds " + codec + ", CODECS does not name it"});
      }
    }
  }
}

}  // namespace sluice::hls
