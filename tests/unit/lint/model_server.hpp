#pragma once
// A low-latency server without sockets, whose every answer is a function of time: video and audio, segments of 2 s in four parts.
// `broken` is the id of a rule: then one thing is done as that rule forbids, and all else as it should be.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <queue>
#include <string>

#include "hls/cmaf.hpp"
#include "lint/watcher.hpp"

namespace sluice::lint {

class ModelServer {
 public:
  static constexpr double segment_s = 2, part_s = 0.5;
  static constexpr std::uint64_t window = 8, parts = 4;

  explicit ModelServer(std::string broken = "") : broken_(std::move(broken)) {}

  std::string url() const { return std::string(is("low-latency-transport") ? "https" : "http") + "://model.example/live/master.m3u8"; }
  double started = 41.3;              // seconds of media before the watch begins
  std::optional<double> ends;         // seconds of media after which there is EXT-X-ENDLIST
  std::optional<double> away_at;      // the source leaves at this second, for
  double away_for = 0;                // so long; a discontinuity follows
  double held_back = 0;               // so long after that comes the last part of the video before
  bool without_discontinuity = false;
  double sound_leads = 0;             // the sound's parts are there so much earlier than the video's
  bool whole = false;                 // playlists keep all segments: EVENT, and VOD when it has ended
  bool redirects = false;             // media playlists are found on another host, at another path
  bool variables = false;             // all names are made of variables; a redirect changes a query parameter that one of them is
  std::uint64_t bandwidth = 90'000;   // as the variant declares it
  double raises_at = 1e9;             // from this second on it declares
  std::uint64_t raised = 90'000;      // this
  bool forgets = false;               // when it has ended, its multivariant playlist is gone
  double restarts_at = 1e9;           // its process ends at this second: what is under way breaks off, and connections are refused
  double restarts_for = 0;            // for so long

  struct Answer {
    double first = 0, done = 0;       // seconds
    int status = 200;
    bool cut = false, gzip = true;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
  };

  // The answer to a request that comes at `now` (seconds of media time); nothing: never.
  std::optional<Answer> serve(const std::string& url, double now) const {
    const std::string path = url.substr(url.find("/live/") + 6);
    Answer answer{now, now, 200, false, true, "", {{"access-control-allow-origin", "*"}, {"content-encoding", "gzip"}}};
    if (path == "master.m3u8") {
      if (forgets && over(now)) answer.status = 404;
      answer.body = variables ? master_with_variables() : master(now >= raises_at ? raised : bandwidth);
      answer.headers.emplace_back("cache-control", "max-age=1");
      return answer;
    }
    const bool video = path.starts_with("video/");
    const std::string file = path.substr(path.find('/') + 1);
    if (file.starts_with("playlist")) return playlist_answer(video, file, now, answer);
    return media_answer(video, file, now, answer);
  }

  // Runs the watcher against the server until it is done.
  hls::Findings watch(Options options = {}) const {
    struct Coming {
      Reply reply;
      bool operator<(const Coming& other) const { return reply.done > other.reply.done; }
    };
    const Steady zero{std::chrono::hours(1)};
    const auto at = [&](double s) { return zero + std::chrono::microseconds(std::llround((s - started) * 1e6)); };
    Steady now = zero;
    Watcher watcher(url(), options);
    std::priority_queue<Coming> coming;
    hls::Findings findings;
    for (int turn = 0; !watcher.done() && turn < 100'000; ++turn) {
      for (const Ask& ask : watcher.take(now)) {
        const double asked = started + seconds_of(now - zero);
        const auto answer = serve(ask.url, asked);
        std::string found = ask.url;
        if (redirects && found.find("/playlist") != std::string::npos) found = "http://other.example/edge" + found.substr(found.find("/live/"));
        if (redirects) replace_all(found, "end=asked", "end=m%34s");
        Reply reply{ask.id, found, 0, "timeout", true, false, 20, {}, {}, now, now + ask.patience, now + ask.patience};
        if (answer && at(answer->done) <= now + ask.patience) {
          reply = {ask.id, found, answer->status, answer->cut ? "12 bytes are missing" : "", false, answer->cut, is("low-latency-transport") && ask.url.find("video/playlist") != std::string::npos ? 11 : 20,
                   answer->headers, to_bytes(answer->body), now, at(answer->first), at(answer->done)};
        }
        if (asked >= restarts_at && asked < restarts_at + restarts_for) {
          reply = {ask.id, ask.url, 0, "Failed to connect", false, false, 20, {}, {}, now, now, now};
        } else if (asked < restarts_at && reply.done > at(restarts_at)) {
          reply = {ask.id, ask.url, 0, "Connection reset by peer", false, false, 20, {}, {}, now, at(restarts_at), at(restarts_at)};
        }
        coming.push({std::move(reply)});
      }
      std::optional<Steady> next = watcher.wake();
      if (!coming.empty() && (!next || coming.top().reply.done <= *next)) {
        const Reply reply = coming.top().reply;
        coming.pop();
        now = std::max(now, reply.done);
        watcher.answer(reply);
      } else if (next) {
        now = std::max(now, *next);
      }
      for (hls::Finding& finding : watcher.take_findings()) findings.push_back(std::move(finding));
    }
    REQUIRE(watcher.done());
    for (hls::Finding& finding : watcher.take_findings()) findings.push_back(std::move(finding));
    failure = watcher.failure();
    return findings;
  }

  mutable std::optional<Error> failure;

 private:
  bool is(std::string_view rule) const { return broken_ == rule; }
  bool video_is(bool video, std::string_view rule) const { return video && broken_ == rule; }

  // ---- what there is

  std::optional<std::uint64_t> break_segment() const {
    if (!away_at) return std::nullopt;
    return static_cast<std::uint64_t>(*away_at / segment_s);
  }
  // When part `index` of a rendition, counted from the beginning, is there.
  double ready(bool video, std::uint64_t index) const {
    double at = static_cast<double>(index + 1) * part_s;
    if (away_at && index >= *break_segment() * parts) at += away_for;
    if (away_at && video && index + 1 == *break_segment() * parts) at += held_back;
    if (is("renditions-in-step") && !video) at += 2.25;
    if (!video) at -= sound_leads;
    return at;
  }
  std::uint64_t count(bool video, double now) const {
    const double until = ends ? std::min(now, *ends) : now;
    std::uint64_t n = static_cast<std::uint64_t>((until + sound_leads) / part_s) + 1;
    while (n > 0 && ready(video, n - 1) > until + 1e-6) --n;
    return n;
  }
  bool over(double now) const { return ends && now >= *ends; }

  // ---- playlists

  std::string master() const { return master(bandwidth); }
  std::string master(std::uint64_t declared) const {
    const std::string suffix = is("content-type") ? "playlist" : "playlist.m3u8";
    return "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,URI=\"audio/playlist.m3u8\"\n"
           "#EXT-X-STREAM-INF:BANDWIDTH=" + std::to_string(declared) + ",AVERAGE-BANDWIDTH=80000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=64x36,FRAME-RATE=4.000,AUDIO=\"a\",CLOSED-CAPTIONS=NONE\nvideo/" + suffix + "\n";
  }

  static void replace_all(std::string& text, std::string_view old, std::string_view by) {
    for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += by.size()) text.replace(at, old.size(), by);
  }
  std::string master_with_variables() const {
    std::string text = master();
    replace_all(text, "#EXTM3U\n", "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-DEFINE:NAME=\"list\",VALUE=\"playlist\"\n#EXT-X-DEFINE:NAME=\"first\",VALUE=\"init\"\n");
    replace_all(text, "playlist.m3u8", redirects ? "{$list}.m3u8?end=asked" : "{$list}.m3u8?end=m%34s");
    return text;
  }
  static void put_variables(std::string& text) {
    for (const char* version : {"VERSION:6", "VERSION:9"}) replace_all(text, version, "VERSION:11");
    replace_all(text, "init.mp4", "{$first}.mp4");
    replace_all(text, ".m4s", ".{$end}");
    replace_all(text, "/playlist.m3u8", "/playlist.m3u8?end={$escaped}");
    replace_all(text, "#EXT-X-TARGET", "#EXT-X-DEFINE:QUERYPARAM=\"end\"\n#EXT-X-DEFINE:IMPORT=\"first\"\n#EXT-X-DEFINE:NAME=\"escaped\",VALUE=\"m%34s\"\n#EXT-X-TARGET");
  }

  std::string date(std::uint64_t msn) const {
    const double away = !without_discontinuity && break_segment() && msn >= *break_segment() ? away_for : 0;
    const auto ms = std::llround((static_cast<double>(msn) * segment_s + away) * 1000);
    return format_rfc3339(Wall(milliseconds(1'767'225'600'000 + ms)));
  }

  std::string playlist(bool video, double now, bool delta) const {
    const std::uint64_t n = count(video, now), complete = over(now) ? (n + parts - 1) / parts : n / parts, first = whole ? 0 : complete - std::min(complete, window);
    std::uint64_t skipped = 0;
    if (delta && !over(now)) skipped = complete - first - (video_is(video, "delta-boundary") ? 2 : 7);
    std::string text = fmt::format("#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", skipped > 0 ? 9 : 6, first,
                                   break_segment() && !without_discontinuity && first > *break_segment() ? 1 : 0);
    if (whole) text += over(now) ? "#EXT-X-PLAYLIST-TYPE:VOD\n" : "#EXT-X-PLAYLIST-TYPE:EVENT\n";
    text += "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0\n#EXT-X-PART-INF:PART-TARGET=0.5\n";
    if (skipped > 0) text += fmt::format("#EXT-X-SKIP:SKIPPED-SEGMENTS={}\n", skipped);
    text += "#EXT-X-MAP:URI=\"init.mp4\"\n";
    for (std::uint64_t msn = first + skipped; msn < std::max(complete, n / parts + (n % parts > 0)); ++msn) {
      if (break_segment() == msn && !without_discontinuity) text += "#EXT-X-DISCONTINUITY\n";
      text += "#EXT-X-PROGRAM-DATE-TIME:" + date(msn) + "\n";
      const std::uint64_t there = std::min(parts, n - msn * parts);
      const bool near = n * part_s - static_cast<double>(msn * parts) * part_s <= 6;
      for (std::uint64_t part = 0; part < there && near; ++part) {
        text += fmt::format("#EXT-X-PART:DURATION=0.500000,URI=\"{}.{}.m4s\"{}\n", msn, part, part == 0 || !video ? ",INDEPENDENT=YES" : "");
      }
      if (msn >= complete) continue;
      const bool wrong = video_is(video, "delta-update") && skipped > 0 && msn == first + skipped;
      text += fmt::format("#EXTINF:{:.6f},\n{}.m4s\n", (wrong ? 0.1 : 0) + static_cast<double>(there) * part_s, msn);
    }
    if (over(now)) return text + "#EXT-X-ENDLIST\n";
    text += fmt::format("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}.{}.m4s\"\n", n / parts, std::to_string(n % parts) + (video_is(video, "hint-kept") ? ".soon" : ""));
    const std::uint64_t other = count(!video, now) + (video_is(video, "report-values") ? 3 : 0);
    text += fmt::format("#EXT-X-RENDITION-REPORT:URI=\"{}{}\",LAST-MSN={},LAST-PART={}\n", redirects ? "/edge/live/" : "../", video ? "audio/playlist.m3u8" : is("content-type") ? "video/playlist" : "video/playlist.m3u8",
                        (other - 1) / parts, (other - 1) % parts);
    return text;
  }

  static std::optional<std::uint64_t> parameter(const std::string& query, const std::string& name) {
    const std::size_t at = query.find(name + "=");
    if (at == std::string::npos) return std::nullopt;
    return std::stoull(query.substr(at + name.size() + 1));
  }

  std::optional<Answer> playlist_answer(bool video, const std::string& file, double now, Answer answer) const {
    const auto msn = parameter(file, "_HLS_msn"), part = parameter(file, "_HLS_part");
    const auto refuse = [&](int status, double at) {
      answer.status = status;
      answer.first = answer.done = at;
      return answer;
    };
    double at = now;
    if (!over(now) || video_is(video, "blocking-after-end")) {
      if (part && !msn && !video_is(video, "blocking-part-alone")) return refuse(400, now);
      const std::uint64_t n = count(video, now), complete = n / parts;
      if (msn && *msn < complete - std::min(complete, window) && video_is(video, "blocking-gone")) return refuse(404, now);
      if (msn) {
        std::uint64_t wanted = part ? *msn * parts + *part : *msn * parts + parts - 1;
        if (part && *part >= parts) {
          if (*msn * parts + parts <= n && video_is(video, "blocking-past-part")) return refuse(400, now);
          wanted = *msn * parts + parts;  // part 0 of the next
          if (*msn * parts + parts > n) wanted = n + 1000;
        }
        if (wanted > n + 8) {
          if (!video_is(video, "blocking-far-ahead")) return refuse(400, now);
        } else if (!(video_is(video, "blocking-reload") && part && *part > 0 && *part < parts)) {
          at = std::max(now, ready(video, wanted));
          if (ends && at > *ends) at = std::max(now, *ends);
        }
        if (at - now > 3 * segment_s && !is("blocking-gives-up")) return refuse(503, now + 3 * segment_s);
      }
    }
    answer.first = answer.done = at;
    answer.body = playlist(video, at, file.find("_HLS_skip=YES") != std::string::npos);
    if (variables) put_variables(answer.body);
    answer.headers.emplace_back("content-type", video_is(video, "content-type") ? "text/plain" : "application/vnd.apple.mpegurl");
    answer.headers.emplace_back("cache-control", msn ? "max-age=12" : video_is(video, "live-cache-time") ? "max-age=60" : "max-age=1");
    if (video_is(video, "compression")) std::erase_if(answer.headers, [](const auto& h) { return h.first == "content-encoding"; });
    if (video_is(video, "cors")) std::erase_if(answer.headers, [](const auto& h) { return h.first == "access-control-allow-origin"; });
    answer.cut = video_is(video, "atomic-change") && msn && now < started + 0.1;
    return answer;
  }

  // ---- media

  static Bytes box(const char* type, const Bytes& body) {
    Bytes out;
    ByteWriter(out).be32(8 + body.size()).text(type).bytes(body);
    return out;
  }
  static Bytes joined(std::initializer_list<Bytes> pieces) {
    Bytes out;
    for (const Bytes& piece : pieces) append(out, piece);
    return out;
  }
  static Bytes header(bool video) {
    Bytes tkhd, mdhd, hdlr, stsd, trex;
    ByteWriter(tkhd).be32(7).zeros(8).be32(1).zeros(68);
    ByteWriter(mdhd).be32(0).zeros(8).be32(90000).zeros(8);
    ByteWriter(hdlr).be32(0).be32(0).text(video ? "vide" : "soun").zeros(13);
    ByteWriter(stsd).be32(0).be32(1).be32(36).text(video ? "avc1" : "mp4a").zeros(28);
    ByteWriter(trex).be32(0).be32(1).be32(1).be32(0).be32(0).be32(0);
    const Bytes mdia = box("mdia", joined({box("mdhd", mdhd), box("hdlr", hdlr), box("minf", box("stbl", box("stsd", stsd)))}));
    return joined({box("ftyp", to_bytes("cmfc")), box("moov", joined({box("trak", joined({box("tkhd", tkhd), mdia})), box("mvex", box("trex", trex))}))});
  }
  static Bytes chunk(bool video, std::uint64_t index, char filling = 'x') {
    const std::vector<hls::Sample> samples{{100, 22500, 0, !video || index % parts == 0}, {100, 22500, 0, !video}};
    Bytes out;
    hls::cmaf_chunk_head(out, static_cast<std::uint32_t>(index), static_cast<std::int64_t>(index) * 45000, video ? media::Kind::video : media::Kind::audio, samples);
    append(out, Bytes(200, static_cast<std::byte>(filling)));
    return out;
  }

  std::optional<Answer> media_answer(bool video, const std::string& file, double now, Answer answer) const {
    std::erase_if(answer.headers, [](const auto& h) { return h.first == "content-encoding"; });
    const bool forgets = video_is(video, "expires-told") && file.find('.') == file.rfind('.') && file != "init.mp4";
    if (!forgets) answer.headers.emplace_back("cache-control", "max-age=31536000, immutable");
    const auto give = [&](const Bytes& body) {
      answer.body = as_text(body);
      return answer;
    };
    if (file == "init.mp4") return give(header(video));
    const std::uint64_t n = count(video, now), msn = std::stoull(file);
    const bool whole = file == std::to_string(msn) + ".m4s";
    const std::uint64_t part = whole ? 0 : std::stoull(file.substr(file.find('.') + 1)), index = msn * parts + part;
    answer.status = 404;
    if (whole) {
      const std::uint64_t there = std::min(parts, n - std::min(n, msn * parts));
      if (there == 0 || (there < parts && !over(now))) return answer;
      if (video_is(video, "available-long-enough") && msn + window < n / parts) return answer;
      answer.status = 200;
      if (video_is(video, "available-at-once")) answer.done = now + 3.5;
      Bytes body;
      for (std::uint64_t k = 0; k < there; ++k) append(body, chunk(video, msn * parts + k));
      return give(body);
    }
    if (index > n || (index == n && video_is(video, "hint-available"))) return answer;
    if (index == n) {
      const double at = ready(video, index);
      if (ends && at > *ends) {
        answer.first = answer.done = std::max(now, *ends);
        return answer;
      }
      answer.first = answer.done = at;
      if (at - now > 3 * segment_s && !is("blocking-gives-up")) {
        answer.status = 503;
        answer.first = answer.done = now + 3 * segment_s;
        return answer;
      }
      if (video_is(video, "hint-answered-whole")) answer.first = std::max(now, at - 0.4);
    }
    answer.status = 200;
    return give(chunk(video, index));
  }

  const std::string broken_;
};

}  // namespace sluice::lint
