// What taking off costs: every timeout takes off what its user said, on the thread that everybody waits for.
#include <algorithm>
#include <chrono>
#include <filesystem>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "chatlog/archive.hpp"

using namespace sluice;
using chatlog::Archive;
using Took = std::chrono::duration<double>;

namespace {
constexpr std::int64_t users = 50;

struct Night {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("sluice-take-off-" + std::to_string(::getpid()));
  Archive archive;

  Night() : archive((std::filesystem::create_directories(folder), *Archive::open(folder / "chat.db"))) {}
  ~Night() { std::filesystem::remove_all(folder); }

  // Of a user each, and else of user 0, who is never taken off.
  void say(std::int64_t channel, std::int64_t messages) {
    std::vector<chat::MessagePtr> said;
    for (std::int64_t i = 1; i <= messages; ++i) {
      chat::Message message;
      message.id = std::to_string(channel) + "-" + std::to_string(i);
      message.channel = ChannelId(channel);
      message.origin = "o";
      message.seq = static_cast<std::uint64_t>(i);
      message.at = Wall(milliseconds(i));
      message.author.id = UserId(i <= users ? i : 1000);
      message.text = "hello";
      said.push_back(std::make_shared<const chat::Message>(std::move(message)));
    }
    REQUIRE(archive.append(said));
  }
  template <class Act>
  static Took time(const Act& act) {
    const auto begun = std::chrono::steady_clock::now();
    act();
    return std::chrono::steady_clock::now() - begun;
  }
  void take_off(std::int64_t channel, std::int64_t user) {
    REQUIRE(archive.take_off({.channel = ChannelId(channel), .author = UserId(user), .at = Wall::max()}));
  }
  Took each_user(std::int64_t channel) {
    return time([&] {
      for (std::int64_t user = 1; user <= users; ++user) take_off(channel, user);
    });
  }
};
}  // namespace

TEST_CASE("what a timeout takes off is found without reading all that was ever said in the channel") {
  Night night;
  night.say(1, users);
  night.say(2, 50'000);
  const Took few = night.each_user(1), many = night.each_user(2);
  INFO(few.count() << " s among " << users << " messages, " << many.count() << " s among 50,000");
  CHECK(many < 20 * few + Took(0.02));
  CHECK(std::ranges::all_of(*night.archive.recent(ChannelId(1), 100), &chatlog::Kept::taken_off));
  CHECK(std::ranges::none_of(*night.archive.recent(ChannelId(2), 100), &chatlog::Kept::taken_off));
}

TEST_CASE("a chat that has been cleared is cleared again without reading what is off already") {
  Night night;
  night.say(1, 50'000);
  const auto clear = [&] { REQUIRE(night.archive.take_off({.channel = ChannelId(1), .at = Wall::max()})); };
  const Took first = Night::time(clear);
  Took again{1e9};
  for (int i = 0; i < 5; ++i) again = std::min(again, Night::time(clear));
  INFO(first.count() << " s, then " << again.count() << " s");
  CHECK(again < first / 50 + Took(0.001));
}
