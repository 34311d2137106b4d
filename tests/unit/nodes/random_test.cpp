// Random lives of a few nodes, their pages and a Redis, each from a seed that is printed when it goes wrong:
// pages that come back elsewhere, messages sent twice, lines that get lost, a Redis that dies, nodes that are
// killed. By the rules of sluice-chat(5) no page sees a line twice or misses one.
#include <cstdlib>

#include <catch2/catch.hpp>

#include "unit/nodes/sim.hpp"

using namespace sluice;
using namespace sluice::nodes;
using namespace sluice::nodes::sim;

namespace {
struct Life {
  explicit Life(std::uint64_t seed, bool kills) : random(seed), redis(seed + 1), may_kill(kills) {
    for (int i = 0; i < 3; ++i) add();
    run(seconds(2));
    for (Page& page : pages) page.join(any_node());
    run(seconds(1));
  }
  std::uint64_t below(std::uint64_t bound) { return random.below(bound); }
  Node& any_node() { return *nodes[below(nodes.size())]; }
  void add() {
    clocks.push_back(std::make_unique<FakeClock>());
    clocks.back()->advance(elapsed);
    clocks.back()->set_wall(clocks.back()->wall() + milliseconds(below(1500)));  // clocks differ
    std::string origin = std::string(1, static_cast<char>('a' + below(26))) + std::to_string(born++);
    nodes.push_back(std::make_unique<Node>(redis, *clocks.back(), origin));
    for (const auto& message : archive) nodes.back()->room().restore(message);
    for (const auto& message : archive) nodes.back()->ids.insert(message->id);
    if (redis.up) nodes.back()->connect();
  }
  void run(milliseconds time) {
    for (milliseconds done{0}; done < time; done += milliseconds(5)) {
      elapsed += milliseconds(5);
      for (auto& clock : clocks) clock->advance(milliseconds(5));
      redis.deliver(clocks.front()->steady());
      for (auto& node : nodes) node->turn();
    }
  }
  void say() {
    const std::string key = "k" + std::to_string(++said);
    Node& node = any_node();
    const std::int64_t user = static_cast<std::int64_t>(1 + below(5));
    node.say(node.room(), user, key);
    spoken.push_back({user, key});
  }
  void repeat() {  // sent again, wherever
    if (spoken.empty()) return;
    const auto& [user, key] = spoken[spoken.size() - 1 - below(std::min<std::size_t>(spoken.size(), 20))];
    Node& node = any_node();
    node.say(node.room(), user, key);
  }
  void wander() {
    Page& page = pages[below(pages.size())];
    page.leave();
    run(milliseconds(below(300)));
    page.join(any_node());
    run(milliseconds(400));
  }
  void doze() {  // nobody is there for long: rooms are closed, and opened when somebody comes or asks
    for (Page& page : pages) page.leave();
    run(seconds(65));
    for (auto& node : nodes)
      if (below(3) != 0) closed += node->close_room();
    for (std::uint64_t i = below(3); i > 0; --i) say();
    for (Page& page : pages) {
      page.join(any_node());
      run(milliseconds(below(100)));
    }
    run(milliseconds(500));
  }
  void outage() {
    redis.up = false;
    redis.letters.clear();
    for (auto& node : nodes) node->disconnect();
    for (std::uint64_t i = below(40); i > 0; --i) {
      say();
      if (below(4) == 0) repeat();
      run(milliseconds(below(30)));
      if (below(15) == 0) wander();
    }
    redis.up = true;
    if (may_kill && below(2) == 0) return kill();  // with what the others have not heard of
    connect_all();
  }
  void connect_all() {
    for (auto& node : nodes) {
      if (!node->connected) node->connect();
      run(milliseconds(below(200)));
    }
  }
  void kill() {
    const std::size_t dying = below(nodes.size());
    if (nodes[dying]->connected && below(2) == 0) run(milliseconds(300));  // else with lines on their way
    for (Page& page : pages)
      if (page.room == &nodes[dying]->room()) page.leave();
    archive.clear();
    for (const auto& kept : nodes[dying]->room().history().kept()) {
      archive.push_back(kept.message);
      for (const auto& number : kept.also)
        numbers_lost.insert({number.origin, number.seq, kept.message->text});
    }
    nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(dying));
    clocks.erase(clocks.begin() + static_cast<std::ptrdiff_t>(dying));
    connect_all();
    run(milliseconds(below(3000)));
    add();
    run(milliseconds(3000));
    // What only the dead one had is told, though nobody is on the one that comes in its place.
    for (const Page& page : pages)
      if (page.room != nullptr && page.shown.size() + page.skipped < static_cast<std::size_t>(said))
        ++left_untold;
    for (Page& page : pages)
      if (page.room == nullptr) page.join(any_node());
    run(milliseconds(500));
  }
  void live(int turns) {
    for (int i = 0; i < turns; ++i) {
      const std::uint64_t what = below(100);
      if (what < 70)
        say();
      else if (what < 80)
        repeat();
      else if (what < 91)
        wander();
      else if (what < 92)
        doze();
      else if (what < 96) {
        redis.loses = 0.3;
        for (std::uint64_t k = below(10); k > 0; --k) say();
        redis.loses = 0;
      } else if (what < 98 || !may_kill)
        outage();
      else
        kill();
      run(milliseconds(below(40)));
    }
    run(seconds(40));  // quiet: the heads go round twice
  }

  void be_everywhere() {  // also where no page came
    for (auto& node : nodes) node->exchange.enter(node->room(), {}, [] {});
    run(seconds(40));
  }

  SeededRandom random;
  Redis redis;
  bool may_kill;
  microseconds elapsed{0};
  int born = 0, said = 0, left_untold = 0, closed = 0;
  std::vector<std::unique_ptr<FakeClock>> clocks;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<chat::MessagePtr> archive;
  // Was published twice, and is kept by one number: who saw it by the other, which nobody else heard, is sent
  // it once more, and knows its id.
  std::set<std::tuple<std::string, std::uint64_t, std::string>> numbers_lost;
  std::vector<std::pair<std::int64_t, std::string>> spoken;
  std::vector<Page> pages = std::vector<Page>(6);
};

// SEED=n tries that one alone, LIVES=n so many.
std::uint64_t number_of(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}
}  // namespace

TEST_CASE("random lives of nodes: exactly once, in order, the same history") {
  const std::uint64_t first = number_of("SEED", 1), lives = number_of("LIVES", first == 1 ? 200 : 1);
  int closed = 0;
  for (std::uint64_t seed = first; seed < first + lives; ++seed) {
    const bool kills = seed % 3 == 0;
    CAPTURE(seed, kills);
    Life life(seed, kills);
    life.live(120);
    CHECK(life.left_untold == 0);
    closed += life.closed;
    for (std::size_t i = 0; i < life.pages.size(); ++i) {
      const Page& page = life.pages[i];
      CAPTURE(i, page.shown.size(), life.said, page.skipped, page.gap);
      if (!page.came_to_hermit)
        for (const Page::Repeat& repeat : page.repeats)
          CHECK((repeat.shown_by &&
                 life.numbers_lost.contains({repeat.shown_by->first, repeat.shown_by->second, repeat.text})));
      if (!kills) {
        CHECK(page.skipped == 0);
        CHECK(page.shown.size() == static_cast<std::size_t>(life.said));
      } else {  // what it was not told is announced
        CHECK(page.shown.size() + page.skipped >= static_cast<std::size_t>(life.said));
      }
    }
    life.be_everywhere();
    for (Node* node : life.redis.nodes) {
      CHECK(node->faults.empty());
      CHECK(node->history() == life.nodes.front()->history());
    }
  }
  CHECK((lives < 50 || closed > 50));  // rooms
}
