// Lines that AutoMod blocked: kept beside what was said, and never taken for it.
#include "chatlog/blocked.hpp"

#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "chatlog/archive.hpp"
#include "chatlog/archive_queue.hpp"
#include "chatlog/reader.hpp"

using namespace sluice;
using namespace sluice::chatlog;
using Kind = chat::AutomodVerdict::Kind;

namespace {
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("sluice-chatlog-blocked-" + std::to_string(::getpid()));
  std::string file = path / "chat.db";
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

constexpr Wall at(std::int64_t second) {
  return Wall(seconds(second));
}
const ChannelId demo(1), other(2);

chat::Message line(const std::string& text, ChannelId channel = demo, std::int64_t user = 7) {
  chat::Message m;
  m.id = "id of " + text;
  m.channel = channel;
  m.channel_name = "demo";
  m.author = {UserId(user), "ada", "Ada", "#FF0000"};
  m.roles.vip = m.roles.subscriber = true;
  m.text = text;
  m.action = true;
  m.emotes = {{"25", 0, 4}};
  m.reply = chat::Reply{"p", {UserId(8), "bob", "Bob", ""}, "what", "t", {UserId(9), "cyd", "Cyd", ""}};
  return m;
}
const chat::AutomodVerdict insult{Kind::block, "bullying", "toxicity", 3, {{0, 3}, {5, 8}}, 0.625};

Blocked blocked(const std::string& text, std::int64_t second, ChannelId channel = demo,
                std::int64_t user = 7) {
  return blocked_line(line(text, channel, user), insult, at(second));
}
std::size_t keep(Archive& archive, const std::vector<Blocked>& lines, const BlockedBounds& bounds = {}) {
  const auto too_many = archive.append(lines, bounds);
  REQUIRE(too_many);
  return *too_many;
}
std::vector<Blocked> read(const Folder& folder, const BlockedFilter& filter, std::size_t limit = 1000) {
  auto reader = Reader::open(folder.file);
  REQUIRE(reader);
  auto lines = reader->blocked(filter, limit);
  REQUIRE(lines);
  return *std::move(lines);
}
std::string texts(const Folder& folder, const BlockedFilter& filter, std::size_t limit = 1000) {
  std::string all;
  for (const Blocked& each : read(folder, filter, limit)) all += each.message.text + " ";
  return all;
}
}  // namespace

TEST_CASE("what was blocked is read as it was judged, without what only a page would draw") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  CHECK(keep(*archive, {blocked("you fool", 5)}) == 0);
  const auto lines = read(folder, {.channel = demo});
  REQUIRE(lines.size() == 1);
  const chat::Message& message = lines[0].message;
  CHECK((message.id == "id of you fool" && message.text == "you fool" && message.at == at(5) &&
         message.action));
  CHECK((message.channel == demo && message.channel_name == "demo" && message.author.id == UserId(7)));
  CHECK((message.author.login == "ada" && message.author.name == "Ada"));
  CHECK((message.roles.vip && message.roles.subscriber && !message.roles.moderator));
  REQUIRE(message.reply);
  CHECK((message.reply->id == "p" && message.reply->text.empty()));
  CHECK((message.emotes.empty() && message.origin.empty() && message.seq == 0));
  const chat::AutomodVerdict& verdict = lines[0].verdict;
  CHECK((verdict.kind == Kind::block && verdict.category == "bullying" && verdict.reason == "toxicity"));
  CHECK((verdict.level == 3 && verdict.score == 0.625 && verdict.where == insult.where));
}

TEST_CASE("blocked lines are no messages: nothing that gives out the history knows of them") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  chat::Message said = line("hello");
  said.origin = "o1";
  said.seq = 1;
  said.at = at(1);
  said.first = true;
  REQUIRE(archive->append(std::vector{std::make_shared<const chat::Message>(said)}));
  Blocked bad = blocked("bad", 2, demo, 8);
  bad.message.id = "00000000-0000-8000-8000-000000000001";  // as one with a key
  keep(*archive, {bad});
  const auto recent = archive->recent(demo, 100);
  REQUIRE((recent && recent->size() == 1));
  CHECK(recent->front().message->text == "hello");
  CHECK_FALSE(archive->find(demo, bad.message.id)->has_value());
  CHECK_FALSE(*archive->holds(bad.message.id));
  CHECK(archive->keyed_since(at(0), 100)->empty());
  CHECK(*archive->heads(demo, 10) == chat::Seen{{"o1", 1}});
  CHECK(archive->speakers(demo, at(3))->size() == 1);  // whose first line was blocked has not spoken
  auto reader = Reader::open(folder.file);
  REQUIRE(reader);
  CHECK(reader->between(demo, {}, {}, 0, 100)->size() == 1);
  CHECK_FALSE(reader->find(demo, bad.message.id)->has_value());
}

TEST_CASE("blocked lines are found by channel, user and time, in pages") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  keep(*archive, {blocked("a", 1), blocked("b", 2, demo, 8), blocked("c", 3), blocked("x", 3, other)});
  keep(*archive, {blocked("d", 4, demo, 8)});
  CHECK(texts(folder, {.channel = demo}) == "a b c d ");
  CHECK(texts(folder, {.channel = other}) == "x ");
  CHECK(texts(folder, {.channel = demo, .user = UserId(8)}) == "b d ");
  CHECK(texts(folder, {.channel = demo, .from = at(2), .until = at(4)}) == "b c ");
  CHECK(texts(folder, {.channel = demo}, 2) == "a b ");
  CHECK(texts(folder, {.channel = demo, .after = read(folder, {.channel = demo}, 2).back().number}) ==
        "c d ");
  CHECK(texts(folder, {.channel = ChannelId(3)}).empty());
}

TEST_CASE("one sent again is one, another text under its id is another") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  Blocked first = blocked("a", 1), again = blocked("a", 2), hidden = blocked("b", 3);
  hidden.message.id = first.message.id;
  keep(*archive, {first, again});
  keep(*archive, {again, hidden});
  CHECK(texts(folder, {.channel = demo}) == "a b ");
}

TEST_CASE("a user fills no disk, and takes nobody else's room") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  const BlockedBounds bounds{.of_user = 3, .of_channel = 100};
  std::vector<Blocked> flood;
  for (int i = 0; i < 10; ++i) flood.push_back(blocked("f" + std::to_string(i), 10 + i));
  CHECK(keep(*archive, flood, bounds) == 7);
  CHECK(keep(*archive, {blocked("more", 3000)}, bounds) == 1);
  CHECK(keep(*archive, {blocked("hers", 3000, demo, 8), blocked("there", 3000, other)}, bounds) == 0);
  CHECK(keep(*archive, {blocked("later", 3700)}, bounds) == 0);
  // What a clock that was ahead has dated binds nobody now.
  CHECK(keep(*archive, {blocked("x", 99'999), blocked("y", 99'999), blocked("z", 99'999)}, bounds) == 0);
  CHECK(keep(*archive, {blocked("now", 3701)}, bounds) == 0);
  CHECK(texts(folder, {.channel = demo}) == "f0 f1 f2 hers later x y z now ");
}

TEST_CASE("of a channel that is flooded by many the newest are kept, and other channels' stay") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  const BlockedBounds bounds{.of_user = 1, .of_channel = 3};
  keep(*archive, {blocked("x", 1, other)}, bounds);
  for (int user = 1; user <= 9; ++user)
    keep(*archive, {blocked("u" + std::to_string(user), user, demo, user)}, bounds);
  CHECK(texts(folder, {.channel = demo}) == "u7 u8 u9 ");
  CHECK(texts(folder, {.channel = other}) == "x ");
}

TEST_CASE("blocked lines are forgotten with what was said, in pieces") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  for (int i = 1; i <= 7; ++i) keep(*archive, {blocked(std::to_string(i), i)});
  int pieces = 1;
  while (*archive->forget_before(at(6), 2)) {
    ++pieces;
    REQUIRE(pieces < 10);
  }
  CHECK(pieces == 3);
  CHECK(texts(folder, {.channel = demo}) == "6 7 ");
  keep(*archive, {blocked("8", 8)});
  CHECK(texts(folder, {.channel = demo}) == "6 7 8 ");
}

TEST_CASE("a file of before blocked lines were kept is read as it is, and gets their table from who writes") {
  const Folder folder;
  chat::Message said = line("hello");
  said.at = at(1);
  REQUIRE(Archive::open(folder.file)->append(std::vector{std::make_shared<const chat::Message>(said)}));
  REQUIRE(sqlite::Database::open(folder.file, seconds(1))->run_script("DROP TABLE blocked"));
  CHECK(texts(folder, {.channel = demo}).empty());
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  keep(*archive, {blocked("a", 2)});
  auto second = Archive::open(folder.file);  // beside it, as another node
  REQUIRE(second);
  keep(*second, {blocked("b", 3)});
  CHECK(texts(folder, {.channel = demo}) == "a b ");
  CHECK(archive->recent(demo, 10)->size() == 1);
}

TEST_CASE("a row that somebody else's hand damaged keeps its text") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  keep(*archive, {blocked("a", 1), blocked("b", 2)});
  REQUIRE(
      sqlite::Database::open(folder.file, seconds(1))
          ->run_script("UPDATE blocked SET verdict = '{\"where\":[[1]],\"category\":7}', more = '[' WHERE "
                       "number = 1; UPDATE blocked SET verdict = '' WHERE number = 2"));
  const auto lines = read(folder, {.channel = demo});
  REQUIRE(lines.size() == 2);
  CHECK(
      (lines[0].message.text == "a" && lines[0].verdict.kind == Kind::block && lines[1].message.text == "b"));
}

TEST_CASE("blocked lines wait for a disk that takes none, up to a bound, and hold up no message") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  auto hand = sqlite::Database::open(folder.file, seconds(5));
  REQUIRE(hand);
  FakeClock clock;
  ArchiveQueue queue(*archive, clock, 6);
  REQUIRE(hand->run_script(
      "CREATE TRIGGER no BEFORE INSERT ON blocked BEGIN SELECT RAISE(ABORT, 'it is full'); END"));
  std::vector<Blocked> some;
  for (int i = 1; i <= 4; ++i) some.push_back(blocked("b" + std::to_string(i), i));
  auto state = queue.run(ArchiveQueue::BlockedLines(some));
  CHECK(state.blocked_error.find("it is full") != std::string::npos);
  CHECK((state.error.empty() && state.blocked_lost == 1 && state.blocked_waiting == 3));
  CHECK((state.lost == 0 && state.waiting == 0));
  chat::Message said = line("hello");
  said.at = at(9);
  state = queue.run(ArchiveQueue::Messages{std::make_shared<const chat::Message>(said)});
  CHECK((state.error.empty() && state.waiting == 0 && !state.blocked_error.empty()));
  CHECK(archive->recent(demo, 10)->size() == 1);
  REQUIRE(hand->run_script("DROP TRIGGER no"));
  CHECK(queue.run(ArchiveQueue::Messages{}).blocked_waiting == 3);  // not yet: it is tried every two seconds
  clock.advance(seconds(2));
  state = queue.run(ArchiveQueue::Messages{});
  CHECK((state.blocked_error.empty() && state.blocked_waiting == 0 && state.blocked_lost == 1));
  CHECK(texts(folder, {.channel = demo}) == "b2 b3 b4 ");
  CHECK(queue.run_now().blocked_lost == 1);
}
