// The rules that need the media: what is listed is there, and is what the playlist says it is.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "hls/lint.hpp"
#include "hls/mp4_reader.hpp"
#include "hls/sample_parameters.hpp"

namespace sluice::hls {
namespace {

bool is_mp4(std::string_view uri) {
  uri = uri.substr(0, uri.find('?'));
  return uri.ends_with(".m4s") || uri.ends_with(".mp4") || uri.ends_with(".m4v") || uri.ends_with(".m4a");
}

}  // namespace

class MediaLint::Impl {
 public:
  Impl(std::string path, bool independent, bool low_latency, Load load, Findings& findings, Resolve resolve_by)
      : path_(std::move(path)), independent_(independent), low_latency_(low_latency), load_(std::move(load)), findings_(findings), resolve_(std::move(resolve_by)) {}

  void add(const ReadSegment& segment) {
    facts_.found = true;
    // Of a live playlist, those between may never have been listed: a window can move on by more than its length.
    if (last_msn_ && segment.msn != *last_msn_ + 1) expected_.reset();
    last_msn_ = segment.msn;
    if (segment.discontinuity) {
      expected_.reset();
      start_known_ = start_known_ && before_media_s_ == 0;
    }
    if (segment.gap) {
      expected_.reset();
      if (!facts_.first_start_s) before_media_s_ += segment.duration;
      return;
    }
    auto bytes = segment.uri.empty() ? std::optional<Bytes>() : fetch(segment.uri);
    if (bytes && segment.byte_range) bytes = within(*segment.byte_range, *std::move(bytes), resolve_(path_, segment.uri));
    if (bytes) {
      const double size = 8.0 * static_cast<double>(bytes->size());
      check_bitrate(segment, size);
      lengths_.push_back({size, segment.duration});
      bits_ += size;
      seconds_ += segment.duration;
      if (segment.sealed) {
        expected_.reset();
        if (is_mp4(segment.uri)) (void)header(segment);
      } else {
        check_segment(segment, *bytes);
      }
    }
    check_parts(segment, bytes);
  }

  MediaFacts facts(double target) const {
    MediaFacts facts = facts_;
    facts.peak_bps = peak(lengths_, target);
    if (seconds_ > 0) facts.average_bps = bits_ / seconds_;
    return facts;
  }

 private:
  void find(std::string_view rule, const std::string& where, std::string what) {
    findings_.push_back({find_rule(rule)->id, where, std::move(what)});
  }

  // The highest rate of any neighbours that last half a target duration to one and a half and half a second (4.1).
  static double peak(const std::vector<std::pair<double, double>>& segments, double target) {
    double highest = 0;
    for (std::size_t first = 0; first < segments.size(); ++first) {
      double bits = 0, seconds = 0;
      for (std::size_t i = first; i < segments.size(); ++i) {
        bits += segments[i].first;
        seconds += segments[i].second;
        if (seconds > 1.5 * target + 0.5) break;
        if (seconds > 0 && seconds >= 0.5 * target) highest = std::max(highest, bits / seconds);
      }
    }
    return highest;
  }

  std::optional<Bytes> fetch(const std::string& uri) {
    const std::string path = resolve_(path_, uri);
    if (path.empty()) return std::nullopt;
    auto bytes = load_(path);
    if (bytes) return *std::move(bytes);
    find("media-missing", path, "it is listed in " + path_ + " and cannot be read: " + bytes.error().what);
    return std::nullopt;
  }

  std::optional<Bytes> within(const ReadRange& range, Bytes whole, const std::string& where) {
    if (range.offset <= whole.size() && range.length <= whole.size() - range.offset) {
      whole.resize(range.offset + range.length);
      whole.erase(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(range.offset));
      return whole;
    }
    find("byte-ranges", where, fmt::format("it has {} bytes, {} at byte {} are listed", whole.size(), range.length, range.offset));
    return std::nullopt;
  }

  void check_bitrate(const ReadSegment& segment, double bits) {
    if (!segment.bitrate || segment.duration <= 0) return;
    const double is = bits / segment.duration / 1000, told = static_cast<double>(*segment.bitrate);
    if (is >= 0.9 * told && is <= 1.1 * told) return;
    find("bitrate-tag", resolve_(path_, segment.uri), fmt::format("it has {:.0f} kbit/s, EXT-X-BITRATE is {}", is, *segment.bitrate));
  }

  const Mp4Header* header(const ReadSegment& segment) {
    if (!segment.map) return nullptr;
    const auto [known, fresh] = headers_.try_emplace(*segment.map);
    if (!fresh) return known->second ? &*known->second : nullptr;
    const std::string where = resolve_(path_, *segment.map);
    auto bytes = fetch(*segment.map);
    if (bytes && segment.map_range) bytes = within(*segment.map_range, *std::move(bytes), where);
    if (!bytes || segment.map_sealed) return nullptr;
    auto read = read_mp4_header(*bytes);
    if (!read) {
      find("mp4-broken", where, read.error().what);
      return nullptr;
    }
    for (const Mp4Track& track : read->tracks) facts_.codecs.push_back(track.codec);
    known->second = *std::move(read);
    return &*known->second;
  }

  void check_segment(const ReadSegment& segment, const Bytes& bytes) {
    const std::string where = resolve_(path_, segment.uri);
    const Mp4Header* head = is_mp4(where) ? header(segment) : nullptr;
    if (!head) return;
    const auto fragments = read_mp4_fragments(bytes, *head);
    if (!fragments) {
      expected_.reset();
      return find("mp4-broken", where, fragments.error().what);
    }
    const Mp4Track& track = *head->find(fragments->front().track);
    std::uint64_t at = fragments->front().decode_time, duration = 0;
    const std::uint64_t start = at;
    note_start(segment, static_cast<double>(start) / track.timescale);
    if (expected_ && *expected_map_ == *segment.map && !near(*expected_, start, track))
      find("timestamps-continuous", where, fmt::format("it begins at {}, the one before ended at {} (1/{} s)", start, *expected_, track.timescale));
    bool continuous = true;  // within: its first hole is told
    for (const Mp4Fragment& fragment : *fragments) {
      if (fragment.track != track.id) continue;
      if (continuous && !near(at, fragment.decode_time, track)) {
        continuous = false;
        find("timestamps-continuous", where, fmt::format("within it decode times go from {} to {} (1/{} s)", at, fragment.decode_time, track.timescale));
      }
      at = fragment.decode_time + fragment.duration();
      duration += fragment.duration();
    }
    expected_ = at;
    expected_map_ = segment.map;
    const double seconds = static_cast<double>(duration) / track.timescale;
    if (segment.timed && (seconds > segment.duration + 0.05 || (seconds < least_media(segment) - 0.05 && !segment.before_gap))) {
      find("extinf-media-duration", where, fmt::format("its samples last {:.3f} s, EXTINF is {:.3f} s", seconds, segment.duration));
    }
    if (independent_ && track.handler == "vide" && !starts_with_key(*fragments)) {
      find("segment-starts-key", where, "its first sample is no key frame");
    }
    if (!track.config.empty() && !told_parameters_.contains(*segment.map)) check_parameters(segment, *fragments, track, bytes, where);
    if (!independent_ && low_latency_ && track.handler == "vide" && !holds_key(*fragments)) {
      find("segment-holds-key", where, "it holds no key frame");
    }
  }

  // Parts of a segment may be gaps, and no samples stand for these.
  static double least_media(const ReadSegment& segment) {
    double seconds = segment.duration;
    for (const ReadPart& part : segment.parts) seconds -= part.gap ? part.duration : 0;
    return seconds;
  }

  // Told once of a header: what follows mostly goes on as it has begun.
  void check_parameters(const ReadSegment& segment, const std::vector<Mp4Fragment>& fragments, const Mp4Track& track, ByteView bytes, const std::string& where) {
    const auto known = header_parameters_.try_emplace(*segment.map, track.codec, track.config).first;
    for (const Mp4Fragment& fragment : fragments) {
      if (fragment.track != track.id) continue;
      for (const Mp4Sample& sample : fragment.samples) {
        const auto other = known->second.differing(bytes.subspan(sample.offset, sample.size));
        if (!other) continue;
        told_parameters_.insert(*segment.map);
        return find("parameter-sets-changed", where, *other);
      }
    }
  }

  void note_start(const ReadSegment& segment, double start_s) {
    if (!facts_.first_start_s && start_known_) facts_.first_start_s = start_s - before_media_s_;
    if (segment.date_ms) facts_.zero_dates_ms.try_emplace(segment.discontinuity_sequence, static_cast<double>(*segment.date_ms) - 1000 * start_s);
  }

  void check_parts(const ReadSegment& segment, const std::optional<Bytes>& whole) {
    Bytes together;
    bool all = true;
    for (const ReadPart& part : segment.parts) {
      if (part.gap) {
        all = false;
        continue;
      }
      auto bytes = fetch(part.uri);
      if (bytes && part.byte_range) bytes = within(*part.byte_range, *std::move(bytes), resolve_(path_, part.uri));
      if (!bytes || segment.sealed) {
        all = false;
        continue;
      }
      append(together, *bytes);
      const Mp4Header* head = is_mp4(part.uri) ? header(segment) : nullptr;
      if (!head) continue;
      const auto fragments = read_mp4_fragments(*bytes, *head);
      if (!fragments) {
        find("mp4-broken", resolve_(path_, part.uri), fragments.error().what);
      } else if (part.independent && head->find(fragments->front().track)->handler == "vide" && !holds_key(*fragments)) {
        find("independent-part-key", resolve_(path_, part.uri), "it is INDEPENDENT and holds no key frame");
      }
    }
    if (whole && all && !segment.parts.empty() && together != *whole && !same_samples(together, *whole, segment)) {
      find("parts-are-segment", resolve_(path_, segment.uri), "its parts hold other samples");
    }
  }

  // Boxes may differ between a segment and its parts, samples may not.
  bool same_samples(const Bytes& parts, const Bytes& whole, const ReadSegment& segment) {
    const Mp4Header* head = is_mp4(segment.uri) ? header(segment) : nullptr;
    if (!head) return false;
    const auto listed = [&](const Bytes& bytes) {
      using Samples = std::vector<std::pair<std::uint32_t, Bytes>>;         // duration, bytes
      std::map<std::uint32_t, std::pair<std::uint64_t, Samples>> samples;  // by track, with the time of the first
      const auto fragments = read_mp4_fragments(bytes, *head);
      for (const Mp4Fragment& fragment : fragments ? *fragments : std::vector<Mp4Fragment>()) {
        auto& [at, list] = samples.try_emplace(fragment.track, fragment.decode_time, Samples()).first->second;
        for (const Mp4Sample& sample : fragment.samples) {
          const ByteView data = ByteView(bytes).subspan(sample.offset, sample.size);
          list.emplace_back(sample.duration, Bytes(data.begin(), data.end()));
        }
      }
      return samples;
    };
    return listed(parts) == listed(whole);
  }

  static bool near(std::uint64_t a, std::uint64_t b, const Mp4Track& track) {
    return (a > b ? a - b : b - a) * 1000 <= track.timescale;  // a millisecond: what a coarser container rounds to
  }
  static bool holds_key(const std::vector<Mp4Fragment>& fragments) {
    return std::ranges::any_of(fragments, [](const Mp4Fragment& f) { return std::ranges::any_of(f.samples, &Mp4Sample::sync); });
  }
  static bool starts_with_key(const std::vector<Mp4Fragment>& fragments) {
    return !fragments.front().samples.empty() && fragments.front().samples.front().sync;
  }

  const std::string path_;
  const bool independent_, low_latency_;
  const Load load_;
  Findings& findings_;
  const Resolve resolve_;
  MediaFacts facts_;
  double bits_ = 0, seconds_ = 0;
  double before_media_s_ = 0;  // gaps before the first segment that has media
  bool start_known_ = true;    // no discontinuity among them
  std::optional<std::uint64_t> last_msn_;
  std::vector<std::pair<double, double>> lengths_;  // of segments: bits, seconds
  std::map<std::string, std::optional<Mp4Header>> headers_;
  std::map<std::string, SampleParameters> header_parameters_;  // by header
  std::set<std::string> told_parameters_;
  std::optional<std::uint64_t> expected_;
  std::optional<std::string> expected_map_;
};

MediaLint::MediaLint(std::string path, bool independent, bool low_latency, Load load, Findings& findings, Resolve resolve_by)
    : impl_(std::make_unique<Impl>(std::move(path), independent, low_latency, std::move(load), findings, std::move(resolve_by))) {}
MediaLint::~MediaLint() = default;
void MediaLint::add(const ReadSegment& segment) { impl_->add(segment); }
MediaFacts MediaLint::facts(double target) const { return impl_->facts(target); }

MediaFacts lint_media(const NamedPlaylist& named, bool independent, const MediaLint::Load& load, Findings& findings) {
  const ReadMedia& list = named.playlist->media;
  // A folder of playlists alone is judged as such.
  const bool any = std::ranges::any_of(list.segments, [&](const ReadSegment& segment) {
    const std::string path = resolve(named.path, segment.uri);
    return !segment.uri.empty() && !segment.gap && !path.empty() && load(path).has_value();
  });
  if (!any) return {};
  MediaLint media(named.path, independent, list.part_target.has_value(), load, findings);
  for (const ReadSegment& segment : list.segments) media.add(segment);
  return media.facts(static_cast<double>(list.target_duration.value_or(0)));
}

}  // namespace sluice::hls
