// Names are looked up beside the loop: one look-up at a time, and nobody waits for one that does not come back.
#include "net/resolve.hpp"

#include <catch2/catch.hpp>
#include <atomic>
#include <future>
#include <thread>

using namespace sluice;
using namespace std::chrono_literals;

namespace {
// A DNS server that is silent until it is told to answer. Outlives the resolver, as what it serves does.
struct SilentServer {
  std::promise<void> answer;
  std::shared_future<void> answered = answer.get_future().share();
  std::atomic<int> asked = 0, done = 0;
  net::Resolver::LookUp look_up() {
    return [this](const std::string&, std::uint16_t port) -> Result<std::vector<net::Endpoint>> {
      ++asked;
      answered.wait();
      ++done;
      return std::vector<net::Endpoint>{{"192.0.2.1", port, ""}};
    };
  }
  ~SilentServer() {
    while (done < asked) std::this_thread::yield();
  }
};
}  // namespace

TEST_CASE("whoever asks while a look-up goes on gets its answer, in place of who asked before") {
  SilentServer server;
  net::Loop loop;
  net::Resolver resolver(loop, "slow.example", 6379, server.look_up());
  int forgotten = 0;
  for (int i = 0; i < 5; ++i) resolver.ask([&](auto) { ++forgotten; });
  std::string found;
  resolver.ask([&](Result<std::vector<net::Endpoint>> addresses) {
    REQUIRE(addresses);
    found = addresses->front().text();
    loop.stop();
  });
  server.answer.set_value();
  loop.run();
  CHECK(found == "192.0.2.1:6379");
  CHECK(forgotten == 0);
  CHECK(server.asked == 1);
  resolver.ask([&](auto addresses) {
    CHECK(addresses);
    loop.stop();
  });
  loop.run();
  CHECK(server.asked == 2);
}

TEST_CASE("an owner who goes does not wait for a look-up, and is not called") {
  SilentServer server;
  bool called = false;
  {
    net::Loop loop;
    net::Resolver resolver(loop, "slow.example", 6379, server.look_up());
    for (int i = 0; i < 5; ++i) resolver.ask([&](auto) { called = true; });
    while (server.asked == 0) std::this_thread::yield();
  }
  CHECK(server.done == 0);
  server.answer.set_value();
  while (server.done == 0) std::this_thread::yield();
  CHECK(server.asked == 1);
  CHECK_FALSE(called);
}

TEST_CASE("a numeric host is not looked up; a name that is not known is an error") {
  net::Loop loop;
  const auto never = [](const std::string&, std::uint16_t) -> Result<std::vector<net::Endpoint>> { return fail(Errc::internal, "looked up"); };
  for (const char* host : {"127.0.0.1", "::1"}) {
    net::Resolver numeric(loop, host, 80, never);
    numeric.ask([&](Result<std::vector<net::Endpoint>> found) {
      REQUIRE(found);
      CHECK(found->front().host == host);
      loop.stop();
    });
    loop.run();
  }
  net::Resolver unknown(loop, "no-such-host.invalid", 80);
  unknown.ask([&](Result<std::vector<net::Endpoint>> found) {
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Errc::unavailable);
    loop.stop();
  });
  loop.run();
}
