#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <set>

#include "model_server.hpp"

using namespace sluice;
using namespace sluice::lint;

namespace {

std::string text_of(const hls::Findings& findings) {
  std::string text;
  for (const hls::Finding& finding : findings) text += std::string(finding.rule) + " " + finding.where + ": " + finding.what + "\n";
  return text;
}

std::set<std::string> rules_of(const hls::Findings& findings) {
  std::set<std::string> rules;
  for (const hls::Finding& finding : findings) rules.emplace(finding.rule);
  return rules;
}

}  // namespace

TEST_CASE("a server that does all as it should has no finding") {
  ModelServer server;
  SECTION("watched for three target durations") { CHECK(text_of(server.watch()) == ""); }
  SECTION("watched for a minute") { CHECK(text_of(server.watch({seconds(60)})) == ""); }
  SECTION("watched when it has just begun") {
    server.started = 4.1;
    CHECK(text_of(server.watch({seconds(40)})) == "");
  }
  SECTION("watched until it ends") {
    server.ends = 50.5;
    CHECK(text_of(server.watch({seconds(60)})) == "");
  }
  SECTION("watched when it has ended") {
    server.ends = 40.5;
    CHECK(text_of(server.watch({seconds(60)})) == "");
  }
  SECTION("its media playlists are on another host") {
    server.redirects = true;
    CHECK(text_of(server.watch()) == "");
  }
  SECTION("its names are made of variables") {
    server.variables = true;
    CHECK(text_of(server.watch({seconds(20)})) == "");
  }
  SECTION("its names are made of variables, one of which is known when it has redirected") {
    server.variables = server.redirects = true;
    CHECK(text_of(server.watch({seconds(20)})) == "");
  }
  SECTION("its source is away for three seconds") {
    server.away_at = 48;
    server.away_for = 3.2;
    CHECK(text_of(server.watch({seconds(20)})) == "");
  }
  SECTION("its source is away for longer than requests may wait") {
    server.away_at = 48;
    server.away_for = 15;
    CHECK(text_of(server.watch({seconds(40)})) == "");
  }
  SECTION("its encoder gives what it held back when the source is seen to be away") {
    server.away_at = 48;
    server.away_for = 2.5;
    server.held_back = 1.9;
    CHECK(text_of(server.watch({seconds(20)})) == "");
  }
  CHECK_FALSE(server.failure);
}

TEST_CASE("an encoder that holds back what nothing explains is behind the others") {
  ModelServer server;
  server.away_at = 48;
  server.away_for = 2.5;
  server.held_back = 1.9;
  server.without_discontinuity = true;
  CHECK(rules_of(server.watch({seconds(20)})) == std::set<std::string>{"renditions-in-step", "updated-in-time"});
}

TEST_CASE("a server that is away for less than what may be late is no finding, whatever was asked of it") {
  Options options{seconds(20)};
  options.late = seconds(10);
  for (double at = 41.45; at < 46; at += 0.05) {
    ModelServer server;
    server.restarts_at = at;
    server.restarts_for = 0.9;
    INFO(at);
    CHECK(text_of(server.watch(options)) == "");
    server.ends = 46.125;
    CHECK(text_of(server.watch(options)) == "");
  }
  ModelServer server;
  server.ends = server.restarts_at = 46.125;  // between the end and the question whether it ignores directives
  server.restarts_for = 0.9;
  CHECK(text_of(server.watch(options)) == "");
}

TEST_CASE("a server that stays away makes the watch end, and no hint is judged without an answer") {
  ModelServer server;
  server.restarts_at = 44.2;
  server.restarts_for = 1e6;
  const auto rules = rules_of(server.watch({seconds(14)}));
  CHECK_FALSE(rules.contains("hint-available"));
  CHECK_FALSE(rules.empty());
}

TEST_CASE("each rule of a watched URL has the server that breaks it, and that gives no other finding") {
  for (const hls::Rule& rule : hls::lint_rules()) {
    if (rule.needs != hls::Needs::url) continue;
    ModelServer server{std::string(rule.id)};
    Options options{seconds(14)};
    if (rule.id == "updated-in-time") {
      server.away_at = 48;
      server.away_for = 4;
      server.without_discontinuity = true;
    } else if (rule.id == "blocking-gives-up") {
      server.away_at = 48;
      server.away_for = 15;
      options.watch = seconds(30);
    } else if (rule.id == "blocking-after-end") {
      server.ends = 46;
    }
    const hls::Findings findings = server.watch(options);
    INFO(rule.id << "\n" << text_of(findings));
    CHECK(rules_of(findings) == std::set{std::string(rule.id)});
    std::set<std::string> places;
    for (const hls::Finding& finding : findings) CHECK(places.insert(finding.where).second);
  }
}

TEST_CASE("rates that were declared while the stream was live are judged as such, though it has ended meanwhile") {
  ModelServer server;
  server.bandwidth = 1;
  const hls::Findings far_over = server.watch();
  REQUIRE(rules_of(far_over) == std::set<std::string>{"peak-over-bandwidth"});
  const double peak = std::stod(far_over[0].what.substr(std::string("the peak is ").size()));
  server.bandwidth = static_cast<std::uint64_t>(peak / 1.18);  // a live one may be 125 % of it, a recorded one 110 %
  server.ends = 50.5;
  CHECK(text_of(server.watch({seconds(60)})) == "");
  server.ends = 40.5;
  CHECK(rules_of(server.watch({seconds(60)})) == std::set<std::string>{"recorded-peak-over-bandwidth"});
}

// Each rendition is begun with as a player would, a few segments before its end when it was first read: that is no VOD's beginning.
TEST_CASE("renditions that were begun with at different segments begin together when they have become a VOD") {
  ModelServer server;
  server.whole = true;
  server.sound_leads = 0.5;
  server.started = 41.8;  // the sound has segment 20 whole, the video has not
  server.ends = 52;
  CHECK(text_of(server.watch({seconds(30)})) == "");
}

TEST_CASE("a live presentation may raise what it declares as its segments show more") {
  ModelServer server;
  server.bandwidth = 1;
  server.raises_at = 41.5;  // before its second segment is looked at
  Options options{seconds(14)};
  CHECK(text_of(server.watch(options)) == "");
  SECTION("it is read again at the end of the watch, too") {
    server.raises_at = 54;
    CHECK(text_of(server.watch(options)) == "");
  }
  SECTION("not enough") {
    server.raised = 2;
    const hls::Findings found = server.watch(options);
    REQUIRE(rules_of(found) == std::set<std::string>{"peak-over-bandwidth"});
    CHECK(found[0].what.ends_with("BANDWIDTH 2"));
  }
  SECTION("it has ended and is gone: the last reading holds") {
    server.ends = 50.5;
    server.forgets = true;
    CHECK(text_of(server.watch({seconds(60)})) == "");
  }
  SECTION("it is gone before it could be read again") {
    server.raises_at = 50.5;
    server.ends = 50.5;
    server.forgets = true;
    CHECK(rules_of(server.watch({seconds(60)})) == std::set<std::string>{"peak-over-bandwidth"});
  }
}

namespace {

// Each request is answered at once by what `body` gives for the URL, the n-th time that it is asked for; "": the connection is refused.
hls::Findings watch_plain(const std::string& url, const std::function<std::string(const std::string&, int)>& body) {
  Watcher watcher(url, {seconds(60)});
  std::map<std::string, int> asked;
  hls::Findings findings;
  Steady now{std::chrono::hours(1)};
  for (int turn = 0; !watcher.done() && turn < 1000; ++turn) {
    for (const Ask& ask : watcher.take(now)) {
      Reply reply{ask.id, ask.url, 200};
      reply.headers = {{"access-control-allow-origin", "*"}, {"content-encoding", "gzip"}};
      reply.body = to_bytes(body(ask.url, asked[ask.url]++));
      if (reply.body.empty()) reply.status = 0;
      reply.asked = reply.first = reply.done = now;
      watcher.answer(reply);
    }
    if (const auto wake = watcher.wake()) now = std::max(now, *wake);
    for (hls::Finding& finding : watcher.take_findings()) findings.push_back(std::move(finding));
  }
  REQUIRE(watcher.done());
  return findings;
}

}  // namespace

TEST_CASE("a page that is no playlist is one finding, wherever it stands in a playlist's place") {
  const std::string page = "<!DOCTYPE html>\n<html><body>Not found</body></html>\n", media = "http://model.example/v.m3u8";
  CHECK(rules_of(watch_plain(media, [&](const auto&, int) { return page; })) == std::set<std::string>{"extm3u-first"});
  const std::string master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,CODECS=\"mp4a.40.2\"\nv.m3u8\n";
  const hls::Findings found = watch_plain("http://model.example/master.m3u8", [&](const std::string& url, int) { return url == media ? page : master; });
  CHECK(text_of(found) == "extm3u-first v.m3u8:1: the first line is not #EXTM3U, and no line is a tag: it is no playlist\n");
}

TEST_CASE("a multivariant playlist in a media playlist's place is told, and not followed") {
  const auto naming = [](const std::string& uri) { return "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,CODECS=\"mp4a.40.2\"\n" + uri + "\n"; };
  const std::string master = "http://model.example/master.m3u8";
  CHECK(text_of(watch_plain(master, [&](const auto&, int) { return naming("master.m3u8"); })) == "media-playlist-named master.m3u8: it names itself\n");
  CHECK(text_of(watch_plain(master, [&](const auto& url, int) { return naming(url == master ? "other.m3u8" : "v.m3u8"); })) ==
        "media-playlist-named master.m3u8: other.m3u8 is a multivariant playlist too\n");
  const auto found = watch_plain("http://model.example/v.m3u8", [&](const auto&, int turn) {
    return turn == 1 ? naming("w.m3u8") : "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXT-X-GAP\n#EXTINF:2,\n0.ts\n" + std::string(turn > 1 ? "#EXT-X-ENDLIST\n" : "");
  });
  CHECK(text_of(found) == "media-playlist-named v.m3u8: it has become a multivariant playlist\n");
}

TEST_CASE("a media playlist that is refused when the watch begins is asked for again while it may be late") {
  const std::string media = "http://model.example/v.m3u8", master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,CODECS=\"mp4a.40.2\"\nv.m3u8\n";
  const std::string ended = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-GAP\n#EXTINF:2,\n0.ts\n#EXT-X-ENDLIST\n";
  for (const int refused : {3, 1000}) {
    const auto found = watch_plain("http://model.example/master.m3u8", [&](const std::string& url, int turn) { return url != media ? master : turn < refused ? "" : ended; });
    INFO(text_of(found));
    CHECK(rules_of(found).contains("playlist-missing") == (refused > 3));
  }
}

TEST_CASE("a playlist that was seen to end is looked at once more: its end stays") {
  for (const bool stays : {true, false}) {
    const auto findings = watch_plain("http://model.example/v.m3u8", [&](const auto&, int turn) {
      std::string text = "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:2\n";
      for (int msn = 0; msn < std::min(turn, 2) + 3; ++msn) text += "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:0" + std::to_string(msn * 2) + "Z\n#EXT-X-GAP\n#EXTINF:2,\n" + std::to_string(msn) + ".ts\n";
      return text + (turn == 2 || (turn > 2 && stays) ? "#EXT-X-ENDLIST\n" : "");
    });
    CHECK(rules_of(findings) == (stays ? std::set<std::string>{"version-excess"} : std::set<std::string>{"version-excess", "update-tag-removed"}));
  }
}

TEST_CASE("a first answer whose body is not whole is a failure that names the cause") {
  struct Case {
    Fault fault;
    Errc code;
    std::string told;
  };
  for (const Case& each : {Case{Fault::none, Errc::unavailable, "the answer was cut short: why"}, {Fault::too_large, Errc::invalid, "the answer's body is too large: why"},
                           {Fault::encoding, Errc::invalid, "the answer's body is not what its Content-Encoding says: why"}}) {
    Watcher watcher("http://model.example/m.m3u8", {});
    const auto asks = watcher.take(Steady(seconds(1)));
    REQUIRE(asks.size() == 1);
    CHECK(asks[0].most == most_playlist);
    Reply reply{asks[0].id, asks[0].url, 200, "why", false, true};
    reply.fault = each.fault;
    watcher.answer(reply);
    REQUIRE(watcher.failure());
    CHECK(watcher.failure()->code == each.code);
    CHECK(watcher.failure()->what == "get http://model.example/m.m3u8: " + each.told);
  }
}

TEST_CASE("what was asked for wrongly, and whom nobody vouches for, is not told to try again") {
  for (const auto& [fault, code] : {std::pair{Fault::untrusted, Errc::denied}, {Fault::certificates, Errc::config}, {Fault::url, Errc::usage}}) {
    Watcher watcher("https://model.example/m.m3u8", {});
    const auto asks = watcher.take(Steady(seconds(1)));
    REQUIRE(asks.size() == 1);
    Reply reply{asks[0].id, asks[0].url, 0, "why"};
    reply.fault = fault;
    watcher.answer(reply);
    REQUIRE(watcher.failure());
    CHECK(watcher.failure()->code == code);
  }
}

TEST_CASE("what cannot be had is a failure, not a finding") {
  for (const auto& [status, code] : {std::pair{404, Errc::not_found}, {503, Errc::unavailable}, {0, Errc::unavailable}}) {
    Watcher watcher("http://model.example/live/master.m3u8", {});
    const auto asks = watcher.take(Steady(seconds(1)));
    REQUIRE(asks.size() == 1);
    Reply reply{asks[0].id, asks[0].url, status, "connection refused"};
    reply.done = Steady(seconds(2));
    watcher.answer(reply);
    CHECK(watcher.done());
    REQUIRE(watcher.failure());
    CHECK(watcher.failure()->code == code);
    CHECK(watcher.take_findings().empty());
  }
}
