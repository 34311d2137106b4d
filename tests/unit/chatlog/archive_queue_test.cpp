// What cannot be written waits, in order, and nothing passes it.
#include "chatlog/archive_queue.hpp"

#include <filesystem>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "sqlite/database.hpp"

using namespace sluice;
using namespace sluice::chatlog;
using Messages = ArchiveQueue::Messages;

namespace {
chat::MessagePtr message(const std::string& id) {
  chat::Message message;
  message.id = message.text = id;
  message.channel = ChannelId(1);
  message.origin = "o";
  message.at = Wall(milliseconds(1));
  message.author.id = UserId(7);
  return std::make_shared<const chat::Message>(std::move(message));
}

// A file that takes no message while it is full.
struct Disk {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("sluice-archive-queue-" + std::to_string(::getpid()));
  Archive archive;
  sqlite::Database other;
  FakeClock clock;

  Disk()
      : archive((std::filesystem::create_directories(folder), *Archive::open(folder / "chat.db"))),
        other(*sqlite::Database::open(folder / "chat.db", seconds(5))) {}
  ~Disk() { std::filesystem::remove_all(folder); }
  void fill() {
    REQUIRE(other.run_script(
        "CREATE TRIGGER no BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'it is full'); END"));
  }
  void clear() { REQUIRE(other.run_script("DROP TRIGGER no")); }
  std::vector<std::string> kept() {
    std::vector<std::string> texts;
    const auto recent = archive.recent(ChannelId(1), 100);
    REQUIRE(recent);
    for (const Kept& each : *recent)
      texts.push_back(each.message->text + (each.taken_off ? " taken off" : ""));
    return texts;
  }
};
}  // namespace

TEST_CASE("what cannot be written is written later, and what was asked for behind it behind it") {
  Disk disk;
  ArchiveQueue queue(disk.archive, disk.clock);
  CHECK(queue.run(Messages{message("a")}).error.empty());
  disk.fill();
  auto state = queue.run(Messages{message("b")});
  CHECK(state.error.find("it is full") != std::string::npos);
  CHECK(state.waiting == 1);
  queue.run(TakenOff{.channel = ChannelId(1), .message = "b", .at = Wall(milliseconds(2)), .cursor = 5});
  queue.run(ArchiveQueue::Cursor{6});
  CHECK(*disk.archive.cursor() == 0);
  disk.clear();
  state = queue.run(Messages{message("c"), message("d")});
  CHECK_FALSE(state.error.empty());  // not tried again at every turn
  CHECK(state.waiting == 3);
  disk.clock.advance(seconds(2));
  state = queue.run(Messages{});
  CHECK(state.error.empty());
  CHECK(state.waiting == 0);
  CHECK(state.lost == 0);
  CHECK(disk.kept() == std::vector<std::string>{"a", "b taken off", "c", "d"});
  CHECK(*disk.archive.cursor() == 6);
}

TEST_CASE("more than may wait is lost, the oldest first, and counted") {
  Disk disk;
  ArchiveQueue queue(disk.archive, disk.clock, 3);
  disk.fill();
  queue.run(Messages{message("a"), message("b")});
  queue.run(TakenOff{.channel = ChannelId(1), .message = "a", .at = Wall(milliseconds(2))});
  const auto state = queue.run(Messages{message("c"), message("d"), message("e")});
  CHECK(state.waiting == 3);
  CHECK(state.lost == 2);
  disk.clear();
  CHECK(queue.run_now().error.empty());
  CHECK(disk.kept() == std::vector<std::string>{"c", "d", "e"});
}

TEST_CASE("what was taken off is so in a room's past, though it is not written") {
  Disk disk;
  ArchiveQueue queue(disk.archive, disk.clock);
  queue.run(Messages{message("a"), message("b"), message("c")});
  disk.fill();
  queue.run(Messages{message("d")});  // in front of what follows
  queue.run(TakenOff{.channel = ChannelId(2), .at = Wall(seconds(9))});
  queue.run(TakenOff{.channel = ChannelId(1), .message = "b", .at = Wall(milliseconds(0))});
  const auto shown = [&] {
    std::string texts;
    const auto past = queue.past(ChannelId(1));
    REQUIRE(past);
    for (const Kept& kept : past->messages)
      if (!kept.taken_off) texts += kept.message->text;
    return texts;
  };
  CHECK(disk.kept() == std::vector<std::string>{"a", "b", "c"});
  CHECK(shown() == "ac");
  queue.run(TakenOff{.channel = ChannelId(1), .author = UserId(8), .at = Wall(seconds(9))});
  queue.run(
      TakenOff{.channel = ChannelId(1), .author = UserId(7), .at = Wall(milliseconds(0))});  // before all
  CHECK(shown() == "ac");
  queue.run(TakenOff{.channel = ChannelId(1), .author = UserId(7), .at = Wall(milliseconds(1))});
  CHECK(shown().empty());
}
