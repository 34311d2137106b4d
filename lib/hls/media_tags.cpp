#include "hls/media_tags.hpp"

#include <utility>

#include "base/text.hpp"
#include "hls/date_time.hpp"

namespace sluice::hls {

bool MediaTags::take(std::string_view tag, std::string_view value) {
  return take_segment_tag(tag, value) || take_part(tag, value) || take_playlist_tag(tag, value);
}

ReadSegment& MediaTags::open() {
  if (!open_) {
    open_.emplace();
    open_->line = tags_.line;
  }
  return *open_;
}

bool MediaTags::take_playlist_tag(std::string_view tag, std::string_view value) {
  if (tag == "EXT-X-TARGETDURATION") {
    if (tags_.once(tag)) media_.target_duration = tags_.number(tag, value);
    if (media_.target_duration != 0) return true;
    tags_.problem("target-duration-required", "EXT-X-TARGETDURATION is less than 1");
    media_.target_duration.reset();
  } else if (tag == "EXT-X-MEDIA-SEQUENCE") {
    if (tags_.once(tag)) media_.media_sequence = tags_.number(tag, value).value_or(0);
    media_.has_media_sequence = true;
    if (!media_.segments.empty() || open_) tags_.problem("media-sequence-first", "EXT-X-MEDIA-SEQUENCE follows a segment");
  } else if (tag == "EXT-X-DISCONTINUITY-SEQUENCE") {
    if (tags_.once(tag)) media_.discontinuity_sequence = tags_.number(tag, value).value_or(0);
    media_.has_discontinuity_sequence = true;
    if (!media_.segments.empty() || open_) {
      tags_.problem("discontinuity-sequence-first", "EXT-X-DISCONTINUITY-SEQUENCE follows a segment or EXT-X-DISCONTINUITY");
    }
  } else if (tag == "EXT-X-PLAYLIST-TYPE") {
    tags_.once(tag);
    media_.type = value;
    if (value != "EVENT" && value != "VOD") tags_.problem("playlist-type", "EXT-X-PLAYLIST-TYPE is neither EVENT nor VOD");
  } else if (tag == "EXT-X-ENDLIST") {
    tags_.once(tag);
    media_.end_list = true;
  } else if (tag == "EXT-X-I-FRAMES-ONLY") {
    tags_.once(tag);
    tags_.needs(4, tag);
    media_.i_frames_only = true;
  } else if (tag == "EXT-X-SERVER-CONTROL") {
    tags_.once(tag);
    const AttributeList list = tags_.attributes(tag, value);
    media_.control = ServerControl{list.yes("CAN-BLOCK-RELOAD"), list.real("HOLD-BACK"), list.real("PART-HOLD-BACK"),
                                  list.real("CAN-SKIP-UNTIL"), list, std::string(value), tags_.line};
  } else if (tag == "EXT-X-PART-INF") {
    tags_.once(tag);
    media_.has_part_inf = true;
    media_.part_target = tags_.attributes(tag, value).real("PART-TARGET");
    if (media_.part_target == 0) media_.part_target.reset();
  } else if (tag == "EXT-X-SKIP") {
    tags_.once(tag);
    const AttributeList list = tags_.attributes(tag, value);
    media_.skipped = list.integer("SKIPPED-SEGMENTS").value_or(0);
    media_.delta = true;
    tags_.needs(list.has("RECENTLY-REMOVED-DATERANGES") ? 10 : 9, tag);
  } else if (tag == "EXT-X-PRELOAD-HINT") {
    const AttributeList list = tags_.attributes(tag, value);
    media_.hints.push_back({list.text("TYPE").value_or(""), list.text("URI").value_or(""), tags_.line});
  } else if (tag == "EXT-X-RENDITION-REPORT") {
    const AttributeList list = tags_.attributes(tag, value);
    media_.reports.push_back({list.text("URI").value_or(""), list.integer("LAST-MSN"), list.integer("LAST-PART"), tags_.line});
  } else if (tag == "EXT-X-DATERANGE") {
    DateRange range = check_date_range(tags_.attributes(tag, value), tags_.tell(), media_.date_ranges);
    range.line = tags_.line;
    media_.date_ranges.add(std::move(range));
  } else {
    return false;
  }
  return true;
}

// Tags that stand before a segment's parts hold for them too, so they may not come after one (4.4.4.9).
void MediaTags::before_parts(std::string_view tag) {
  if (open_ && !open_->parts.empty()) tags_.problem("tags-before-parts", std::string(tag) + " stands after a part of its segment");
}

bool MediaTags::take_segment_tag(std::string_view tag, std::string_view value) {
  if (tag == "EXTINF") {
    const std::size_t comma = value.find(',');
    const std::string_view written = value.substr(0, comma);
    const auto duration = parse_decimal(trim(written));
    if (!duration) tags_.problem("extinf-syntax", "EXTINF has no duration");
    else if (trim(written) != written) tags_.problem("extinf-syntax", "EXTINF has a space beside its duration");
    if (comma == std::string_view::npos) tags_.problem("extinf-syntax", "EXTINF has no comma");
    if (written.find('.') != std::string_view::npos) tags_.needs(3, "a decimal EXTINF");
    if (extinf_) tags_.problem("extinf-required", "the EXTINF before this one has no URI");
    open().duration = duration.value_or(0);
    open().timed = duration.has_value();
    extinf_ = true;
  } else if (tag == "EXT-X-BYTERANGE") {
    tags_.needs(4, "EXT-X-BYTERANGE");
    open().byte_range = read_range(value);
    range_follows_ = open().byte_range && value.find('@') == std::string_view::npos;
  } else if (tag == "EXT-X-DISCONTINUITY") {
    before_parts(tag);
    open().discontinuity = true;
    ++discontinuities_;
  } else if (tag == "EXT-X-MAP") {
    before_parts(tag);
    tags_.needs(media_.i_frames_only ? 5 : 6, "EXT-X-MAP");
    const AttributeList list = tags_.attributes(tag, value);
    map_ = list.text("URI").value_or("");
    map_sealed_ = sealed_;
    map_range_ = list.has("BYTERANGE") ? read_range(*list.text("BYTERANGE")) : std::nullopt;
  } else if (tag == "EXT-X-PROGRAM-DATE-TIME") {
    before_parts(tag);
    open().date_ms = parse_date_time(value);
    media_.has_dates = true;
    if (!open().date_ms) tags_.problem("program-date-time-syntax", "EXT-X-PROGRAM-DATE-TIME is not ISO 8601");
    else if (!tells_zone(value)) tags_.problem("program-date-time-zone", "EXT-X-PROGRAM-DATE-TIME has no time zone");
  } else if (tag == "EXT-X-GAP") {
    open().gap = true;
  } else if (tag == "EXT-X-KEY") {
    before_parts(tag);
    const AttributeList list = tags_.attributes(tag, value);
    check_key(list, tag, tags_.tell());
    const std::string method = list.text("METHOD").value_or("");
    sealed_ = method == "AES-128" || method == "AES-256-GCM";
    if (list.has("IV")) tags_.needs(2, "the IV of EXT-X-KEY");
    if (list.has("KEYFORMAT") || list.has("KEYFORMATVERSIONS")) tags_.needs(5, "the KEYFORMAT of EXT-X-KEY");
    if (method == "SAMPLE-AES") tags_.needs(5, "the METHOD SAMPLE-AES");
  } else if (tag == "EXT-X-BITRATE") {
    bitrate_ = tags_.number(tag, value);
  } else {
    return false;
  }
  return true;
}

// "length[@offset]" (4.4.4.2).
std::optional<ReadRange> MediaTags::read_range(std::string_view value) {
  const std::size_t at = value.find('@');
  const auto length = parse_number<std::uint64_t>(value.substr(0, at));
  const auto offset = at == std::string_view::npos ? std::optional<std::uint64_t>(0) : parse_number<std::uint64_t>(value.substr(at + 1));
  if (length && offset) return ReadRange{*offset, *length};
  tags_.problem("byte-ranges", "a byte range is no length and offset");
  return std::nullopt;
}

// Without an offset it follows the segment before, in the same resource.
void MediaTags::place_range(ReadSegment& segment) {
  if (!segment.byte_range || !std::exchange(range_follows_, false)) return;
  const auto& segments = media_.segments;
  if (segments.empty() || !segments.back().byte_range || segments.back().uri != segment.uri) {
    return tags_.problem("byte-ranges", "EXT-X-BYTERANGE has no offset and follows no range of the same resource");
  }
  segment.byte_range->offset = segments.back().byte_range->offset + segments.back().byte_range->length;
}

bool MediaTags::take_part(std::string_view tag, std::string_view value) {
  if (tag != "EXT-X-PART") return false;
  const AttributeList list = tags_.attributes(tag, value);
  ReadPart part;
  part.line = tags_.line;
  part.uri = list.text("URI").value_or("");
  part.duration = list.real("DURATION").value_or(0);
  part.timed = list.real("DURATION").has_value();
  part.independent = list.yes("INDEPENDENT");
  part.gap = list.yes("GAP");
  if (list.has("BYTERANGE")) part.byte_range = read_part_range(*list.text("BYTERANGE"), open().parts);
  open().parts.push_back(std::move(part));
  return true;
}

// Without an offset it follows the part before, of the same segment (4.4.4.9).
std::optional<ReadRange> MediaTags::read_part_range(std::string_view value, const std::vector<ReadPart>& before) {
  auto range = read_range(value);
  if (!range || value.find('@') != std::string_view::npos) return range;
  if (before.empty()) return range;
  if (before.back().byte_range) range->offset = before.back().byte_range->offset + before.back().byte_range->length;
  else tags_.problem("byte-ranges", "the BYTERANGE of a part has no offset and follows no range");
  return range;
}

void MediaTags::take_uri(std::string uri) {
  if (!extinf_) tags_.problem("extinf-required", "a segment has no EXTINF");
  open().uri = std::move(uri);
  close_segment();
}

void MediaTags::close_segment() {
  ReadSegment segment = *std::exchange(open_, std::nullopt);
  extinf_ = false;
  place_range(segment);
  segment.map = map_;
  segment.map_range = map_range_;
  segment.map_sealed = map_sealed_;
  segment.sealed = sealed_;
  if (!segment.byte_range) segment.bitrate = bitrate_;
  segment.discontinuity_sequence = discontinuities_;  // the playlist's own number is added at the end
  if (segment.gap && !media_.segments.empty()) media_.segments.back().before_gap = true;
  media_.segments.push_back(std::move(segment));
}

void MediaTags::finish() {
  if (open_ && extinf_) tags_.problem("extinf-required", "an EXTINF has no URI");
  if (open_ && !open_->parts.empty()) close_segment();
  std::uint64_t msn = media_.media_sequence + media_.skipped;
  for (ReadSegment& segment : media_.segments) {
    segment.msn = msn++;
    segment.discontinuity_sequence += media_.discontinuity_sequence;
  }
}

}  // namespace sluice::hls
