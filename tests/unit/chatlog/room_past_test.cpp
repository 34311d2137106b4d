// What a room that opens is told of its archive.
#include "chatlog/room_past.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::chatlog;

namespace {
constexpr Wall noon{milliseconds(43'200'000)};

chat::MessagePtr line(std::int64_t channel, std::uint64_t seq, const std::string& origin = "o1") {
  chat::Message m;
  m.id = origin + "-" + std::to_string(channel) + "-" + std::to_string(seq);
  m.origin = origin;
  m.seq = seq;
  m.channel = ChannelId(channel);
  m.channel_name = "demo";
  m.at = noon + seconds(seq);
  m.author = {UserId(7), "ada", "Ada", ""};
  m.text = "line " + std::to_string(seq);
  m.first = seq == 1;
  return std::make_shared<const chat::Message>(m);
}

Result<> say(Archive& archive, std::int64_t channel, std::uint64_t first, std::uint64_t last) {
  std::vector<chat::MessagePtr> lines;
  for (std::uint64_t seq = first; seq <= last; ++seq) lines.push_back(line(channel, seq));
  return archive.append(lines);
}
}  // namespace

TEST_CASE("the last 200 lines, who spoke, and how far each origin came") {
  auto archive = Archive::open(":memory:");
  REQUIRE(archive);
  CHECK(read_past(*archive, ChannelId(1), noon)->messages.empty());
  CHECK(read_past(*archive, ChannelId(1), noon)->whole);
  REQUIRE(say(*archive, 1, 1, 200));
  REQUIRE(archive->append(std::vector{line(2, 1, "other")}));
  auto past = read_past(*archive, ChannelId(1), noon);
  REQUIRE(past);
  CHECK(past->whole);
  CHECK(past->messages.size() == 200);

  REQUIRE(say(*archive, 1, 201, 203));
  REQUIRE(archive->take_off({.channel = ChannelId(1), .message = "o1-1-202", .at = noon}));
  past = read_past(*archive, ChannelId(1), noon);
  REQUIRE(past);
  CHECK_FALSE(past->whole);
  REQUIRE(past->messages.size() == 200);
  CHECK(past->messages.front().message->text == "line 4");
  CHECK(past->messages[198].taken_off);
  REQUIRE(past->speakers.size() == 1);
  CHECK(past->speakers[0].user == UserId(7));
  CHECK(past->heads == chat::Seen{{"o1", 203}});
}

TEST_CASE("where anything was said of late") {
  auto archive = Archive::open(":memory:");
  REQUIRE(archive);
  REQUIRE(say(*archive, 1, 1, 10));
  REQUIRE(say(*archive, 2, 1, 20));
  REQUIRE(say(*archive, 3, 20, 20));
  CHECK(archive->spoken_in_since(noon + seconds(21))->empty());
  CHECK(archive->spoken_in_since(noon + seconds(11)) == std::vector{ChannelId(2), ChannelId(3)});
  CHECK(archive->spoken_in_since(noon)->size() == 3);
}
