#pragma once
// A few nodes, a Redis between them, and the time they share.
#include <memory>
#include <string>
#include <vector>

#include "unit/nodes/sim.hpp"

namespace sluice::nodes::sim {

struct Scene {
  explicit Scene(std::size_t count, std::uint64_t seed = 1) : redis(seed) {
    for (std::size_t i = 0; i < count; ++i) add();
    run(seconds(2));
  }
  Node& add(seconds fast = {}) {  // its clock's time before the others'
    clocks.push_back(std::make_unique<FakeClock>());
    clocks.back()->advance(elapsed);
    clocks.back()->set_wall(clocks.back()->wall() + fast);
    Node& node = *nodes.emplace_back(std::make_unique<Node>(redis, *clocks.back(), next_name()));
    if (redis.up) node.connect();
    return node;
  }
  void kill(std::size_t i) {
    nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(i));
    clocks.erase(clocks.begin() + static_cast<std::ptrdiff_t>(i));
  }
  void run(milliseconds time) {
    for (milliseconds done{0}; done < time; done += step) {
      elapsed += step;
      for (auto& clock : clocks) clock->advance(step);
      redis.deliver(clocks.front()->steady());
      for (auto& node : nodes) node->turn();
    }
  }
  void redis_dies() {
    redis.up = false;
    redis.letters.clear();
    for (auto& node : nodes) node->disconnect();
  }
  void redis_returns() {
    redis.up = true;
    for (auto& node : nodes) {
      node->connect();
      run(milliseconds(30));
    }
  }
  std::string next_name() {  // a, b, ... z, n26, n27
    const int number = born++;
    return number < 26 ? std::string(1, static_cast<char>('a' + number)) : "n" + std::to_string(number);
  }
  Node& operator[](std::size_t i) { return *nodes[i]; }

  static constexpr milliseconds step{5};
  Redis redis;
  microseconds elapsed{0};
  int born = 0;
  std::vector<std::unique_ptr<FakeClock>> clocks;
  std::vector<std::unique_ptr<Node>> nodes;
};

}  // namespace sluice::nodes::sim
