#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("the log is read on from any cursor") {
  Fresh fresh;
  CHECK(fresh->events().last().value() == Cursor(0));
  CHECK(fresh->events().since(Cursor(0)).value().empty());
  for (int i = 1; i <= 5; ++i)
    CHECK(fresh->events()
              .append("test.event", ChannelId(), "{\"i\":" + std::to_string(i) + "}")
              .value()
              .cursor == Cursor(i));
  auto middle = fresh->events().since(Cursor(2), 2).value();
  REQUIRE(middle.size() == 2);
  CHECK(middle[0].cursor == Cursor(3));
  CHECK(middle[1].payload == R"({"i":4})");
  CHECK(middle[0].at == fresh.clock.wall());
  CHECK(fresh->events().last().value() == Cursor(5));
}

TEST_CASE("a payload is one JSON object on one line") {
  Fresh fresh;
  CHECK(fresh->events().append("e", ChannelId(), "{\n \"a\": 1 }").value().payload == R"({"a":1})");
  for (const char* bad : {"", "7", "[1]", "{", "null"})
    CHECK(code_of(fresh->events().append("e", ChannelId(), bad)) == Errc::invalid);
}

TEST_CASE("an event is one line of a tail") {
  Event event{Cursor(7), "stream.online", ChannelId(3), Wall(milliseconds(1'700'000'000'123)),
              R"({"z":1,"a":"x"})"};
  CHECK(
      to_json(event) ==
      R"({"cursor":7,"event":"stream.online","channel_id":"3","at":"2023-11-14T22:13:20.123Z","data":{"z":1,"a":"x"}})");
  event.channel = ChannelId();
  CHECK(to_json(event).find("channel_id") == std::string::npos);
}

TEST_CASE("whoever writes events is told the last cursor, after the commit") {
  Fresh fresh;
  std::vector<std::int64_t> told;
  fresh->on_events = [&](Cursor cursor) {
    CHECK(fresh->events().last().value() == cursor);  // the store may be used from here
    told.push_back(cursor.value());
  };
  Channel channel = fresh.channel();
  CHECK_FALSE(fresh->channels().set_title(channel.id, "x", 99));
  REQUIRE(fresh->channels().set_title(channel.id, "x", 1));
  REQUIRE(fresh->leases().take("l", "a", "n"));
  CHECK(told == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("an idempotency key keeps its first result for its lifetime") {
  Fresh fresh;
  auto first = fresh->idempotency().keep("k", "one").value();
  CHECK(first.first);
  auto second = fresh->idempotency().keep("k", "two").value();
  CHECK_FALSE(second.first);
  CHECK(second.result == "one");
  CHECK(fresh->idempotency().find("k").value() == "one");
  CHECK(fresh->idempotency().find("other").value() == std::nullopt);
  fresh.clock.advance(std::chrono::hours(24));
  CHECK(fresh->idempotency().find("k").value() == std::nullopt);
  CHECK(fresh->idempotency().keep("k", "three").value().first);
}
