#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "hls/playlist_writer.hpp"

namespace sluice::hls {
namespace {

bool playable(const RenditionView& rendition) { return !rendition.segments.empty() && !rendition.codecs.empty(); }

// hls.js begins a stream where the level it begins with does, so in the whole stream a rung that came late would hide all that was before it. It is
// left out where one that was there from the beginning is there to the end.
void leave_out_late(const StreamView& stream, std::vector<const RenditionView*>& video) {
  constexpr double apart_s = 0.1;
  const auto kept = [&](const RenditionView* r) { return r->segments.back().msn >= stream.first_kept; };
  const auto begins = [](const RenditionView* r) { return r->seconds(r->segments.front().start); };
  std::vector<const RenditionView*> there;
  std::ranges::copy_if(video, std::back_inserter(there), kept);
  if (there.empty()) return;
  const double first = begins(*std::ranges::min_element(there, {}, begins));
  const auto late = [&](const RenditionView* r) { return kept(r) && begins(r) > first + apart_s; };
  if (std::ranges::any_of(there, [&](const RenditionView* r) { return !late(r) && !r->shed; })) std::erase_if(video, late);
}

void append_codec(std::string& list, const std::string& codecs) {
  if (codecs.empty() || std::ranges::any_of(split(list, ','), [&](std::string_view known) { return known == codecs; })) return;
  if (!list.empty()) list += ',';
  list += codecs;
}

}  // namespace

Rates rates(const RenditionView& rendition, std::uint32_t target_duration_s) {
  struct Measured {
    double bits, seconds;
  };
  std::vector<Measured> segments;
  double bits = 0, seconds = 0;
  for (const SegmentView& segment : rendition.segments) {
    const double length = rendition.seconds(segment.duration);
    // Of a stream that has just begun, the open segment tells more than nothing.
    if (segment.gap || length <= 0 || (!segment.complete && rendition.complete() > 0)) continue;
    segments.push_back({8.0 * static_cast<double>(segment.bytes), length});
    bits += segments.back().bits;
    seconds += length;
  }
  // Neighbours count together: after a restart a short segment with two keyframes may stand beside a long one.
  double peak = 0;
  for (std::size_t first = 0; first < segments.size(); ++first) {
    Measured run{0, 0};
    for (std::size_t i = first; i < segments.size() && run.seconds <= 1.5 * target_duration_s; ++i) {
      run = {run.bits + segments[i].bits, run.seconds + segments[i].seconds};
      if (run.seconds >= 0.5 * target_duration_s) peak = std::max(peak, run.bits / run.seconds);
    }
  }
  const double average = seconds > 0 ? bits / seconds : 0;
  Rates out;
  out.average = std::max<std::uint64_t>(rendition.bitrate, static_cast<std::uint64_t>(std::ceil(average)));
  out.peak = std::max<std::uint64_t>({rendition.maxrate, rendition.bitrate, static_cast<std::uint64_t>(std::ceil(peak)),
                                      out.average});
  return out;
}

std::string multivariant_playlist(const StreamView& stream, const std::string& prefix, const std::string& playlist) {
  std::vector<const RenditionView*> video, audio;
  for (const RenditionView& rendition : stream.renditions) {
    if (playable(rendition)) (rendition.kind == media::Kind::video ? video : audio).push_back(&rendition);
  }
  if (playlist == whole_playlist_name) leave_out_late(stream, video);
  const auto uri = [&](const RenditionView& r) { return prefix + r.name + "/" + playlist; };

  std::string out = "#EXTM3U\n";
  if (stream.all_independent()) out += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  Rates sound;
  std::string sound_codecs;
  if (!video.empty()) {
    std::set<std::string> languages;
    for (const RenditionView* r : audio) {
      const bool first = r == audio.front();
      // Apple's 8.10 wants it always; "und" is RFC 5646's word for one that nobody has told.
      const std::string language = r->language.empty() ? "und" : r->language;
      // A player chooses by language, so the second of a language is the viewer's to choose (8216bis 4.4.6.1.1).
      out += fmt::format("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"{}\",DEFAULT={},AUTOSELECT={},LANGUAGE=\"{}\"", r->name, first ? "YES" : "NO",
                         languages.insert(language).second ? "YES" : "NO", language);
      if (r->channels > 0) out += fmt::format(",CHANNELS=\"{}\"", r->channels);
      out += fmt::format(",URI=\"{}\"\n", uri(*r));
      const Rates rate = rates(*r, stream.target_duration_s);
      sound.peak = std::max(sound.peak, rate.peak);
      sound.average = std::max(sound.average, rate.average);
      append_codec(sound_codecs, r->codecs);
    }
  }
  std::vector<const RenditionView*> variants = video.empty() ? audio : video;
  if (!video.empty()) std::ranges::copy_if(audio, std::back_inserter(variants), &RenditionView::alone);
  for (const RenditionView* r : variants) {
    // Sound alone is itself of the group: whichever of that is played, it is the only thing played.
    const bool alone = !video.empty() && r->kind == media::Kind::audio;
    const Rates own = alone ? sound : rates(*r, stream.target_duration_s), beside = alone ? Rates{} : sound;
    // At least 1: a stream whose first segment is still open has no rate to measure yet.
    out += fmt::format("#EXT-X-STREAM-INF:BANDWIDTH={}", std::max<std::uint64_t>(1, own.peak + beside.peak));
    if (own.average > 0) out += fmt::format(",AVERAGE-BANDWIDTH={}", own.average + beside.average);
    std::string codecs = alone ? "" : r->codecs;
    append_codec(codecs, sound_codecs);
    out += fmt::format(",CODECS=\"{}\"", codecs);
    if (r->width > 0 && r->height > 0) out += fmt::format(",RESOLUTION={}x{}", r->width, r->height);
    if (r->frame_rate.num > 0 && r->frame_rate.den > 0) {
      out += fmt::format(",FRAME-RATE={:.3f}",
                         static_cast<double>(r->frame_rate.num) / static_cast<double>(r->frame_rate.den));
    }
    if (!sound_codecs.empty()) out += ",AUDIO=\"audio\"";
    if (!video.empty()) out += ",CLOSED-CAPTIONS=NONE";  // in all variants or in none (8216bis 4.4.6.2)
    out += fmt::format("\n{}\n", uri(*r));
  }
  return out;
}

}  // namespace sluice::hls
