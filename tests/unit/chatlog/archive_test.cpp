#include "chatlog/archive.hpp"

#include <filesystem>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

using namespace sluice;
using chat::Message;
using chatlog::Archive;

namespace {
chat::MessagePtr message(std::int64_t channel, std::uint64_t seq) {
  Message m;
  m.id = "id-" + std::to_string(channel) + "-" + std::to_string(seq);
  m.origin = "o1";
  m.seq = seq;
  m.channel = ChannelId(channel);
  m.channel_name = "demo";
  m.at = Wall(milliseconds(1000 * seq));
  m.author = {UserId(7), "ada", "Ada", "#FF0000"};
  m.roles.broadcaster = true;
  m.badges = {{"broadcaster", "1"}};
  m.emotes = {{"25", 0, 4}};
  m.text = "Kappa \xe2\x9c\x93";
  m.action = seq % 2 == 0;
  m.first = seq == 1;
  if (seq == 3)
    m.reply =
        chat::Reply{"id-0", {UserId(8), "bob", "Bob", ""}, "what", "id-root", {UserId(9), "cyd", "Cyd", ""}};
  return std::make_shared<const Message>(m);
}

std::vector<UserId> speakers(Archive& archive, std::int64_t channel) {
  std::vector<UserId> users;
  const auto spoke = archive.speakers(ChannelId(channel), Wall(milliseconds(9000)));
  REQUIRE(spoke);
  for (const chatlog::Spoke& each : *spoke) users.push_back(each.user);
  return users;
}
}  // namespace

TEST_CASE("keys of the last minutes come back from all channels: the newest, and no line without one") {
  auto archive = Archive::open(":memory:");
  REQUIRE(archive);
  const auto said = [&](std::int64_t channel, std::uint64_t seq, const std::string& version) {
    Message m = *message(channel, seq);
    m.id = fmt::format("00000000-0000-{}000-8000-{:04}{:08}", version, channel, seq);
    return std::make_shared<const Message>(m);
  };
  const chat::MessagePtr old = said(1, 9, "8"), first = said(1, 10, "8"), other = said(2, 11, "8"),
                         unkeyed = said(1, 12, "7"), last = said(1, 13, "8");
  REQUIRE(archive->append(std::vector{old, first, other, unkeyed, last}));
  REQUIRE(archive->take_off({.channel = ChannelId(1), .message = last->id, .at = last->at}));
  const auto keyed = archive->keyed_since(Wall(seconds(10)), 100);
  REQUIRE(keyed);
  REQUIRE(keyed->size() == 3);
  CHECK(keyed->at(0).id == first->id);
  CHECK(keyed->at(0).as.origin == "o1");
  CHECK(keyed->at(0).as.seq == 10);
  CHECK(keyed->at(0).as.at == first->at);
  CHECK(keyed->at(1).id == other->id);
  CHECK(keyed->at(2).id == last->id);  // also what is shown to nobody
  const auto newest = archive->keyed_since(Wall(seconds(10)), 2);
  REQUIRE(newest);
  REQUIRE(newest->size() == 2);
  CHECK(newest->at(0).id == other->id);
}

TEST_CASE("how far each origin came is known as long as anything of that time is kept") {
  auto archive = Archive::open(":memory:");
  REQUIRE(archive);
  const auto said = [&](const std::string& origin, std::uint64_t seq) {
    Message m = *message(1, seq);
    m.origin = origin;
    m.id = origin + std::to_string(seq);
    return std::make_shared<const Message>(m);
  };
  REQUIRE(archive->append(
      std::vector<chat::MessagePtr>{said("a", 1), said("b", 4), said("a", 2), message(2, 9)}));
  REQUIRE(archive->append(std::vector<chat::MessagePtr>{said("b", 5), said("b", 3)}));
  CHECK(*archive->heads(ChannelId(1), 10) == chat::Seen{{"a", 2}, {"b", 5}});
  CHECK(*archive->heads(ChannelId(1), 1) == chat::Seen{{"b", 5}});
  CHECK(archive->heads(ChannelId(3), 1)->empty());
  REQUIRE(archive->forget_before(Wall(seconds(3))));
  CHECK(*archive->heads(ChannelId(1), 10) == chat::Seen{{"b", 5}});
}

TEST_CASE("the newest of a room are those that were said last, not those that came into the file last") {
  auto archive = Archive::open(":memory:");
  REQUIRE(archive);
  const auto said = [](std::uint64_t seq, int at, int order) {
    Message m = *message(1, seq);
    m.at = Wall(milliseconds(at));
    m.order = order;
    return std::make_shared<const Message>(m);
  };
  REQUIRE(archive->append(std::vector<chat::MessagePtr>{said(1, 1000, 1000), said(4, 4000, 4000)}));
  // Missed until now; the clock of who said the last is behind.
  REQUIRE(archive->append(std::vector<chat::MessagePtr>{said(2, 2000, 2000), said(3, 500, 3000)}));
  const auto seqs = [&](std::size_t count) {
    const auto recent = archive->recent(ChannelId(1), count);
    REQUIRE(recent);
    std::vector<std::uint64_t> found;
    for (const Kept& each : *recent) found.push_back(each.message->seq);
    return found;
  };
  CHECK(seqs(1) == std::vector<std::uint64_t>{4});
  CHECK(seqs(2) == std::vector<std::uint64_t>{3, 4});
  CHECK(seqs(9) == std::vector<std::uint64_t>{1, 2, 3, 4});
}

TEST_CASE("what was said comes back after a restart, whole and in order") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("sluice-chatlog-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "chat.db";
  {
    auto archive = Archive::open(path);
    REQUIRE(archive);
    REQUIRE(archive->append(std::vector{message(1, 1), message(2, 1), message(1, 2), message(1, 3)}));
    REQUIRE(archive->append(std::vector{message(1, 3)}));  // a repeat changes nothing
  }
  auto archive = Archive::open(path);
  REQUIRE(archive);
  const auto recent = archive->recent(ChannelId(1), 2);
  REQUIRE(recent);
  REQUIRE(recent->size() == 2);
  const Message& last = *recent->at(1).message;
  CHECK(recent->at(0).message->seq == 2);
  CHECK(recent->at(0).message->action);
  CHECK_FALSE(recent->at(0).taken_off);
  CHECK(last.id == "id-1-3");
  CHECK(last.text == "Kappa \xe2\x9c\x93");
  CHECK(last.author.name == "Ada");
  CHECK(last.author.color == "#FF0000");
  CHECK(last.roles.broadcaster);
  CHECK(last.badges.at(0).set == "broadcaster");
  CHECK(last.emotes.at(0).last == 4);
  REQUIRE(last.reply);
  CHECK(last.reply->author.login == "bob");
  CHECK(last.reply->thread == "id-root");
  CHECK(last.reply->thread_author.name == "Cyd");
  CHECK(archive->forget_before(Wall(milliseconds(3000)), 1).value());  // there may be more
  CHECK(archive->recent(ChannelId(1), 10)->size() == 2);
  CHECK(archive->forget_before(Wall(milliseconds(3000)), 1).value());
  CHECK_FALSE(archive->forget_before(Wall(milliseconds(3000)), 3).value());
  CHECK(archive->recent(ChannelId(1), 10)->size() == 1);
  CHECK(speakers(*archive, 1) == std::vector{UserId(7)});  // also when what they said is forgotten
  CHECK(speakers(*archive, 3).empty());
  std::filesystem::remove_all(folder);
}

TEST_CASE("a file from before speakers were kept learns them from what it holds") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("sluice-chatlog-old-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "chat.db";
  REQUIRE(Archive::open(path)->append(
      std::vector{message(1, 2), message(1, 4)}));  // not their first: none is noted
  {
    auto database = sqlite::Database::open(path, seconds(5));
    REQUIRE(database);
    REQUIRE(database->run_script("DROP TABLE speakers"));
  }
  auto reopened = Archive::open(path);
  CHECK(speakers(*reopened, 1) == std::vector{UserId(7)});
  std::filesystem::remove_all(folder);
}

TEST_CASE("what moderators took off is kept, marked, with the event that told of it") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("sluice-chatlog-off-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "chat.db";
  const auto marks = [&](ChannelId channel) {
    std::string text;
    auto archive = Archive::open(path);
    REQUIRE(archive);
    const auto recent = archive->recent(channel, 10);
    REQUIRE(recent);
    for (const chatlog::Kept& kept : *recent) text += kept.taken_off ? 'x' : '-';
    return text + " " + std::to_string(archive->cursor().value());
  };
  const auto take_off = [&](const chatlog::TakenOff& taken) {
    REQUIRE(Archive::open(path)->take_off(taken));
  };
  {
    auto archive = Archive::open(path);
    REQUIRE(archive);
    REQUIRE(archive->append(std::vector{message(1, 1), message(1, 2), message(1, 3), message(2, 1)}));
  }
  CHECK(marks(ChannelId(1)) == "--- 0");
  take_off({.channel = ChannelId(1), .message = "id-1-2", .at = message(1, 3)->at, .cursor = 7});
  CHECK(marks(ChannelId(1)) == "-x- 7");
  take_off({.channel = ChannelId(1), .author = UserId(99), .at = message(1, 3)->at, .cursor = 8});
  CHECK(marks(ChannelId(1)) == "-x- 8");
  take_off(
      {.channel = ChannelId(1), .author = message(1, 1)->author.id, .at = message(1, 1)->at, .cursor = 9});
  CHECK(marks(ChannelId(1)) == "xx- 9");  // what was said later is not meant
  take_off({.channel = ChannelId(1), .at = message(1, 3)->at, .cursor = 4});
  CHECK(marks(ChannelId(1)) == "xxx 9");
  CHECK(marks(ChannelId(2)) == "- 9");
  std::filesystem::remove_all(folder);
}

TEST_CASE("a file knows what it holds, taken off or not, and whose node's it is") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("sluice-chatlog-node-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  auto archive = Archive::open(folder / "chat.db");
  REQUIRE(archive);
  REQUIRE(archive->append(std::vector{message(1, 1)}));
  CHECK(*archive->holds("id-1-1"));
  CHECK_FALSE(*archive->holds("id-1-2"));
  const auto found = archive->find(ChannelId(1), "id-1-1").value();
  REQUIRE(found);
  CHECK(found->message->text == message(1, 1)->text);
  CHECK(found->message->author.id == UserId(7));
  CHECK_FALSE(found->taken_off);
  CHECK_FALSE(archive->find(ChannelId(2), "id-1-1").value());
  CHECK_FALSE(archive->find(ChannelId(1), "id-1-2").value());
  REQUIRE(archive->take_off({.channel = ChannelId(1), .message = "id-1-1", .cursor = 5}));
  CHECK(archive->find(ChannelId(1), "id-1-1").value()->taken_off);
  CHECK(*archive->holds("id-1-1"));
  CHECK(*archive->cursor() == 5);
  const auto node = archive->node();
  REQUIRE(node);
  CHECK(*node > 0);
  CHECK(*Archive::open(folder / "chat.db")->node() == *node);
  CHECK(*Archive::open(folder / "other.db")->node() != *node);
  CHECK(*archive->cursor() == 5);
  std::filesystem::remove_all(folder);
}
