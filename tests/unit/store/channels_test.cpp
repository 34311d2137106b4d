#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("users are found by any spelling of their name") {
  Fresh fresh;
  User added = fresh->users().add("Alice", "").value();
  CHECK(added.name == "alice");
  CHECK(added.display_name == "Alice");
  CHECK(added.id.value() > 0);
  CHECK(fresh->users().by_name("ALICE").value().id == added.id);
  CHECK(fresh->users().by_id(added.id).value().display_name == "Alice");
  CHECK(fresh->users().by_id(added.id).value().created_at == fresh.clock.wall());
  CHECK(code_of(fresh->users().add("aLICE", "x")) == Errc::exists);
  CHECK(code_of(fresh->users().add("a b", "")) == Errc::invalid);
  CHECK(code_of(fresh->users().by_name("bob")) == Errc::not_found);
  CHECK(code_of(fresh->users().by_id(UserId(99))) == Errc::not_found);
  CHECK(fresh->users().add("aaron", "Aaron the Great").value().display_name == "Aaron the Great");
  auto all = fresh->users().list().value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "aaron");
}

TEST_CASE("a channel belongs to its owner and starts offline") {
  Fresh fresh;
  User alice = fresh.user();
  Channel added = fresh->channels().add("Demo", alice.id, " Hello ").value();
  CHECK(added.name == "demo");
  CHECK(added.owner == alice.id);
  CHECK(added.owner_name == "alice");
  CHECK(added.title == "Hello");
  CHECK(added.version == 1);
  CHECK_FALSE(added.live());
  CHECK_FALSE(added.has_key);
  CHECK(fresh->channels().by_name("#DEMO").value().id == added.id);
  CHECK(fresh->channels().by_id(added.id).value().name == "demo");
  CHECK(code_of(fresh->channels().add("demo", alice.id, "")) == Errc::exists);
  CHECK(code_of(fresh->channels().add("other", UserId(99), "")) == Errc::not_found);
  CHECK(code_of(fresh->channels().add("api", alice.id, "")) == Errc::invalid);
  CHECK(code_of(fresh->channels().by_name("none")) == Errc::not_found);
  fresh.channel("another");
  auto all = fresh->channels().list().value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "another");
  CHECK(fresh.event_names() == std::vector<std::string>{"channel.create", "channel.create"});
}

TEST_CASE("a title is changed only from the version that was seen") {
  Fresh fresh;
  Channel channel = fresh.channel();
  Channel second = fresh->channels().set_title(channel.id, "Second", 1).value();
  CHECK(second.version == 2);
  CHECK(second.title == "Second");
  auto missed = fresh->channels().set_title(channel.id, "Lost", 1);
  CHECK(code_of(missed) == Errc::conflict);
  CHECK(missed.error().what.find("version 2") != std::string::npos);
  CHECK(fresh->channels().by_id(channel.id).value().title == "Second");
  CHECK(fresh->channels().set_title(channel.id, "Third", std::nullopt).value().version == 3);
  CHECK(code_of(fresh->channels().set_title(channel.id, "a\nb", std::nullopt)) == Errc::invalid);
  CHECK(code_of(fresh->channels().set_title(ChannelId(99), "x", std::nullopt)) == Errc::not_found);
  CHECK(fresh.event_names() ==
        std::vector<std::string>{"channel.create", "channel.update", "channel.update"});
  auto last = fresh->events().since(Cursor(2)).value().at(0);
  auto payload = nlohmann::json::parse(last.payload);
  CHECK(last.channel == channel.id);
  CHECK(payload["title"] == "Third");
  CHECK(payload["version"] == 3);
  CHECK(payload["broadcaster_user_login"] == "alice");
}
