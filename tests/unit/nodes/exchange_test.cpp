// Nodes that hear each other through a Redis that is slow, forgets, and goes away.
// rooms: nodes
#include <catch2/catch.hpp>

#include "unit/nodes/scene.hpp"

using namespace sluice;
using namespace sluice::nodes;
using namespace sluice::nodes::sim;

TEST_CASE("a line said on one node is told on the others, once and in order") {
  Scene scene(3);
  Page at_a, at_b, at_c;
  at_a.join(scene[0]);
  at_b.join(scene[1]);
  at_c.join(scene[2]);
  scene.run(seconds(1));
  REQUIRE(at_c.room != nullptr);
  for (int i = 1; i <= 20; ++i) {
    scene[0].say(scene[0].room(), 1, "a" + std::to_string(i));
    scene[1].say(scene[1].room(), 2, "b" + std::to_string(i));
    scene.run(milliseconds(20));
  }
  scene.run(seconds(1));
  for (Page* page : {&at_a, &at_b, &at_c}) {
    CHECK(page->shown.size() == 40);
    CHECK(page->repeats.empty());
    CHECK(page->skipped == 0);
  }
  CHECK(scene[0].history() == scene[1].history());
  CHECK(scene[0].history() == scene[2].history());
  CHECK(scene[0].exchange.others() == 2);
}

TEST_CASE("only rooms with members are subscribed to") {
  Scene scene(2);
  Page page;
  page.join(scene[1], 7);
  scene.run(seconds(1));
  CHECK(scene[1].subscriptions.contains("chat:7"));
  CHECK_FALSE(scene[0].subscriptions.contains("chat:7"));
  page.leave();
  scene.run(seconds(65));
  CHECK_FALSE(scene[1].subscriptions.contains("chat:7"));
}

TEST_CASE(
    "who joins on a node where nobody was finds what was said elsewhere, and is told none of it as new") {
  Scene scene(2);
  Page first, late;
  first.join(scene[0]);
  for (int i = 1; i <= 250; ++i) scene[0].say(scene[0].room(), 1, "m" + std::to_string(i));
  scene.run(seconds(3));
  late.join(scene[1]);
  CHECK(late.room == nullptr);  // it waits for the answers
  scene.run(milliseconds(200));
  REQUIRE(late.room != nullptr);
  CHECK(scene[1].history() == scene[0].history());
  CHECK(scene[1].history().size() == 200);
  CHECK(late.shown.empty());
  scene[0].say(scene[0].room(), 1, "new");
  scene.run(milliseconds(200));
  CHECK(late.shown == std::vector<std::string>{"new"});
}

TEST_CASE("nobody waits for nodes that do not answer") {
  Scene scene(2);
  scene[0].disconnect();  // and nobody has noticed yet
  Page page;
  page.join(scene[1]);
  CHECK(page.room == nullptr);
  scene.run(milliseconds(400));
  CHECK(page.room != nullptr);
}

TEST_CASE(
    "while Redis is away each node goes on alone; when it returns everybody hears what was missed, once") {
  Scene scene(3);
  Page at_a, at_b, at_c;
  at_a.join(scene[0]);
  at_b.join(scene[1]);
  at_c.join(scene[2]);
  scene.run(seconds(1));
  scene[0].say(scene[0].room(), 1, "before");
  scene.run(seconds(1));
  scene.redis_dies();
  for (int i = 1; i <= 300; ++i) {  // more than a history holds
    scene[0].say(scene[0].room(), 1, "a" + std::to_string(i));
    if (i % 3 == 0) scene[1].say(scene[1].room(), 2, "b" + std::to_string(i));
    scene.run(milliseconds(10));
  }
  CHECK(at_a.shown.size() == 301);
  CHECK(at_b.shown.size() == 101);
  scene.redis_returns();
  scene.run(seconds(4));
  for (Page* page : {&at_a, &at_b, &at_c}) {
    CHECK(page->shown.size() == 401);
    CHECK(page->repeats.empty());
    CHECK(page->skipped == 0);
  }
  CHECK(scene[0].history() == scene[1].history());
  CHECK(scene[0].history() == scene[2].history());
}

TEST_CASE("the same key on two nodes is one line, also when they could not hear each other") {
  Scene scene(2);
  Page at_a, at_b;
  at_a.join(scene[0]);
  at_b.join(scene[1]);
  scene.run(seconds(1));
  CHECK(scene[0].say(scene[0].room(), 1, "k1"));
  scene.run(milliseconds(100));
  CHECK_FALSE(scene[1].say(scene[1].room(), 1, "k1"));
  scene.redis_dies();
  CHECK(scene[0].say(scene[0].room(), 1, "k2"));
  scene.run(milliseconds(100));
  CHECK(scene[1].say(scene[1].room(), 1, "k2"));
  scene[1].say(scene[1].room(), 1, "k3");
  scene.redis_returns();
  scene.run(seconds(3));
  CHECK(at_a.shown == std::vector<std::string>{"k1", "k2", "k3"});
  CHECK(at_b.shown == std::vector<std::string>{"k1", "k2", "k3"});
  CHECK(at_a.repeats.empty());
  CHECK(scene[0].history() == std::vector<std::string>{"k1", "k2", "k3"});
  CHECK(scene[0].history() == scene[1].history());
  // A page that had it by one number is not sent it by the other.
  at_b.leave();
  at_b.join(scene[0]);
  scene.run(seconds(1));
  CHECK(at_b.shown.size() == 3);
  CHECK(at_b.repeats.empty());
}

TEST_CASE("a line that got lost is asked for; one that nobody has is announced as skipped") {
  Scene scene(2);
  Page at_b;
  at_b.join(scene[1]);
  scene.run(seconds(1));
  scene[0].say(scene[0].room(), 1, "1");
  scene.run(milliseconds(100));
  scene.redis.loses = 1;
  scene[0].say(scene[0].room(), 1, "2");
  scene.redis.loses = 0;
  scene[0].say(scene[0].room(), 1, "3");
  scene.run(milliseconds(100));
  CHECK(at_b.shown == std::vector<std::string>{"1", "2", "3"});
  // The last one of all got lost: the heads tell.
  scene.redis.loses = 1;
  scene[0].say(scene[0].room(), 1, "4");
  scene.redis.loses = 0;
  scene.run(milliseconds(1200));
  CHECK(at_b.shown.back() == "4");

  scene.redis.loses = 1;
  scene[0].say(scene[0].room(), 1, "lost");
  scene.redis.loses = 0;
  scene[0].say(scene[0].room(), 1, "6");
  scene.kill(0);
  scene.run(seconds(3));
  CHECK(at_b.shown.back() == "6");
  CHECK(at_b.skipped == 1);
  CHECK(scene[0].exchange.counts().skipped == 1);
}

TEST_CASE("what a node told nobody before it was killed is told by its next run, where nobody is") {
  const auto age = GENERATE(seconds(0), seconds(3000), seconds(4000));
  Scene scene(2);
  Page at_b;
  at_b.join(scene[1]);
  scene.run(seconds(1));
  scene.redis_dies();
  for (const char* text : {"1", "2", "3"}) scene[0].say(scene[0].room(), 1, text);
  std::vector<chat::MessagePtr> archive;
  for (const auto& kept : scene[0].room().history().kept()) archive.push_back(kept.message);
  scene.kill(0);
  Node& next = scene.add(age);
  for (const auto& message : archive) next.room().restore(message);
  scene.run(seconds(400));  // a long outage makes no difference
  scene.redis_returns();
  scene.run(seconds(2));
  CHECK(at_b.shown.size() == (age < seconds(3600) ? 3 : 0));
  CHECK(next.exchange.followed() == 0);
  // Once it has been told, a new connection does not repeat it.
  const std::uint64_t first = scene.redis.published;
  scene.redis_dies();
  scene.redis_returns();
  const std::uint64_t again = scene.redis.published - first;
  scene.redis_dies();
  scene.redis_returns();
  CHECK(scene.redis.published - first - again == again);
  next.exchange.enter(next.room(), {}, [] {});
  scene.run(seconds(2));
  CHECK(at_b.shown.size() == 3);  // who comes asks, however old it is
}

TEST_CASE("viewers are counted over all nodes, and those of one that goes are counted no more") {
  Scene scene(3);
  std::vector<Page> at_a(3), at_b(2);
  for (Page& page : at_a) page.join(scene[0]);
  for (Page& page : at_b) page.join(scene[1]);
  scene.run(seconds(3));
  CHECK(scene[0].room().viewers_everywhere() == 5);
  CHECK(scene[1].room().viewers_everywhere() == 5);
  for (Page& page : at_b) page.leave();
  scene.run(seconds(2));
  CHECK(scene[0].room().viewers_everywhere() == 3);
  for (Page& page : at_a) page.leave();
  at_b[0].join(scene[1]);
  scene.run(seconds(2));
  scene[0].exchange.bye();
  scene.run(milliseconds(100));
  CHECK(scene[1].exchange.others() == 1);
  scene.kill(0);
  scene.kill(1);
  scene.run(seconds(8));
  CHECK(scene[0].exchange.others() == 0);
  CHECK(scene[0].room().viewers_everywhere() == 1);
}

TEST_CASE("what a moderator took off before it came from another node is shown to nobody") {
  Scene scene(2);
  Page at_a, at_b;
  at_a.join(scene[0]);
  at_b.join(scene[1]);
  scene.run(seconds(1));
  scene.redis_dies();
  scene[0].say(scene[0].room(), 1, "bad");
  scene[0].say(scene[0].room(), 2, "good");
  const std::string id = scene[0].room().history().kept().front().message->id;
  scene.run(milliseconds(10));
  for (std::size_t i : {0, 1}) scene[i].room().remove_message(id, "u1", "", scene.clocks[0]->wall());
  scene.redis_returns();
  scene.run(seconds(2));
  CHECK(at_b.shown == std::vector<std::string>{"good"});
  CHECK(scene[1].room().history().last(10).size() == 1);
  CHECK(scene[0].history() == scene[1].history());
}

TEST_CASE("strangers on the channels are told of and change nothing") {
  Scene scene(2);
  Page page;
  page.join(scene[0]);
  scene.run(seconds(1));
  const std::string line = encode(Said{std::make_shared<const chat::Message>([&] {
                                         chat::Message m;
                                         m.id = "x";
                                         m.origin = "zz";
                                         m.seq = 1;
                                         m.author = {UserId(9), "eve", "Eve", ""};
                                         m.text = "hi";
                                         return m;
                                       }()),
                                       false},
                                  ChannelId(1));
  for (const char* text : {"", "[]", "{\"v\":1,\"type\":\"line\"}", "\xff"})
    scene[0].exchange.hear("chat:1", text);
  scene[0].exchange.hear("chat:2", line);
  CHECK(scene[0].faults.size() == 5);
  CHECK(scene[0].exchange.counts().malformed == 5);
  scene[0].exchange.hear("chat:1", R"({"v":2,"type":"line"})");
  CHECK(scene[0].faults.size() == 5);
  scene.run(milliseconds(100));
  CHECK(page.shown.empty());
}

TEST_CASE("a whisper reaches the nodes on which its user is, and no other; its own tells itself") {
  Scene scene(3);
  scene[0].exchange.came(UserId(8));
  scene[1].exchange.came(UserId(8));
  scene[1].exchange.came(UserId(8));  // once is enough
  const std::string channel = Exchange::user_channel(UserId(8));
  CHECK(scene[1].subscriptions.contains(channel));
  CHECK_FALSE(scene[2].subscriptions.contains(channel));
  const auto whisper = [&](const std::string& id) {
    const chat::Whisper said{id,     {}, {UserId(7), "ada", "Ada", ""}, {UserId(8), "bob", "Bob", ""},
                             "psst", {}};
    scene[0].publish(channel, encode(Whispered{"a", said}));
    scene.run(milliseconds(50));
  };
  whisper("w1");
  CHECK(scene[0].whispers.empty());
  REQUIRE(scene[1].whispers.size() == 1);
  CHECK(scene[1].whispers[0].id == "w1");
  CHECK(scene[2].whispers.empty());
  scene.redis_dies();
  scene[2].exchange.came(UserId(8));
  scene[1].exchange.left(UserId(8));
  scene.redis_returns();
  whisper("w2");
  CHECK(scene[1].whispers.size() == 1);
  CHECK(scene[2].whispers.size() == 1);
  scene[2].exchange.left(UserId(8));
  CHECK_FALSE(scene[2].subscriptions.contains(channel));
  // On a channel that is not its user's it is nobody's.
  scene[0].publish(
      Exchange::all_nodes,
      encode(Whispered{
          "a", {"w3", {}, {UserId(7), "ada", "Ada", ""}, {UserId(8), "bob", "Bob", ""}, "psst", {}}}));
  scene.run(milliseconds(50));
  CHECK(scene[1].whispers.size() == 1);
  CHECK(scene[1].faults.size() == 1);
}

TEST_CASE("the canary flies while lines cross, and not when they do not") {
  Scene scene(1);
  const auto well = [&] { return scene[0].exchange.canary().well(scene.clocks[0]->steady(), seconds(3)); };
  CHECK(well());
  CHECK(scene[0].exchange.canary().round_trip() <= milliseconds(10));
  scene.redis.loses = 1;  // Redis takes what it is given and delivers nothing
  scene.run(seconds(4));
  CHECK_FALSE(well());
  scene.redis.loses = 0;
  scene.run(seconds(3));
  CHECK(well());
}

TEST_CASE("a room that is closed is opened for the node that asks") {
  Scene scene(2);
  Page first, late;
  first.join(scene[0]);
  for (int i = 1; i <= 50; ++i) scene[0].say(scene[0].room(), 1, "m" + std::to_string(i));
  scene.run(seconds(1));
  CHECK_FALSE(scene[0].close_room());  // somebody is there
  first.leave();
  scene.run(seconds(10));
  CHECK_FALSE(scene[0].close_room());  // it is followed for a while
  scene.run(seconds(60));
  REQUIRE(scene[0].close_room());
  CHECK(scene[0].rooms.all().empty());
  late.join(scene[1]);
  scene.run(milliseconds(200));
  REQUIRE(late.room != nullptr);
  CHECK(scene[1].history().size() == 50);
  CHECK(scene[0].rooms.all().size() == 1);
}

TEST_CASE("what is asked of a room that was closed meanwhile is answered") {
  Scene scene(2);
  Page page;
  page.join(scene[0]);
  scene.run(seconds(1));
  scene[0].say(scene[0].room(), 1, "one");
  page.leave();
  scene.run(seconds(70));
  REQUIRE(scene[0].close_room());
  const auto range = Range{1, 1};
  scene[0].exchange.hear(Exchange::node_channel(scene[0].rooms.origin()),
                         encode(Want{scene[1].rooms.origin(), ChannelId(1), scene[0].rooms.origin(), range}));
  CHECK(scene[0].rooms.find(ChannelId(1)) != nullptr);
}

TEST_CASE("no room is closed before the others have heard of what earlier runs left") {
  Scene scene(1);
  scene.redis_dies();
  Node& late = scene.add();
  late.room();
  scene.run(seconds(1));
  CHECK_FALSE(late.close_room());
  scene.redis_returns();
  scene.run(seconds(2));
  CHECK(late.close_room());
}

TEST_CASE("what a node says in an outage crosses whole, though it had said nothing there before") {
  const bool restarted = GENERATE(false, true);
  CAPTURE(restarted);
  Scene scene(2);
  Page page;
  page.join(scene[1]);
  scene.run(seconds(1));
  scene.redis_dies();
  scene.run(seconds(20));
  if (restarted) {
    scene.kill(0);
    scene.add();
  }
  Node& speaker = scene[restarted ? 1 : 0];
  Node& reader = scene[restarted ? 0 : 1];
  for (int i = 1; i <= 1000; ++i) {
    speaker.say(speaker.room(), 1, "m" + std::to_string(i));
    scene.run(milliseconds(5));
  }
  scene.redis.up = true;
  speaker.connect();
  scene.run(milliseconds(50));
  reader.connect();
  // A line comes before the other has heard who says it.
  const auto next = speaker.room().publish(
      [&] {
        chat::Message after;
        after.id = "after";
        after.at = speaker.clock.wall();
        after.author = {UserId(1), "u1", "U", ""};
        after.text = "after";
        return after;
      }(),
      nullptr);
  reader.exchange.hear(Exchange::room_channel(ChannelId(1)), encode(Said{next, false}, ChannelId(1)));
  scene.run(seconds(5));
  CHECK(page.shown.size() == 1001);
  CHECK(page.skipped == 0);
  CHECK(page.repeats.empty());
  CHECK_FALSE(page.gap);
}

TEST_CASE("of what was said before a room was followed no more is told than it shows") {
  Scene scene(2);
  for (int i = 1; i <= 1000; ++i) scene[0].say(scene[0].room(), 1, "m" + std::to_string(i));
  scene.run(seconds(1));
  Page page;
  page.join(scene[1]);
  scene.run(seconds(2));
  REQUIRE(page.room != nullptr);
  CHECK(page.shown.empty());
  CHECK(scene[1].exchange.counts().filled <= 500);
  CHECK(scene[1].history().size() == 200);
}
