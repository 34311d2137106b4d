#include "hls/playlist_reader.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "base/text.hpp"
#include "hls/attribute_list.hpp"

namespace sluice::hls {
namespace {

bool valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : (lead & 0xf0) == 0xe0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

// U+0000 to U+001F but for CR and LF, U+007F to U+009F; of UTF-8.
bool holds_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n' && c != '\r') || c == 0x7f) return true;
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

class Reader {
 public:
  Reader(std::string_view text, const Loaded& loaded) : text_(text), scope_(loaded) {}

  ReadPlaylist read() {
    check_characters();
    std::size_t at = 0;
    for (line_ = 1; at < text_.size(); ++line_) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      std::string_view line = text_.substr(at, end - at);
      if (line.ends_with('\r')) line.remove_suffix(1);
      at = end + 1;
      if (line_ == 1 && line != "#EXTM3U") problem("extm3u-first", "the first line is not #EXTM3U");
      take(line);
    }
    finish();
    std::ranges::stable_sort(out_.problems, {}, &Problem::line);
    return std::move(out_);
  }

 private:
  void problem(std::string_view rule, std::string what) { out_.problems.push_back({rule, line_, std::move(what)}); }

  void check_characters() {
    line_ = 0;
    if (text_.empty()) problem("extm3u-first", "the playlist is empty");
    if (text_.starts_with("\xef\xbb\xbf")) {
      problem("utf8", "it begins with a byte order mark");
      text_.remove_prefix(3);
    }
    if (!valid_utf8(text_)) problem("utf8", "it is not UTF-8");
    if (holds_control(text_)) problem("control-characters", "it holds a control character");
  }

  void take(std::string_view line) {
    if (line.empty()) return;
    if (!line.starts_with('#')) return take_uri(line);
    if (variant_ && !line.starts_with("#EXT")) return;
    if (variant_) {
      problem("stream-inf-uri", "EXT-X-STREAM-INF is not followed by its URI");
      variant_.reset();
    }
    if (!line.starts_with("#EXT")) return;  // a comment
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view tag = line.substr(1, colon - 1);
    const std::string_view value = colon < line.size() ? line.substr(colon + 1) : "";
    if (take_common(tag, value)) return;
    if (take_segment_tag(tag, value) || take_part(tag, value) || take_media_tag(tag, value)) {
      media_line_ = media_line_ == 0 ? line_ : media_line_;
    } else if (take_multivariant_tag(tag, value)) {
      multi_line_ = multi_line_ == 0 ? line_ : multi_line_;
    }
  }

  // ---- values

  AttributeList attributes(std::string_view value) {
    AttributeList list = AttributeList::parse(value);
    scope_.substitute(list, tell_);
    if (!list.error().empty()) problem("attribute-syntax", list.error());
    if (!list.duplicate().empty()) problem("attribute-duplicate", list.duplicate() + " occurs twice");
    if (list.any_starts_with("REQ-")) needs(12, "an attribute that begins with REQ-");
    return list;
  }
  void check_types(const AttributeList& list) {
    if (!list.mistyped().empty()) problem("attribute-syntax", list.mistyped() + " has a value of the wrong type");
  }
  std::string required(const AttributeList& list, std::string_view tag, std::string_view name, bool quoted) {
    if (!list.has(name)) {
      problem("attribute-required", std::string(tag) + " has no " + std::string(name));
      return "";
    }
    return (quoted ? list.quoted(name) : list.word(name)).value_or("");
  }
  std::uint64_t number(std::string_view tag, std::string_view value) {
    const auto parsed = parse_number<std::uint64_t>(value);
    if (!parsed) problem("tag-value", std::string(tag) + " is not a decimal integer");
    return parsed.value_or(0);
  }
  bool once(std::string_view tag) {
    if (seen_.insert(std::string(tag)).second) return true;
    problem("tag-once", std::string(tag) + " occurs twice");
    return false;
  }

  // ---- tags of both kinds

  bool take_common(std::string_view tag, std::string_view value) {
    if (tag == "EXTM3U") return true;
    if (tag == "EXT-X-VERSION") {
      if (once(tag)) out_.version = number(tag, value);
      return true;
    }
    if (tag == "EXT-X-INDEPENDENT-SEGMENTS") {
      once(tag);
      out_.independent_segments = true;
      return true;
    }
    if (tag == "EXT-X-START") {
      once(tag);
      check_start(attributes(value), tell_);
      return true;
    }
    if (tag == "EXT-X-DEFINE") {
      const AttributeList list = attributes(value);
      needs(list.has("QUERYPARAM") ? 11 : 8, tag);
      scope_.define(list, line_, tell_);
      return true;
    }
    return false;
  }

  // ---- media playlists

  ReadSegment& open() {
    if (!open_) {
      open_.emplace();
      open_->line = line_;
    }
    return *open_;
  }

  bool take_media_tag(std::string_view tag, std::string_view value) {
    ReadMedia& media = out_.media;
    if (tag == "EXT-X-TARGETDURATION") {
      if (once(tag)) media.target_duration = number(tag, value);
      if (media.target_duration == 0) problem("target-duration-required", "EXT-X-TARGETDURATION is less than 1");
    } else if (tag == "EXT-X-MEDIA-SEQUENCE") {
      if (once(tag)) media.media_sequence = number(tag, value);
      media.has_media_sequence = true;
      if (!media.segments.empty() || open_) problem("media-sequence-first", "EXT-X-MEDIA-SEQUENCE follows a segment");
    } else if (tag == "EXT-X-DISCONTINUITY-SEQUENCE") {
      if (once(tag)) media.discontinuity_sequence = number(tag, value);
      media.has_discontinuity_sequence = true;
      if (!media.segments.empty() || open_) {
        problem("discontinuity-sequence-first", "EXT-X-DISCONTINUITY-SEQUENCE follows a segment or EXT-X-DISCONTINUITY");
      }
    } else if (tag == "EXT-X-PLAYLIST-TYPE") {
      once(tag);
      media.type = value;
      if (value != "EVENT" && value != "VOD") problem("playlist-type", "EXT-X-PLAYLIST-TYPE is neither EVENT nor VOD");
    } else if (tag == "EXT-X-ENDLIST") {
      once(tag);
      media.end_list = true;
    } else if (tag == "EXT-X-I-FRAMES-ONLY") {
      once(tag);
      needs(4, tag);
      media.i_frames_only = true;
    } else if (tag == "EXT-X-SERVER-CONTROL") {
      once(tag);
      const AttributeList list = attributes(value);
      media.control = ServerControl{list.yes("CAN-BLOCK-RELOAD"), list.real("HOLD-BACK"), list.real("PART-HOLD-BACK"),
                                    list.real("CAN-SKIP-UNTIL"), std::string(value), line_};
      check_types(list);
    } else if (tag == "EXT-X-PART-INF") {
      once(tag);
      const AttributeList list = attributes(value);
      required(list, tag, "PART-TARGET", false);
      media.part_target = list.real("PART-TARGET");
      check_types(list);
    } else if (tag == "EXT-X-SKIP") {
      once(tag);
      const AttributeList list = attributes(value);
      required(list, tag, "SKIPPED-SEGMENTS", false);
      media.skipped = list.integer("SKIPPED-SEGMENTS").value_or(0);
      media.delta = true;
      needs(list.has("RECENTLY-REMOVED-DATERANGES") ? 10 : 9, tag);
      check_types(list);
    } else if (tag == "EXT-X-PRELOAD-HINT") {
      const AttributeList list = attributes(value);
      const std::string type = required(list, tag, "TYPE", false);
      media.hints.push_back({type, required(list, tag, "URI", true), line_});
      check_types(list);
    } else if (tag == "EXT-X-RENDITION-REPORT") {
      const AttributeList list = attributes(value);
      media.reports.push_back({required(list, tag, "URI", true), list.integer("LAST-MSN"), list.integer("LAST-PART"), line_});
      check_types(list);
    } else if (tag == "EXT-X-DATERANGE") {
      media.date_ranges.push_back(check_date_range(attributes(value), tell_, media.date_ranges));
    } else {
      return false;
    }
    return true;
  }

  // Tags that stand before a segment's parts hold for them too, so they may not come after one (4.4.4.9).
  void before_parts(std::string_view tag) {
    if (open_ && !open_->parts.empty()) problem("tags-before-parts", std::string(tag) + " stands after a part of its segment");
  }

  bool take_segment_tag(std::string_view tag, std::string_view value) {
    if (tag == "EXTINF") {
      const std::size_t comma = value.find(',');
      const auto duration = parse_decimal(trim(value.substr(0, comma)));
      if (!duration) problem("extinf-syntax", "EXTINF has no duration");
      if (comma == std::string_view::npos) problem("extinf-syntax", "EXTINF has no comma");
      if (value.substr(0, comma).find('.') != std::string_view::npos) needs(3, "a decimal EXTINF");
      open().duration = duration.value_or(0);
      extinf_ = true;
    } else if (tag == "EXT-X-BYTERANGE") {
      needs(4, "EXT-X-BYTERANGE");
      open().byte_range = read_range(value);
      range_follows_ = open().byte_range && value.find('@') == std::string_view::npos;
    } else if (tag == "EXT-X-DISCONTINUITY") {
      before_parts(tag);
      open().discontinuity = true;
      ++discontinuities_;
    } else if (tag == "EXT-X-MAP") {
      before_parts(tag);
      needs(out_.media.i_frames_only ? 5 : 6, "EXT-X-MAP");
      const AttributeList list = attributes(value);
      map_ = required(list, tag, "URI", true);
      map_sealed_ = sealed_;
      map_range_ = list.has("BYTERANGE") ? read_range(list.quoted("BYTERANGE").value_or("")) : std::nullopt;
      check_types(list);
    } else if (tag == "EXT-X-PROGRAM-DATE-TIME") {
      before_parts(tag);
      open().date_ms = parse_date_time(value);
      if (!open().date_ms) problem("program-date-time-syntax", "EXT-X-PROGRAM-DATE-TIME is not ISO 8601");
      else if (!tells_zone(value)) problem("program-date-time-zone", "EXT-X-PROGRAM-DATE-TIME has no time zone");
    } else if (tag == "EXT-X-GAP") {
      open().gap = true;
    } else if (tag == "EXT-X-KEY") {
      before_parts(tag);
      const AttributeList list = attributes(value);
      check_key(list, tag, tell_);
      const std::string method = list.word("METHOD").value_or("");
      sealed_ = method == "AES-128" || method == "AES-256-GCM";
      if (list.has("IV")) needs(2, "the IV of EXT-X-KEY");
      if (list.has("KEYFORMAT") || list.has("KEYFORMATVERSIONS")) needs(5, "the KEYFORMAT of EXT-X-KEY");
      if (method == "SAMPLE-AES") needs(5, "the METHOD SAMPLE-AES");
    } else if (tag == "EXT-X-BITRATE") {
      bitrate_ = number(tag, value);
    } else {
      return false;
    }
    return true;
  }

  // "length[@offset]" (4.4.4.2).
  std::optional<ReadRange> read_range(std::string_view value) {
    const std::size_t at = value.find('@');
    const auto length = parse_number<std::uint64_t>(value.substr(0, at));
    const auto offset = at == std::string_view::npos ? std::optional<std::uint64_t>(0) : parse_number<std::uint64_t>(value.substr(at + 1));
    if (length && offset) return ReadRange{*offset, *length};
    problem("byte-ranges", "a byte range is no length and offset");
    return std::nullopt;
  }
  // Without an offset it follows the segment before, in the same resource.
  void place_range(ReadSegment& segment) {
    if (!segment.byte_range || !std::exchange(range_follows_, false)) return;
    const auto& segments = out_.media.segments;
    if (segments.empty() || !segments.back().byte_range || segments.back().uri != segment.uri) {
      return problem("byte-ranges", "EXT-X-BYTERANGE has no offset and follows no range of the same resource");
    }
    segment.byte_range->offset = segments.back().byte_range->offset + segments.back().byte_range->length;
  }

  bool take_part(std::string_view tag, std::string_view value) {
    if (tag != "EXT-X-PART") return false;
    const AttributeList list = attributes(value);
    ReadPart part;
    part.line = line_;
    part.uri = required(list, tag, "URI", true);
    required(list, tag, "DURATION", false);
    part.duration = list.real("DURATION").value_or(0);
    part.independent = list.yes("INDEPENDENT");
    part.gap = list.yes("GAP");
    if (list.has("BYTERANGE")) part.byte_range = read_part_range(list.quoted("BYTERANGE").value_or(""), open().parts);
    check_types(list);
    open().parts.push_back(std::move(part));
    return true;
  }

  // Without an offset it follows the part before, of the same segment (4.4.4.9).
  std::optional<ReadRange> read_part_range(std::string_view value, const std::vector<ReadPart>& before) {
    auto range = read_range(value);
    if (!range || value.find('@') != std::string_view::npos) return range;
    if (before.empty()) return range;
    if (before.back().byte_range) range->offset = before.back().byte_range->offset + before.back().byte_range->length;
    else problem("byte-ranges", "the BYTERANGE of a part has no offset and follows no range");
    return range;
  }

  void take_uri(std::string_view written) {
    const std::string line = scope_.substituted(written, tell_);
    if (variant_) {
      variant_->uri = line;
      out_.multi.variants.push_back(*std::exchange(variant_, std::nullopt));
      return;
    }
    media_line_ = media_line_ == 0 ? line_ : media_line_;
    if (!extinf_) problem("extinf-required", "a segment has no EXTINF");
    open().uri = line;
    close_segment();
  }

  void close_segment() {
    ReadSegment segment = *std::exchange(open_, std::nullopt);
    extinf_ = false;
    place_range(segment);
    segment.map = map_;
    segment.map_range = map_range_;
    segment.map_sealed = map_sealed_;
    segment.sealed = sealed_;
    if (!segment.byte_range) segment.bitrate = bitrate_;
    segment.discontinuity_sequence = discontinuities_;  // the playlist's own number is added at the end
    out_.media.segments.push_back(std::move(segment));
  }

  // ---- multivariant playlists

  bool take_multivariant_tag(std::string_view tag, std::string_view value) {
    if (tag == "EXT-X-STREAM-INF") {
      const AttributeList list = attributes(value);
      ReadVariant variant;
      variant.line = line_;
      required(list, tag, "BANDWIDTH", false);
      variant.bandwidth = list.integer("BANDWIDTH");
      variant.average_bandwidth = list.integer("AVERAGE-BANDWIDTH");
      variant.codecs = list.quoted("CODECS");
      variant.resolution = list.word("RESOLUTION");
      variant.frame_rate = list.real("FRAME-RATE");
      variant.audio = list.quoted("AUDIO");
      variant.video = list.quoted("VIDEO");
      variant.subtitles = list.quoted("SUBTITLES");
      // The one attribute that is a quoted string or an enumerated one.
      if (list.has("CLOSED-CAPTIONS")) {
        const AttributeList again = list;
        variant.closed_captions = again.word("CLOSED-CAPTIONS");
        if (!variant.closed_captions) variant.closed_captions = again.quoted("CLOSED-CAPTIONS");
      }
      check_types(list);
      variant_ = std::move(variant);
    } else if (tag == "EXT-X-MEDIA") {
      const AttributeList list = attributes(value);
      ReadRendition rendition;
      rendition.line = line_;
      rendition.type = required(list, tag, "TYPE", false);
      rendition.group = required(list, tag, "GROUP-ID", true);
      rendition.name = required(list, tag, "NAME", true);
      rendition.uri = list.quoted("URI").value_or("");
      rendition.language = list.quoted("LANGUAGE").value_or("");
      rendition.is_default = list.yes("DEFAULT");
      check_media(list, tell_);
      if (list.has("AUTOSELECT")) rendition.autoselect = list.yes("AUTOSELECT");
      if (const auto id = list.has("INSTREAM-ID") ? list.quoted("INSTREAM-ID") : std::nullopt) {
        if (rendition.type != "CLOSED-CAPTIONS") needs(13, "the INSTREAM-ID of what is no closed caption");
        else if (id->starts_with("SERVICE")) needs(7, "an INSTREAM-ID of the SERVICE kind");
      }
      check_types(list);
      out_.multi.renditions.push_back(std::move(rendition));
    } else if (tag == "EXT-X-SESSION-DATA") {
      check_session_data(attributes(value), tell_);
    } else if (tag == "EXT-X-SESSION-KEY") {
      check_key(attributes(value), tag, tell_);
    } else if (tag == "EXT-X-I-FRAME-STREAM-INF" || tag == "EXT-X-CONTENT-STEERING") {
      attributes(value);  // by their syntax, and that the variables in them are defined
      out_.multi.i_frame_variants += tag == "EXT-X-I-FRAME-STREAM-INF";
    } else {
      return false;
    }
    return true;
  }

  // ---- the whole

  void needs(std::uint64_t version, std::string_view what) {
    if (version <= needed_) return;
    needed_ = version;
    needed_for_ = what;
  }

  void check_imports() {
    for (const VariableScope::Import& import : scope_.imports()) {
      line_ = import.line;
      if (out_.multivariant) problem("import-multivariant", "a multivariant playlist imports the variable " + import.name);
      else if (!scope_.from_multivariant()) problem("import-undefined", "it imports the variable " + import.name + ", and no multivariant playlist names it");
      else if (!import.found) problem("import-undefined", "it imports the variable " + import.name + ", which its multivariant playlist does not define");
    }
    line_ = 0;
  }

  void finish() {
    if (variant_) problem("stream-inf-uri", "EXT-X-STREAM-INF is not followed by its URI");
    if (open_ && extinf_) problem("extinf-required", "an EXTINF has no URI");
    if (open_ && !open_->parts.empty()) close_segment();
    out_.multivariant = multi_line_ > 0 && media_line_ == 0;
    line_ = std::max(media_line_, multi_line_);
    if (media_line_ > 0 && multi_line_ > 0) problem("one-kind", "tags of media and multivariant playlists are mixed");
    check_imports();
    out_.variables = scope_.variables();
    ReadMedia& media = out_.media;
    if (!out_.multivariant && !media.target_duration) problem("target-duration-required", "there is no EXT-X-TARGETDURATION");
    if (out_.version < needed_) {
      problem("version-needed", std::string(needed_for_) + " needs EXT-X-VERSION " + std::to_string(needed_));
    }
    if (!out_.multivariant && out_.version > std::max<std::uint64_t>(needed_, 1)) {
      problem("version-excess", "EXT-X-VERSION is " + std::to_string(out_.version) + ", " + std::to_string(needed_) + " would do");
    }
    std::uint64_t msn = media.media_sequence + media.skipped;
    for (ReadSegment& segment : media.segments) {
      segment.msn = msn++;
      segment.discontinuity_sequence += media.discontinuity_sequence;
    }
  }

  std::string_view text_;
  VariableScope scope_;
  ReadPlaylist out_;
  std::size_t line_ = 0, media_line_ = 0, multi_line_ = 0;
  std::set<std::string> seen_;
  std::optional<ReadSegment> open_;
  std::optional<ReadVariant> variant_;
  std::optional<std::string> map_;
  std::optional<ReadRange> map_range_;
  std::optional<std::uint64_t> bitrate_;
  bool extinf_ = false, range_follows_ = false, sealed_ = false, map_sealed_ = false;
  const Tell tell_ = [this](std::string_view rule, std::string what) { problem(rule, std::move(what)); };
  std::uint64_t discontinuities_ = 0, needed_ = 1;
  std::string needed_for_;
};

}  // namespace

double ReadMedia::duration() const {
  double sum = 0;
  for (const ReadSegment& segment : segments) sum += segment.uri.empty() ? 0 : segment.duration;
  return sum;
}

ReadPlaylist read_playlist(std::string_view text, const Loaded& loaded) { return Reader(text, loaded).read(); }

bool tells_zone(std::string_view text) { return text.find_first_of("Z+-", std::string_view("YYYY-MM-DD").size()) != std::string_view::npos; }

std::optional<std::int64_t> parse_date_time(std::string_view text) {
  // YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh:mm|±hhmm|±hh]
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto field = [&](std::size_t at, std::size_t length) { return parse_number<int>(text.substr(at, length)); };
  const auto year = field(0, 4), month = field(5, 2), day = field(8, 2), hour = field(11, 2), minute = field(14, 2), second = field(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59 || *second < 0 || *second > 60) return std::nullopt;
  std::string_view rest = text.substr(19);
  std::int64_t ms = 0;
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end < 2 || end > 20) return std::nullopt;
    ms = static_cast<std::int64_t>(parse_decimal(rest.substr(0, end)).value_or(0) * 1000 + 0.5);
    rest.remove_prefix(end);
  }
  std::int64_t offset_min = 0;
  if (!rest.empty() && rest != "Z") {
    if (rest.size() < 3 || (rest[0] != '+' && rest[0] != '-')) return std::nullopt;
    const auto hours = parse_number<int>(rest.substr(1, 2));
    std::string_view tail = rest.substr(3);
    if (tail.starts_with(':')) tail.remove_prefix(1);
    const auto minutes = tail.empty() ? std::optional<int>(0) : tail.size() == 2 ? parse_number<int>(tail) : std::nullopt;
    if (!hours || !minutes || *hours < 0 || *hours > 23 || *minutes < 0 || *minutes > 59) return std::nullopt;
    offset_min = (rest[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + *hour) * 60 + *minute - offset_min) * 60'000 + *second * 1000 + ms;
}

}  // namespace sluice::hls
