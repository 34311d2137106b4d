#include "chatlog/reader.hpp"

#include <filesystem>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "chatlog/archive.hpp"

using namespace sluice;
using chatlog::Archive;
using chatlog::Reader;
using chatlog::Said;

namespace {
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("sluice-chatlog-reader-" + std::to_string(::getpid()));
  std::string file = path / "chat.db";
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

chat::MessagePtr message(std::int64_t channel, std::int64_t second) {
  chat::Message m;
  m.id = std::to_string(channel) + "-" + std::to_string(second);
  m.origin = "o1";
  m.channel = ChannelId(channel);
  m.channel_name = "demo";
  m.at = Wall(seconds(second));
  m.author = {UserId(7), "ada", "Ada", ""};
  m.roles.vip = true;
  m.text = "text";
  return std::make_shared<const chat::Message>(m);
}

std::string ids(const Result<std::vector<Said>>& some) {
  REQUIRE(some);
  std::string text;
  for (const Said& said : *some) text += said.message.id + (said.taken_off_at ? "x " : " ");
  return text;
}

constexpr Wall at(std::int64_t second) {
  return Wall(seconds(second));
}
const ChannelId demo(1);
}  // namespace

TEST_CASE("the chat log is read by time, by id, and around a moment") {
  const Folder folder;
  auto archive = Archive::open(folder.file);
  REQUIRE(archive);
  for (std::int64_t second = 1; second <= 6; ++second)
    REQUIRE(archive->append(std::vector{message(1, second), message(2, second)}));
  REQUIRE(archive->take_off({.channel = demo, .message = "1-2", .at = at(9)}));
  auto reader = Reader::open(folder.file);  // beside who writes
  REQUIRE(reader);
  CHECK(ids(reader->between(demo, {}, {}, 0, 100)) == "1-1 1-2x 1-3 1-4 1-5 1-6 ");
  CHECK(ids(reader->between(demo, at(2), at(5), 0, 100)) == "1-2x 1-3 1-4 ");
  CHECK(ids(reader->between(demo, at(2), {}, 0, 2)) == "1-2x 1-3 ");
  const auto two = reader->between(demo, at(2), {}, 0, 2);
  CHECK(ids(reader->between(demo, at(2), {}, two->back().row, 2)) == "1-4 1-5 ");
  CHECK(ids(reader->until(demo, at(3), 2)) == "1-2x 1-3 ");
  CHECK(ids(reader->after(demo, at(3), 2)) == "1-4 1-5 ");
  CHECK(ids(reader->after(demo, at(6), 2)).empty());
  CHECK(ids(reader->between(ChannelId(3), {}, {}, 0, 100)).empty());

  const auto found = reader->find(demo, "1-2");
  REQUIRE((found && *found));
  CHECK((*found)->taken_off_at == at(9));
  CHECK((*found)->message.author.name == "Ada");
  CHECK((*found)->message.roles.vip);
  CHECK((*found)->message.channel == demo);
  CHECK_FALSE(reader->find(ChannelId(2), "1-2")->has_value());  // another channel's

  REQUIRE(archive->append(std::vector{message(1, 7)}));
  CHECK(ids(reader->after(demo, at(6), 2)) == "1-7 ");
}

TEST_CASE("a reader makes no file, and knows what is no chat log") {
  const Folder folder;
  const auto missing = Reader::open(folder.file);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::not_found);
  CHECK_FALSE(std::filesystem::exists(folder.file));
  REQUIRE(sqlite::Database::open(folder.file, seconds(1))->run_script("CREATE TABLE messages (id)"));
  CHECK(Reader::open(folder.file).error().code == Errc::invalid);
}

TEST_CASE("a file of before messages were taken off is read as it is") {
  const Folder folder;
  REQUIRE(Archive::open(folder.file)->append(std::vector{message(1, 1)}));
  REQUIRE(sqlite::Database::open(folder.file, seconds(1))
              ->run_script("DROP INDEX messages_shown; ALTER TABLE messages DROP COLUMN taken_off_ms"));
  CHECK(ids(Reader::open(folder.file)->between(demo, {}, {}, 0, 10)) == "1-1 ");
}
