#include <catch2/catch.hpp>

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
  CHECK_FALSE(server.failure);
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
