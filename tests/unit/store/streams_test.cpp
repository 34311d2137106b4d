#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("a stream begins only under the channel's lock") {
  Fresh fresh;
  Channel channel = fresh.channel();
  CHECK(code_of(fresh->streams().begin(channel.id, "me")) == Errc::conflict);
  REQUIRE(fresh->leases().take(channel_lock(channel.id), "me", "n1"));
  CHECK(code_of(fresh->streams().begin(channel.id, "you")) == Errc::conflict);
  Stream stream = fresh->streams().begin(channel.id, "me").value();
  CHECK(stream.state == StreamState::starting);
  CHECK(stream.node == "n1");
  CHECK(stream.channel_name == "demo");
  CHECK(stream.started_at == fresh.clock.wall());
  CHECK_FALSE(fresh->channels().by_id(channel.id).value().live());
  fresh.clock.advance(lease_lifetime);
  CHECK(code_of(fresh->streams().begin(channel.id, "me")) == Errc::conflict);
  CHECK(code_of(fresh->streams().begin(ChannelId(99), "me")) == Errc::not_found);
}

TEST_CASE("online and offline are told once each, with the change") {
  Fresh fresh;
  Channel channel = fresh.channel();
  REQUIRE(fresh->leases().take(channel_lock(channel.id), "me", "n1"));
  Stream stream = fresh->streams().begin(channel.id, "me").value();
  REQUIRE(fresh->channels().set_title(channel.id, "Newer", {}));
  CHECK(fresh->streams().go_live(stream.id).value().changed);
  CHECK_FALSE(fresh->streams().go_live(stream.id).value().changed);
  CHECK(fresh->channels().by_id(channel.id).value().current_stream == stream.id);
  CHECK(fresh->streams().by_id(stream.id).value().title == "Newer");
  CHECK(fresh->streams().status(channel.id).value().live);

  fresh.clock.advance(seconds(5));
  CHECK(fresh->streams().go_offline(stream.id).value().changed);
  CHECK_FALSE(fresh->streams().go_offline(stream.id).value().changed);
  CHECK(code_of(fresh->streams().go_live(stream.id)) == Errc::conflict);
  CHECK_FALSE(fresh->channels().by_id(channel.id).value().live());
  CHECK(fresh->streams().by_id(stream.id).value().ended_at == fresh.clock.wall());

  auto events = fresh->events().since(Cursor(2)).value();
  REQUIRE(events.size() == 2);
  CHECK(events[0].name == "stream.online");
  auto online = nlohmann::json::parse(events[0].payload);
  CHECK(online["id"] == stream.id.value());
  CHECK(online["channel"] == "demo");
  CHECK(online["type"] == "live");
  CHECK(online["title"] == "Newer");
  CHECK(online["broadcaster_user_login"] == "alice");
  CHECK(events[1].name == "stream.offline");
  CHECK(nlohmann::json::parse(events[1].payload)["id"] == stream.id.value());
  CHECK(code_of(fresh->streams().go_live(StreamId("none"))) == Errc::not_found);
}

TEST_CASE("a stream that never went live ends without a word") {
  Fresh fresh;
  Channel channel = fresh.channel();
  REQUIRE(fresh->leases().take(channel_lock(channel.id), "me", "n1"));
  Stream stream = fresh->streams().begin(channel.id, "me").value();
  CHECK(fresh->streams().go_offline(stream.id).value().changed);
  CHECK(fresh.event_names() == std::vector<std::string>{"channel.create"});
}

TEST_CASE("a stream left behind is ended by the next one, and its owner finds out") {
  Fresh fresh;
  Channel channel = fresh.channel();
  Stream dead = fresh.live_stream(channel, "n1");
  fresh.clock.advance(lease_lifetime);
  REQUIRE(fresh->leases().take(channel_lock(channel.id), "other", "n2").value().how == LeaseTake::taken_over);
  Stream next = fresh->streams().begin(channel.id, "other").value();
  CHECK(next.id > dead.id);
  CHECK(fresh->streams().by_id(dead.id).value().state == StreamState::ended);
  CHECK(code_of(fresh->streams().go_live(dead.id)) == Errc::conflict);
  CHECK_FALSE(fresh->streams().go_offline(dead.id).value().changed);
  CHECK(fresh.event_names().back() == "stream.offline");
  CHECK(fresh->streams().unended("n1").value().empty());
  CHECK(fresh->streams().unended("n2").value().size() == 1);
}

TEST_CASE("stream ids grow, also when the clock goes back") {
  Fresh fresh;
  Channel channel = fresh.channel();
  StreamId last;
  for (int i = 0; i < 50; ++i) {
    if (i % 3 == 0) fresh.clock.set_wall(fresh.clock.wall() - seconds(3600));
    Stream stream = fresh.live_stream(channel);
    CHECK(stream.id > last);
    last = stream.id;
    REQUIRE(fresh->streams().go_offline(stream.id));
  }
  auto newest = fresh->streams().of_channel(channel.id, 3).value();
  REQUIRE(newest.size() == 3);
  CHECK(newest[0].id == last);
  CHECK(newest[1].id < last);
}

TEST_CASE("viewers are the sum over chat nodes that spoke lately; the peak only grows") {
  Fresh fresh;
  Channel channel = fresh.channel();
  Stream stream = fresh.live_stream(channel);
  CHECK(fresh->streams().set_viewers(stream.id, "c1", 10).value().viewers == 10);
  CHECK(fresh->streams().set_viewers(stream.id, "c2", 5).value().viewers == 15);
  CHECK(fresh->streams().set_viewers(stream.id, "c1", 3).value().viewers == 8);
  auto status = fresh->streams().status(channel.id).value();
  CHECK(status.viewers == 8);
  CHECK(status.peak_viewers == 15);
  fresh.clock.advance(seconds(30));
  CHECK(fresh->streams().set_viewers(stream.id, "c1", 4).value().viewers == 9);
  fresh.clock.advance(seconds(30));
  CHECK(fresh->streams().status(channel.id).value().viewers == 4);
  CHECK(code_of(fresh->streams().set_viewers(stream.id, "c1", -1)) == Errc::invalid);
  REQUIRE(fresh->streams().go_offline(stream.id));
  CHECK(code_of(fresh->streams().set_viewers(stream.id, "c1", 4)) == Errc::conflict);
  status = fresh->streams().status(channel.id).value();
  CHECK_FALSE(status.live);
  CHECK(status.viewers == 0);
  CHECK(status.peak_viewers == 15);
}

TEST_CASE("the live list has the most watched first") {
  Fresh fresh;
  Channel a = fresh.channel("a"), b = fresh.channel("b"), c = fresh.channel("c");
  Stream of_a = fresh.live_stream(a), of_b = fresh.live_stream(b);
  REQUIRE(fresh->streams().set_viewers(of_b.id, "c1", 7));
  auto live = fresh->streams().live().value();
  REQUIRE(live.size() == 2);
  CHECK(live[0].channel.name == "b");
  CHECK(live[0].stream.viewers == 7);
  CHECK(live[0].channel.current_stream == of_b.id);
  CHECK(live[1].stream.id == of_a.id);
  CHECK(live[1].channel.owner_name == "alice");
  CHECK_FALSE(fresh->streams().status(c.id).value().live);
}
