// Rooms that hear more origins than they keep in mind: nodes that are restarted again and again.
// rooms: nodes
#include <catch2/catch.hpp>

#include "unit/nodes/scene.hpp"

using namespace sluice;
using namespace sluice::nodes;
using namespace sluice::nodes::sim;

namespace {
// Runs of other nodes, of which there is nothing but what they published.
struct Strangers {
  Scene& scene;
  Wall began = scene.clocks.front()->wall();

  Said line(const std::string& origin, std::uint64_t seq, Wall at) const {
    chat::Message message;
    message.origin = origin;
    message.seq = seq;
    message.id = origin + "-" + std::to_string(seq);
    message.channel = ChannelId(1);
    message.at = at;
    message.order = at.time_since_epoch().count();
    message.author = {UserId(9), "eve", "Eve", ""};
    message.text = message.id;
    return {std::make_shared<const chat::Message>(std::move(message)), false};
  }
  void speak(const std::string& origin, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t seq = first; seq <= last; ++seq)
      scene.redis.publish("chat:1", encode(line(origin, seq, scene.clocks.front()->wall()), ChannelId(1)),
                          scene.clocks.front()->steady());
    scene.run(milliseconds(10));
  }
  // A node that has been elsewhere tells node a of what it has of an origin, and answers for it. What comes
  // before `fresh` was said long ago.
  void bring_back(const std::string& origin, Range has, std::uint64_t fresh) {
    Exchange& a = scene[0].exchange;
    a.hear("chat-node:a", encode(Heads{"old", "old", false, {{ChannelId(1), 0, {{origin, has}}}}}));
    scene.run(milliseconds(100));
    Lines lines{"old", ChannelId(1), origin, has, {}};
    for (std::uint64_t seq = has.first; seq <= has.last; ++seq)
      lines.lines.push_back(line(origin, seq, seq < fresh ? began : scene.clocks.front()->wall()));
    a.hear("chat-node:a", encode(lines));
    scene.run(seconds(4));
  }
};

std::string name(int i) {
  return "s" + std::to_string(i);
}
}  // namespace

TEST_CASE("of however many origins nothing is told twice, and nothing is a gap that is none") {
  Scene scene(2);
  Page at_a;
  at_a.join(scene[0]);
  scene.run(seconds(1));
  for (const char* text : {"1", "2", "3", "4", "5"}) scene[1].say(scene[1].room(), 1, text);
  scene.run(seconds(360));
  scene[0].ids.clear();  // keys are known for minutes
  Strangers strangers{scene};
  for (int i = 0; i < 200; ++i) strangers.speak(name(i), 1, 5);
  scene.run(seconds(60));
  CHECK(at_a.shown.size() == 1005);
  CHECK(at_a.repeats.empty());
  CHECK(at_a.skipped == 0);
  CHECK(scene[0].room().heads().size() == 202);

  // Those that have left are forgotten, but the last ones; one that lives is not.
  scene.run(seconds(150));
  CHECK(scene[0].room().heads().size() == 2 + 64);
  CHECK(scene[0].room().head("b") == 5);
  CHECK(scene[0].room().head(name(0)) == 0);
  CHECK(scene[0].room().head(name(199)) == 5);
  scene[1].say(scene[1].room(), 1, "6");
  scene.run(seconds(2));
  CHECK(at_a.shown.size() == 1006);
  CHECK(at_a.repeats.empty());
  CHECK(at_a.skipped == 0);
}

TEST_CASE("an origin that was forgotten is told anew of only what it said since then") {
  Scene scene(1);
  Page at_a;
  at_a.join(scene[0]);
  scene.run(seconds(1));
  Strangers strangers{scene};
  for (int i = 0; i < 200; ++i) strangers.speak(name(i), 1, 5);
  scene.run(seconds(200));
  scene[0].ids.clear();
  REQUIRE(at_a.shown.size() == 1000);
  for (int i = 0; i < 5; ++i) REQUIRE(scene[0].room().head(name(i)) == 0);
  const auto told = [&] { return std::vector(at_a.shown.begin() + 1000, at_a.shown.end()); };

  SECTION("who joined later, and kept no number of it, is told nothing of old either") {
    at_a.cursor.clear();
    at_a.shown_ids.clear();
    strangers.bring_back(name(0), {1, 5}, 6);
    CHECK(told().empty());
    CHECK(at_a.skipped == 0);
    CHECK(scene[0].room().head(name(0)) == 5);
  }
  SECTION("of what is not to be had of it, too") {
    strangers.bring_back(name(1), {3, 5}, 6);
    CHECK(told().empty());
    CHECK(at_a.skipped == 0);
  }
  SECTION("what is new is told") {
    strangers.bring_back(name(2), {1, 8}, 6);
    CHECK(told() == std::vector<std::string>{"s2-6", "s2-7", "s2-8"});
    CHECK(at_a.skipped == 0);
  }
  SECTION("what may have been new, and is not to be had, is a gap") {
    strangers.bring_back(name(3), {7, 8}, 6);
    CHECK(told() == std::vector<std::string>{"s3-7", "s3-8"});
    CHECK(at_a.skipped == 6);
  }
  SECTION("it speaks again") {
    strangers.speak(name(4), 6, 6);
    strangers.bring_back(name(4), {1, 6}, 6);
    CHECK(told() == std::vector<std::string>{"s4-6"});
    CHECK(at_a.skipped == 0);
  }
  CHECK(at_a.repeats.empty());
}

TEST_CASE("a neighbour that was cut off while many came and went is still known") {
  Scene scene(2);
  Page at_a, at_b;
  at_a.join(scene[0]);
  at_b.join(scene[1]);
  scene.run(seconds(1));
  scene[1].say(scene[1].room(), 1, "before");
  scene.run(seconds(1));
  scene[1].disconnect();
  Strangers strangers{scene};
  for (int i = 0; i < 60; ++i) strangers.speak(name(i), 1, 5);
  for (int i = 0; i < 100; ++i) scene[1].say(scene[1].room(), 1, "alone" + std::to_string(i));
  scene.run(seconds(400));
  scene[0].ids.clear();
  scene[1].connect();
  scene.run(seconds(3));
  CHECK(at_a.shown.size() == 1 + 300 + 100);
  CHECK(at_a.repeats.empty());
  CHECK(at_a.skipped == 0);
}

TEST_CASE("two hundred restarts of a neighbour: every page is told everything once") {
  Scene scene(2);
  Page at_a, wanderer;
  at_a.join(scene[0]);
  wanderer.join(scene[1]);
  scene.run(seconds(1));
  std::size_t said = 0, most = 0;
  const auto say = [&](Node& node) {
    node.say(node.room(), static_cast<std::int64_t>(1 + said % 5), "k" + std::to_string(said));
    ++said;
  };
  for (int restart = 0; restart < 200; ++restart) {
    for (int i = 0; i < 3; ++i) say(scene[1]);
    say(scene[0]);
    scene.run(milliseconds(500));
    wanderer.leave();
    if (restart % 2 == 0) scene[1].exchange.bye();
    scene.run(milliseconds(50));
    scene.kill(1);
    scene.run(milliseconds(2000));
    scene[0].ids.clear();
    Node& next = scene.add();
    for (const auto& kept : scene[0].room().history().kept()) next.room().restore(kept.message);
    scene.run(milliseconds(100));
    wanderer.join(next);
    scene.run(milliseconds(500));
    most = std::max(most, scene[0].room().heads().size());
  }
  scene.run(seconds(40));
  for (const Page* page : {&at_a, &wanderer}) {
    CHECK(page->shown.size() == said);
    CHECK(page->repeats.empty());
    CHECK(page->skipped == 0);
  }
  CHECK(scene[0].history() == scene[1].history());
  CHECK(scene[0].exchange.counts().skipped == 0);
  CHECK(most < 130);  // 75 in the history, and some 40 of the two minutes before
}
