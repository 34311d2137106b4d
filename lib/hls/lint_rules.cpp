#include "hls/lint_rules.hpp"

#include <algorithm>

namespace sluice::hls {
namespace {

constexpr auto must = Severity::must;
constexpr auto should = Severity::should;
constexpr const char* needs_server = "needs a server and a clock: the live form of hlslint watches a URL";
constexpr const char* not_made = "nothing here makes it, and what is read without it is judged by the other rules";

constexpr Rule rules[] = {
    // characters, tags, attributes
    {"utf8", "8216bis", "4.1", must, "a playlist is UTF-8 without a byte order mark"},
    {"control-characters", "8216bis", "4.1", must, "a playlist holds no control characters but CR and LF"},
    {"extm3u-first", "8216bis", "4.4.1.1", must, "#EXTM3U is the first line"},
    {"one-kind", "8216bis", "4.1", must, "a playlist holds tags of one kind, media or multivariant"},
    {"tag-once", "8216bis", "4.4.3", must, "a tag of the whole playlist occurs once"},
    {"tag-value", "8216bis", "4.2", must, "a tag's number is a decimal integer"},
    {"attribute-syntax", "8216bis", "4.2", must, "attribute lists are well-formed and values have their attribute's type"},
    {"attribute-duplicate", "8216bis", "4.2", must, "an attribute occurs once in a list"},
    {"attribute-required", "8216bis", "4.4", must, "required attributes are there"},
    {"version-needed", "8216bis", "8", must, "EXT-X-VERSION is high enough for what the playlist uses"},
    {"version-excess", "8216bis", "6.2.1", should, "EXT-X-VERSION is no higher than what the playlist uses"},
    // media playlists
    {"target-duration-required", "8216bis", "4.4.3.1", must, "a media playlist has EXT-X-TARGETDURATION"},
    {"extinf-over-target", "8216bis", "4.4.3.1", must, "no EXTINF, rounded, is longer than the target duration"},
    {"extinf-required", "8216bis", "4.4.4.1", must, "every segment has an EXTINF and a URI"},
    {"extinf-syntax", "8216bis", "4.4.4.1", must, "EXTINF is a duration and a comma"},
    {"media-sequence-first", "8216bis", "4.4.3.2", must, "EXT-X-MEDIA-SEQUENCE stands before the first segment"},
    {"discontinuity-sequence-first", "8216bis", "4.4.3.3", must, "EXT-X-DISCONTINUITY-SEQUENCE stands before the first segment"},
    {"playlist-type", "8216bis", "4.4.3.5", must, "EXT-X-PLAYLIST-TYPE is EVENT or VOD"},
    {"vod-without-end", "8216bis", "6.2.1", must, "a VOD playlist, which may not change, has EXT-X-ENDLIST"},
    {"program-date-time-syntax", "8216bis", "4.4.4.6", must, "EXT-X-PROGRAM-DATE-TIME is ISO 8601"},
    {"program-date-time-drift", "8216bis", "6.2.1", must, "dates follow the segments' durations, so that none is ambiguous"},
    {"map-required", "8216bis", "3.1.2", must, "fragmented MP4 segments have an EXT-X-MAP"},
    {"gap-part-tag", "8216bis", "6.2.1", must, "the parts of a segment that is a gap are gaps"},
    {"discontinuity-sequence-required", "8216bis", "6.2.2", must, "where segments are removed and a discontinuity occurs, EXT-X-DISCONTINUITY-SEQUENCE is there"},
    {"live-too-short", "8216bis", "6.2.2", must, "a live playlist that removes segments keeps three target durations"},
    {"live-segments-few", "apple", "live", must, "a live playlist that removes segments keeps six of them"},
    {"live-program-date-time", "apple", "live", must, "a live playlist has EXT-X-PROGRAM-DATE-TIME"},
    // low latency
    {"part-inf-required", "8216bis", "4.4.3.7", must, "a playlist with parts has EXT-X-PART-INF"},
    {"part-over-target", "8216bis", "4.4.3.7", must, "no part is longer than PART-TARGET"},
    {"part-short", "8216bis", "4.4.4.9", must, "a part reaches 85 % of PART-TARGET, unless independent, a gap, before a gap, or the segment's last"},
    {"part-sum", "8216bis", "3.2", must, "a segment is as long as its parts together"},
    {"parts-too-old", "8216bis", "6.2.2", should, "parts are listed for the last three target durations only"},
    {"tags-before-parts", "8216bis", "4.4.4.9", must, "EXT-X-DISCONTINUITY, KEY, MAP and PROGRAM-DATE-TIME stand before their segment's first part"},
    {"hold-back-short", "8216bis", "4.4.3.8", must, "HOLD-BACK is three target durations or more"},
    {"part-hold-back-required", "8216bis", "4.4.3.8", must, "a playlist with EXT-X-PART-INF has PART-HOLD-BACK"},
    {"part-hold-back-short", "apple", "low latency", must, "PART-HOLD-BACK is three part targets or more"},
    {"can-skip-until-short", "8216bis", "4.4.3.8", must, "CAN-SKIP-UNTIL is six target durations or more"},
    {"skip-unannounced", "8216bis", "6.2.5.1", must, "a delta update comes only where CAN-SKIP-UNTIL announces it, and not with EXT-X-ENDLIST"},
    {"block-reload-required", "8216bis", "B.1", must, "a low-latency playlist has CAN-BLOCK-RELOAD=YES"},
    {"hint-required", "8216bis", "B.1", must, "a live playlist with parts hints at the next one"},
    {"hint-after-end", "8216bis", "4.4.5.3", must, "nothing is hinted when the playlist has ended"},
    {"hint-once", "8216bis", "6.2.6", should, "there is one EXT-X-PRELOAD-HINT of a type"},
    {"report-required", "8216bis", "B.1", must, "a low-latency playlist reports on every other rendition"},
    {"report-values", "8216bis", "4.4.5.4", must, "a rendition report has LAST-MSN, and LAST-PART where there are parts"},
    // multivariant playlists
    {"stream-inf-uri", "8216bis", "4.4.6.2", must, "EXT-X-STREAM-INF is followed by its URI"},
    {"codecs-required", "apple", "multivariant", must, "every variant has CODECS"},
    {"resolution-required", "apple", "multivariant", must, "every variant with video has RESOLUTION"},
    {"frame-rate-required", "apple", "multivariant", must, "every variant with video has FRAME-RATE"},
    {"average-bandwidth-required", "apple", "multivariant", must, "every variant has AVERAGE-BANDWIDTH"},
    {"group-undefined", "8216bis", "4.4.6.2", must, "a group that a variant names is defined by EXT-X-MEDIA of that type"},
    {"group-names-unique", "8216bis", "4.4.6.1.1", must, "the renditions of a group have different names"},
    {"group-one-default", "8216bis", "4.4.6.1.1", must, "a group has at most one default"},
    {"default-autoselect", "8216bis", "4.4.6.1", must, "a default rendition may be selected automatically"},
    {"closed-captions-consistent", "8216bis", "4.4.6.2", must, "CLOSED-CAPTIONS=NONE stands in all variants or in none"},
    {"independent-segments-told", "apple", "multivariant", should, "a multivariant playlist whose media playlists have EXT-X-INDEPENDENT-SEGMENTS has it too"},
    {"playlist-missing", "8216bis", "4.4.6.2", must, "the playlists that a multivariant playlist names are there"},
    // renditions of one presentation
    {"same-target-duration", "8216bis", "6.2.4", must, "all renditions have the same target duration"},
    {"same-type", "8216bis", "6.2.4", must, "all renditions have the same EXT-X-PLAYLIST-TYPE, or none"},
    {"same-server-control", "8216bis", "6.2.4", must, "all renditions have the same EXT-X-SERVER-CONTROL, or none"},
    {"same-program-date-time", "8216bis", "6.2.4", must, "all renditions have EXT-X-PROGRAM-DATE-TIME, or none"},
    {"same-boundaries", "8216bis", "6.2.4", must, "a segment's number means the same time in all renditions"},
    {"same-discontinuities", "8216bis", "6.2.4", must, "a segment's number has the same discontinuity sequence number in all renditions"},
    // versions of one playlist: NAME.m3u8.1, NAME.m3u8.2, …, NAME.m3u8
    {"update-sequence-back", "8216bis", "6.2.2", must, "EXT-X-MEDIA-SEQUENCE never decreases"},
    {"update-discontinuity-back", "8216bis", "6.2.2", must, "EXT-X-DISCONTINUITY-SEQUENCE never decreases"},
    {"update-target-changed", "8216bis", "6.2.1", must, "the target duration never changes"},
    {"update-segment-changed", "8216bis", "6.2.1", must, "a segment that has been listed does not change, but for its parts' going"},
    {"update-event-removed", "8216bis", "6.2.1", must, "nothing is removed from an EVENT playlist, and a VOD playlist does not change"},
    {"update-after-end", "8216bis", "6.2.1", must, "a playlist that has ended gains no segments"},
    // media
    {"media-missing", "8216bis", "6.2.1", must, "listed segments, parts and headers are there"},
    {"mp4-broken", "8216bis", "3.1.2", must, "headers and segments are well-formed fragmented MP4"},
    {"timestamps-continuous", "8216bis", "4.4.4.3", must, "decode times run on from segment to segment, or EXT-X-DISCONTINUITY says that they do not"},
    {"extinf-media-duration", "8216bis", "4.4.4.1", should, "EXTINF is the duration of the segment's samples"},
    {"segment-starts-key", "8216bis", "4.4.2.1", must, "with EXT-X-INDEPENDENT-SEGMENTS, every segment starts with a key frame"},
    {"independent-part-key", "8216bis", "4.4.4.9", must, "a part with INDEPENDENT=YES starts with a key frame"},
    {"parts-are-segment", "8216bis", "3.2", must, "a segment's parts hold the bytes of the segment"},
    {"codecs-cover-media", "8216bis", "6.2.4", must, "CODECS names the format of every header"},
    {"peak-over-bandwidth", "apple", "bit rate", must, "no segment of a live variant exceeds 125 % of BANDWIDTH"},
    {"average-over-bandwidth", "apple", "bit rate", must, "a live variant's average does not exceed 110 % of AVERAGE-BANDWIDTH"},

    // not checked yet
    {"unicode-normal-form", "8216bis", "4.1", must, "character sequences are in Unicode normal form NFC", "our playlists are ASCII; needs Unicode tables"},
    {"content-type", "8216bis", "4", must, "a playlist is told by its name's end or its Content-Type", needs_server},
    {"compression", "8216bis", "6.2.1", should, "playlists are sent with gzip where that is accepted", needs_server},
    {"available-at-once", "8216bis", "6.2.1", must, "a segment or part can be fetched at full speed when it is listed", needs_server},
    {"available-long-enough", "8216bis", "6.2.2", must, "a removed segment stays fetchable for its availability duration, a part three target durations", needs_server},
    {"updated-in-time", "8216bis", "6.2.1", must, "a live playlist gains a segment within 1.5 target durations, a part within one part target", needs_server},
    {"atomic-change", "8216bis", "6.2.1", must, "a playlist changes as a whole", needs_server},
    {"expires-told", "8216bis", "6.2.2", should, "the answer says until when a segment is kept", needs_server},
    {"blocking-reload", "8216bis", "6.2.5.2", must, "_HLS_msn and _HLS_part block, err and are ignored as written", needs_server},
    {"delta-update", "8216bis", "6.2.5.1", must, "_HLS_skip is answered by a delta update that agrees with the whole playlist", needs_server},
    {"hint-answered-whole", "8216bis", "6.2.6", must, "no byte of a hinted part is sent before all can be", needs_server},
    {"hint-available", "8216bis", "6.2.6", must, "a hinted resource may be asked for as soon as it is hinted", needs_server},
    {"removed-presentation", "8216bis", "6.2.1", should, "a removed playlist answers 404 or 410 and its segments outlive it", needs_server},
    {"same-content", "8216bis", "6.2.4", must, "variants present the same content", "needs decoding; tests with burnt-in frame numbers do it"},
    {"same-audio", "8216bis", "6.2.4", should, "variants have the same audio", "ours share one audio group; needs decoding elsewhere"},
    {"key-tags", "8216bis", "6.2.3", must, "encrypted segments have keys and IVs as written", not_made},
    {"date-ranges", "8216bis", "4.4.5.1", must, "EXT-X-DATERANGE has its attributes, and ranges stay", not_made},
    {"i-frame-playlists", "8216bis", "4.4.3.6", must, "I-frame playlists list I-frames", not_made},
    {"variables", "8216bis", "4.3", must, "variables are defined before they are used", not_made},
    {"session-data", "8216bis", "4.4.6.4", must, "session data and keys have their attributes", not_made},
    {"content-steering", "8216bis", "7", must, "steering manifests are as written", not_made},
    {"byte-ranges", "8216bis", "4.4.4.2", must, "byte ranges lie within their resources", not_made},
    {"subtitles", "8216bis", "3.1.4", must, "WebVTT segments are as written", not_made},
    {"ts-content", "8216bis", "3.1.1", must, "MPEG-TS segments start with PAT and PMT and hold one programme", "the reader of MPEG-TS comes with SRT ingest"},
    {"start-tag", "8216bis", "4.4.2.2", must, "EXT-X-START has a TIME-OFFSET within the playlist", not_made},
    {"apple-codec-profiles", "apple", "video", must, "profiles, levels and frame rates are those that Apple's devices play", "the ladder's settings decide; they are tested in transcode"},
    {"apple-ladder", "apple", "multivariant", should, "there is a variant for cellular networks, and steps of 1.5 to 2", "depends on the publisher's settings"},
    {"apple-i-frame-variants", "apple", "trick play", should, "there are I-frame variants for seeking", "come with the storyboard track"},
};

}  // namespace

std::span<const Rule> lint_rules() { return rules; }

const Rule* find_rule(std::string_view id) {
  const auto at = std::ranges::find(rules, id, &Rule::id);
  return at == std::end(rules) ? nullptr : at;
}

std::string_view name(Severity severity) { return severity == Severity::must ? "MUST" : "SHOULD"; }

}  // namespace sluice::hls
