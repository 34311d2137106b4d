#include "hls/lint_rules.hpp"

#include <algorithm>

namespace sluice::hls {
namespace {

constexpr auto must = Severity::must;
constexpr auto should = Severity::should;
constexpr auto url = Needs::url;
constexpr auto files = Needs::files;
constexpr auto apple_only = Holds::for_apple;
constexpr const char* not_made = "nothing here makes it, and what is read without it is judged by the other rules";
constexpr const char* by_encoder = "the publisher's and the ladder's settings decide; they are tested in transcode";

constexpr Rule rules[] = {
    // characters, tags, attributes
    {"utf8", "8216bis", "4.1", must, "a playlist is UTF-8 without a byte order mark"},
    {"control-characters", "8216bis", "4.1", must, "a playlist holds no control characters but CR and LF"},
    {"extm3u-first", "8216bis", "4.4.1.1", must, "#EXTM3U is the first line"},
    {"one-kind", "8216bis", "4.4.6", must, "a playlist holds tags of one kind, media or multivariant"},
    {"tag-once", "8216bis", "4.4.3", must, "a tag of the whole playlist occurs once (4.4.1.2, 4.4.2 and 4.4.5 say it of theirs)"},
    {"tag-value", "8216bis", "4.2", must, "a tag's number is a decimal integer"},
    {"attribute-syntax", "8216bis", "4.2", must, "attribute lists are well-formed and values have their attribute's type"},
    {"attribute-value", "8216bis", "4.4", must, "an attribute has one of the values that are defined for it: the finding names its paragraph"},
    {"attribute-duplicate", "8216bis", "4.2", must, "an attribute occurs once in a list"},
    {"attribute-required", "8216bis", "4.4", must, "required attributes are there"},
    {"version-needed", "8216bis", "8", must, "EXT-X-VERSION is high enough for what the playlist uses"},
    {"version-excess", "8216bis", "6.2.1", should, "EXT-X-VERSION is no higher than what the playlist uses"},
    {"define-tag", "8216bis", "4.4.2.3", must, "EXT-X-DEFINE has one of NAME (with VALUE), IMPORT and QUERYPARAM, which names a variable"},
    {"variable-once", "8216bis", "4.4.2.3", must, "a playlist defines a variable once"},
    {"variable-undefined", "8216bis", "4.3", must, "a variable is defined before it is referred to"},
    {"import-multivariant", "8216bis", "4.4.2.3", must, "only media playlists import variables"},
    {"import-undefined", "8216bis", "4.4.2.3", must, "what a media playlist imports is defined by the multivariant playlist that names it"},
    {"query-parameter", "8216bis", "4.4.2.3", must, "the query parameter that a variable is to have its value from is in the playlist's URL, with a value that fits into a quoted string"},
    // media playlists
    {"target-duration-required", "8216bis", "4.4.3.1", must, "a media playlist has EXT-X-TARGETDURATION, of a second or more"},
    {"extinf-over-target", "8216bis", "4.4.3.1", must, "no EXTINF, rounded, is longer than the target duration"},
    {"extinf-required", "8216bis", "4.4.4.1", must, "every segment has an EXTINF and a URI"},
    {"extinf-syntax", "8216bis", "4.4.4.1", must, "EXTINF is a duration and a comma, without spaces"},
    {"media-sequence-first", "8216bis", "4.4.3.2", must, "EXT-X-MEDIA-SEQUENCE stands before the first segment"},
    {"discontinuity-sequence-first", "8216bis", "4.4.3.3", must, "EXT-X-DISCONTINUITY-SEQUENCE stands before the first segment"},
    {"playlist-type", "8216bis", "4.4.3.5", must, "EXT-X-PLAYLIST-TYPE is EVENT or VOD"},
    {"vod-without-end", "8216bis", "6.2.1", must, "a VOD playlist, which may not change, has EXT-X-ENDLIST"},
    {"program-date-time-syntax", "8216bis", "4.4.4.6", must, "EXT-X-PROGRAM-DATE-TIME is ISO 8601"},
    {"program-date-time-zone", "8216bis", "4.4.4.6", should, "EXT-X-PROGRAM-DATE-TIME tells its time zone"},
    {"program-date-time-ambiguous", "8216bis", "6.2.1", must, "no date means two moments, but for an overlap of less than a second with the segment before"},
    {"program-date-time-drift", "house", "dates", should, "dates follow the segments' durations within half a second: players seek by them"},
    {"map-required", "8216bis", "3.1.2", must, "fragmented MP4 segments have an EXT-X-MAP"},
    {"gap-part-tag", "8216bis", "6.2.1", must, "the parts of a segment that is a gap are gaps"},
    {"discontinuity-sequence-required", "8216bis", "6.2.2", must, "where segments are removed and a discontinuity occurs, EXT-X-DISCONTINUITY-SEQUENCE is there"},
    {"live-too-short", "8216bis", "6.2.2", must, "a live playlist that removes segments keeps three target durations"},
    {"live-segments-few", "apple", "8.11", must, "a live playlist that removes segments keeps six of them"},
    {"live-program-date-time", "apple", "8.4", must, "a live playlist has EXT-X-PROGRAM-DATE-TIME"},
    {"start-offset", "8216bis", "4.4.2.2", should, "the TIME-OFFSET of EXT-X-START lies within the playlist, and of a live one not within three target durations of its end"},
    {"key-tags", "8216bis", "6.2.3", must, "encrypted segments have keys and IVs as written"},
    {"date-ranges", "8216bis", "4.4.5.1", must, "EXT-X-DATERANGE has its attributes, those of one ID agree, and ranges stay"},
    {"date-range-undated", "8216bis", "4.4.5.1", must, "a playlist with EXT-X-DATERANGE has EXT-X-PROGRAM-DATE-TIME"},
    {"byte-ranges", "8216bis", "4.4.4.2", must, "byte ranges lie within their resources"},
    {"bitrate-tag", "8216bis", "4.4.4.8", must, "EXT-X-BITRATE is within 10 % of its segments' rates"},
    {"discontinuity-dated", "8216bis", "6.2.1", should, "where there are dates, the segment after a discontinuity has one"},
    // low latency
    {"part-inf-required", "8216bis", "4.4.3.7", must, "a playlist with parts has EXT-X-PART-INF"},
    {"part-over-target", "8216bis", "4.4.4.9", must, "no part is longer than PART-TARGET"},
    {"part-short", "8216bis", "4.4.4.9", must, "a part reaches 85 % of PART-TARGET, unless independent, a gap, before a gap, or the segment's last"},
    {"part-sum", "8216bis", "3.2", must, "a segment is as long as its parts together"},
    {"parts-too-old", "8216bis", "6.2.2", should, "parts are listed for the last three target durations only"},
    {"tags-before-parts", "8216bis", "4.4.4.9", must, "EXT-X-DISCONTINUITY, KEY, MAP and PROGRAM-DATE-TIME stand before their segment's first part"},
    {"hold-back-short", "8216bis", "4.4.3.8", must, "HOLD-BACK is three target durations or more"},
    {"part-hold-back-required", "8216bis", "4.4.3.8", must, "a playlist with EXT-X-PART-INF has PART-HOLD-BACK"},
    {"part-hold-back-short", "apple", "14.3", must, "PART-HOLD-BACK is three part targets or more"},
    {"can-skip-until-short", "8216bis", "4.4.3.8", must, "CAN-SKIP-UNTIL is six target durations or more"},
    {"can-skip-dateranges", "8216bis", "4.4.3.8", must, "CAN-SKIP-DATERANGES stands beside CAN-SKIP-UNTIL"},
    {"skip-unannounced", "8216bis", "6.2.5.1", must, "a delta update comes only where CAN-SKIP-UNTIL announces it, and not with EXT-X-ENDLIST"},
    {"block-reload-required", "house", "low latency", should, "a playlist with parts has CAN-BLOCK-RELOAD=YES: the low-latency mode of 8216bis 2 is not to be had without"},
    {"hint-required", "8216bis", "B.1", must, "a live playlist that lists parts hints at the next one"},
    {"hint-after-end", "8216bis", "4.4.5.3", must, "nothing is hinted when the playlist has ended"},
    {"hint-once", "8216bis", "6.2.6", should, "there is one EXT-X-PRELOAD-HINT of a type"},
    {"report-required", "8216bis", "B.1", must, "a low-latency playlist reports on every other rendition"},
    {"report-relative", "8216bis", "4.4.5.4", must, "the URI of a rendition report is relative"},
    // multivariant playlists
    {"stream-inf-uri", "8216bis", "4.4.6.2", must, "EXT-X-STREAM-INF is followed by its URI"},
    {"codecs-required", "apple", "9.1", must, "every variant has CODECS"},
    {"resolution-required", "apple", "9.2", must, "every variant with video has RESOLUTION"},
    {"frame-rate-required", "apple", "9.15", must, "every variant with video has FRAME-RATE"},
    {"average-bandwidth-required", "apple", "9.14", must, "every variant has AVERAGE-BANDWIDTH"},
    {"group-undefined", "8216bis", "4.4.6.2", must, "a group that a variant names is defined by EXT-X-MEDIA of that type"},
    {"pathway-undefined", "8216bis", "4.4.6.6", must, "the PATHWAY-ID of EXT-X-CONTENT-STEERING, with which players begin, is that of a variant"},
    {"group-names-unique", "8216bis", "4.4.6.1.1", must, "the renditions of a group have different names"},
    {"group-one-default", "8216bis", "4.4.6.1.1", must, "a group has at most one default"},
    {"default-autoselect", "8216bis", "4.4.6.1", must, "a default rendition that has AUTOSELECT has it as YES"},
    {"autoselect-distinct", "8216bis", "4.4.6.1.1", should, "the renditions of a group with AUTOSELECT=YES differ in LANGUAGE, ASSOC-LANGUAGE, FORCED or CHARACTERISTICS"},
    {"closed-captions-consistent", "8216bis", "4.4.6.2", must, "CLOSED-CAPTIONS=NONE stands in all variants or in none"},
    {"independent-segments-told", "apple", "9.11", should, "a multivariant playlist whose media playlists have EXT-X-INDEPENDENT-SEGMENTS has it too"},
    {"independent-segments-twice", "8216bis", "4.4.2.1", should, "what a multivariant playlist says of all its segments its media playlists do not repeat"},
    {"language-required", "apple", "8.10", must, "every EXT-X-MEDIA but of video has LANGUAGE"},
    {"several-bit-rates", "apple", "9.9", must, "video comes in several bit rates", "", files, apple_only},
    {"cellular-variant", "apple", "9.21", must, "a variant for mobile networks has a BANDWIDTH of at most 192 kbit/s", "", files, apple_only},
    {"i-frame-variant", "apple", "6.1", must, "video has I-frame variants for seeking", "", files, apple_only},
    {"media-playlist-named", "8216bis", "4.4.6.2", must, "the playlists that a multivariant playlist names are media playlists (4.4.6.1 says it of renditions)"},
    {"playlist-missing", "8216bis", "4.4.6.2", must, "the playlists that a multivariant playlist names are there"},
    // renditions of one presentation
    {"same-target-duration", "8216bis", "6.2.4", must, "all renditions have the same target duration, but for subtitles on demand"},
    {"same-type", "8216bis", "6.2.4", must, "all renditions have the same EXT-X-PLAYLIST-TYPE, or none"},
    {"same-server-control", "8216bis", "6.2.4", must, "all renditions have the same EXT-X-SERVER-CONTROL attributes, or none"},
    {"same-program-date-time", "8216bis", "6.2.4", must, "all renditions have EXT-X-PROGRAM-DATE-TIME, or none"},
    {"same-boundaries", "apple", "8.22", should, "segments begin at the same times in all renditions, by their dates"},
    {"same-discontinuities", "8216bis", "6.2.4", must, "the same content, by its date, has the same discontinuity sequence number in all renditions"},
    {"media-attributes", "8216bis", "4.4.6.1", must, "attributes of EXT-X-MEDIA occur with the types that may have them"},
    {"groups-alike", "8216bis", "4.4.6.1.1", must, "the groups of one type have the same members"},
    {"session-data", "8216bis", "4.4.6.4", must, "session data have their attributes, and there is one of a DATA-ID and LANGUAGE"},
    {"session-key-once", "8216bis", "4.4.6.5", must, "no two EXT-X-SESSION-KEY are alike"},
    {"vod-same-start", "8216bis", "6.2.4", must, "all VOD playlists begin at the same media time"},
    {"dates-match-media", "8216bis", "6.2.4", must, "dates stand for the same media times in all renditions"},
    // versions of one playlist: NAME.m3u8.1, NAME.m3u8.2, …, NAME.m3u8
    {"update-sequence-back", "8216bis", "6.2.2", must, "EXT-X-MEDIA-SEQUENCE never decreases"},
    {"update-discontinuity-back", "8216bis", "6.2.2", must, "EXT-X-DISCONTINUITY-SEQUENCE never decreases"},
    {"update-target-changed", "8216bis", "6.2.1", must, "the target duration never changes"},
    {"update-segment-changed", "8216bis", "6.2.1", must, "a segment that has been listed does not change, but for its parts' going"},
    {"update-event-removed", "8216bis", "6.2.1", must, "nothing is removed from an EVENT playlist, and a VOD playlist does not change"},
    {"update-end-back", "8216bis", "6.2.1", must, "segments and parts do not go from the end of a playlist"},
    {"update-part-changed", "8216bis", "6.2.1", must, "a part that has been listed does not change"},
    {"update-after-end", "8216bis", "4.4.3.4", must, "a playlist that has ended gains no segments"},
    {"update-tag-removed", "8216bis", "6.2.1", must, "EXT-X-ENDLIST and EXT-X-PLAYLIST-TYPE stay once they are there"},
    // media
    {"media-missing", "8216bis", "6.2.1", must, "listed segments, parts and headers are there"},
    {"mp4-broken", "8216bis", "3.1.2", must, "headers and segments are well-formed fragmented MP4"},
    {"parameter-sets-changed", "8216bis", "3.1.2", must, "samples of avc1 and hvc1 bring no sequence parameter set that their header does not have (ISO/IEC 14496-15): players keep to the header's"},
    {"timestamps-continuous", "8216bis", "3", must, "decode times run on from segment to segment, or EXT-X-DISCONTINUITY says that they do not"},
    {"extinf-media-duration", "8216bis", "4.4.4.1", should, "EXTINF is the duration of the segment's samples, but for what is missing of it: parts that are gaps, or its end before a segment that is one"},
    {"segment-starts-key", "8216bis", "4.4.2.1", must, "where EXT-X-INDEPENDENT-SEGMENTS holds, every segment starts with a key frame"},
    {"segment-holds-key", "8216bis", "B.1", must, "each segment of a low-latency playlist holds a key frame"},
    {"independent-part-key", "8216bis", "4.4.4.9", must, "a part with INDEPENDENT=YES holds a key frame"},
    {"parts-are-segment", "8216bis", "3.2", must, "a segment's parts hold the samples of the segment, at their times"},
    {"codecs-cover-media", "8216bis", "6.2.4", must, "CODECS names the format of every header"},
    {"peak-over-bandwidth", "apple", "1.29", must, "a live variant's peak is below 125 % of BANDWIDTH"},
    {"recorded-peak-over-bandwidth", "apple", "1.27", must, "a recorded variant's peak is not above 110 % of BANDWIDTH"},
    {"average-over-bandwidth", "apple", "1.28", must, "a live variant's average is not above 110 % of AVERAGE-BANDWIDTH"},
    {"recorded-average-over-bandwidth", "apple", "1.26", must, "a recorded variant's average is not above 110 % of AVERAGE-BANDWIDTH"},

    // of a URL: answers
    {"content-type", "8216bis", "4", must, "a playlist is told by its name's end or its Content-Type", "", url},
    {"compression", "8216bis", "6.2.1", should, "playlists are sent with gzip where that is accepted", "", url},
    {"atomic-change", "8216bis", "6.2.1", must, "a playlist changes as a whole: no answer is cut short", "", url},
    {"cors", "house", "players on any page", should, "answers have Access-Control-Allow-Origin: browsers keep them from players of other sites without", "", url},
    {"live-cache-time", "house", "stale playlists", should, "a live playlist asked for without _HLS_msn may be kept for no longer than a target duration", "", url},
    {"expires-told", "8216bis", "6.2.2", should, "the answer says until when a segment is kept, by Expires or max-age", "", url},
    {"low-latency-transport", "8216bis", "B.1", must, "over https, low-latency playlists go by HTTP/2 or HTTP/3 (without TLS no player asks for them)", "", url},
    // of a URL: a live playlist as it grows
    {"updated-in-time", "8216bis", "6.2.1", must, "a live playlist gains a segment within 1.5 target durations, a part within one part target, but where a discontinuity or a gap tells that the source was away", "", url},
    {"renditions-in-step", "8216bis", "B.1", must, "renditions grow together, within a part target", "", url},
    {"report-values", "8216bis", "4.4.5.4", must, "a rendition report tells the rendition's last segment and part", "", url},
    {"available-at-once", "8216bis", "6.2.1", must, "a segment or part can be fetched at full speed when it is listed", "", url},
    {"available-long-enough", "8216bis", "6.2.2", must, "a removed segment stays fetchable for its availability duration, a part three target durations", "", url},
    // of a URL: delivery directives
    {"blocking-reload", "8216bis", "6.2.5.2", must, "a request with _HLS_msn and _HLS_part is answered by a playlist that holds what was asked for", "", url},
    {"blocking-part-alone", "8216bis", "6.2.5.2", must, "_HLS_part without _HLS_msn is refused as a bad request", "", url},
    {"blocking-far-ahead", "8216bis", "6.2.5.2", should, "what is too far ahead is refused at once as a bad request", "", url},
    {"blocking-past-part", "8216bis", "6.2.5.2", must, "a part past the last of its segment is part 0 of the next", "", url},
    {"blocking-gone", "8216bis", "6.2.5.2", must, "the whole playlist is the answer for a segment that it no longer holds", "", url},
    {"blocking-gives-up", "8216bis", "6.2.5.2", should, "who has waited for more than three target durations is told that it is unavailable", "", url},
    {"blocking-after-end", "8216bis", "6.2.5.2", must, "_HLS_msn, _HLS_part and _HLS_skip are ignored when the playlist has ended", "", url},
    {"delta-update", "8216bis", "6.2.5.1", must, "_HLS_skip=YES is answered by a delta update that agrees with the whole playlist", "", url},
    {"delta-boundary", "8216bis", "6.2.5.1", must, "a delta update skips the segments beyond the skip boundary, and no others", "", url},
    {"hint-available", "8216bis", "6.2.6", must, "a hinted resource may be asked for as soon as it is hinted", "", url},
    {"hint-answered-whole", "8216bis", "6.2.6", must, "no byte of a hinted part is sent before all can be", "", url},
    {"hint-kept", "house", "preload hints", should, "the part that was hinted is the next that is listed, with that URI and those bytes", "", url},

    // not checked
    {"unicode-normal-form", "8216bis", "4.1", must, "character sequences are in Unicode normal form NFC", "our playlists are ASCII; needs Unicode tables"},
    {"removed-presentation", "8216bis", "6.2.1", should, "a removed playlist answers 404 or 410 and its segments outlive it", "a watch sees what is there; removal comes hours or days later"},
    {"hint-map", "8216bis", "B.1", must, "a hinted part with a new header comes with a hint of that header", "whoever hints at a part before it is encoded cannot know that its header will be new; hint-available covers the headers that are hinted"},
    {"same-content", "8216bis", "6.2.4", must, "variants present the same content, which may differ by a target duration at its ends", "needs decoding; tests with burnt-in frame numbers do it"},
    {"whitespace", "8216bis", "4.1", must, "there is no white space but where the grammar has it", "what it damages breaks the rule of the tag or the file that it stands in"},
    {"independent-part-told", "8216bis", "4.4.4.9", should, "every part that holds a key frame says so", "players join at a part that begins with one: ours says so of those"},
    {"same-audio", "8216bis", "6.2.4", should, "variants have the same audio", "ours share one audio group; needs decoding elsewhere"},
    {"i-frame-playlists", "8216bis", "4.4.3.6", must, "I-frame playlists list I-frames", not_made},
    {"content-steering", "8216bis", "7", must, "steering manifests are as written", not_made},
    {"subtitles", "8216bis", "3.1.4", must, "WebVTT segments, and IMSC segments (3.1.5), are as written", not_made},
    {"ts-content", "8216bis", "3.1.1", must, "MPEG-TS segments hold one programme, with its PAT and PMT or an EXT-X-MAP", "hlslint does not read MPEG-TS: of its segments, presence, size and rate are judged"},
    {"packed-audio", "8216bis", "3.1.3", must, "packed audio segments begin with an ID3 tag that tells their time", not_made},
    {"apple-codec-profiles", "apple", "1.3", must, "profiles, levels and frame rates (1.19) are those that Apple's devices play", by_encoder},
    {"apple-event-type", "apple", "8.8", must, "a playlist from which nothing is ever removed is EVENT while it grows, VOD (8.6) when made at once", "whether anything will be removed is the server's to know: until its window is full, and where it ends before, a sliding playlist looks the same"},
    {"apple-window", "apple", "8.12", should, "a live playlist lists fifteen minutes", "the operator's window decides"},
};

}  // namespace

std::span<const Rule> lint_rules() { return rules; }

const Rule* find_rule(std::string_view id) {
  const auto at = std::ranges::find(rules, id, &Rule::id);
  return at == std::end(rules) ? nullptr : at;
}

std::string_view edition(std::string_view document) {
  if (document == "8216bis") return "draft-pantos-hls-rfc8216bis-22";
  if (document == "apple") return "HLS Authoring Specification for Apple Devices, August 2023";
  return "what Sluice promises beyond both";
}

std::string_view name(Severity severity) { return severity == Severity::must ? "MUST" : "SHOULD"; }

}  // namespace sluice::hls
