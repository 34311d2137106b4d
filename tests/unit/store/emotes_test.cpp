#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

namespace {
Result<Emote> add(Fresh& fresh, ChannelId channel, std::string code, int tier) {
  return fresh->emotes().add({.channel = channel, .code = std::move(code), .tier = tier}, shell);
}
}  // namespace

TEST_CASE("an emote's code is its own in its channel, and among the global ones") {
  Fresh fresh;
  Channel demo = fresh.channel(), other = fresh.channel("other");
  Emote global = add(fresh, {}, "Wave", 0).value();
  CHECK(global.channel_name.empty());
  CHECK(add(fresh, demo.id, "Wave", 1));
  CHECK(add(fresh, other.id, "Wave", 3));
  auto taken = add(fresh, demo.id, "Wave", 2);
  CHECK(code_of(taken) == Errc::exists);
  CHECK(taken.error().what == "the emote \"Wave\" exists");
  CHECK(code_of(add(fresh, {}, "Wave", 0)) == Errc::exists);
  CHECK(add(fresh, demo.id, "wave", 1));
  auto all = fresh->emotes().list().value();
  REQUIRE(all.size() == 4);
  CHECK(all[0].id == global.id);
  CHECK(all[1].channel_name == "demo");
  CHECK(all[1].owner == demo.owner);
  CHECK(all[3].tier == 3);
}

TEST_CASE("what is no emote") {
  Fresh fresh;
  Channel demo = fresh.channel();
  for (const char* code : {"", "two words", "/slash",
                           "a\u200b"
                           "b"}) {
    INFO(code);
    CHECK(code_of(add(fresh, demo.id, code, 1)) == Errc::invalid);
  }
  CHECK(code_of(add(fresh, demo.id, std::string(51, 'x'), 1)) == Errc::invalid);
  for (int tier : {0, 4}) CHECK(code_of(add(fresh, demo.id, "x", tier)) == Errc::invalid);
  CHECK(code_of(add(fresh, {}, "x", 1)) == Errc::invalid);
  CHECK(code_of(add(fresh, ChannelId(9), "x", 1)) == Errc::not_found);
  CHECK(fresh->emotes().list().value().empty());
  CHECK(add(fresh, demo.id, "h\xc3\xa9\xf0\x9f\x98\x80", 1));
}

TEST_CASE("a tier has no more emotes than it is sold with") {
  Fresh fresh;
  Channel demo = fresh.channel();
  for (int i = 0; i < 5; ++i) REQUIRE(add(fresh, demo.id, "first" + std::to_string(i), 1));
  auto sixth = add(fresh, demo.id, "first5", 1);
  CHECK(code_of(sixth) == Errc::conflict);
  CHECK(sixth.error().what == "demo has 5 emotes up to tier 1 already");
  for (int i = 0; i < 5; ++i) REQUIRE(add(fresh, demo.id, "second" + std::to_string(i), 2));
  CHECK(code_of(add(fresh, demo.id, "second5", 2)) == Errc::conflict);
  for (int i = 0; i < 10; ++i) REQUIRE(add(fresh, demo.id, "third" + std::to_string(i), 3));
  CHECK(code_of(add(fresh, demo.id, "third10", 3)) == Errc::conflict);
  REQUIRE(fresh->emotes().remove(demo.id, "first0", shell));
  CHECK(add(fresh, demo.id, "first5", 1));
}

TEST_CASE("a removed emote's code is free, its id is not") {
  Fresh fresh;
  Channel demo = fresh.channel();
  Emote first = add(fresh, demo.id, "Wave", 1).value();
  CHECK(code_of(fresh->emotes().remove({}, "Wave", shell)) == Errc::not_found);
  CHECK(fresh->emotes().remove(demo.id, "Wave", shell).value().id == first.id);
  CHECK(code_of(fresh->emotes().remove(demo.id, "Wave", shell)) == Errc::not_found);
  CHECK(add(fresh, demo.id, "Wave", 1).value().id.value() > first.id.value());
  CHECK(fresh->emotes().by_id(first.id).value().code == "Wave");  // what was said with it stays
  CHECK(code_of(fresh->emotes().by_id(store::EmoteId(999))) == Errc::not_found);
  auto names = fresh.event_names();
  CHECK(std::vector(names.begin() + 1, names.end()) ==
        std::vector<std::string>{"emote.add", "emote.remove", "emote.add"});
  auto payload = nlohmann::json::parse(fresh->events().since(Cursor(1), 1).value()[0].payload);
  CHECK(payload["code"] == "Wave");
  CHECK(payload["tier"] == 1);
  CHECK(payload["emote_id"] == std::to_string(first.id.value()));
  CHECK(payload["broadcaster_user_id"] == std::to_string(demo.owner.value()));
  CHECK(fresh->audit().by_id(2).value().action == "emote.remove");
  CHECK(fresh->audit().by_id(2).value().target == "emote:Wave");
}

TEST_CASE("where pictures are is told of all emotes, also of those that were removed") {
  Fresh fresh;
  CHECK(fresh->emotes().image_places().value().empty());
  REQUIRE(fresh->emotes().add({.code = "Hi", .images = {"b", "a", "b"}}, shell));
  CHECK(fresh->emotes().image_places().value() == std::vector<std::string>{"a", "b"});
  REQUIRE(fresh->emotes().remove({}, "Hi", shell));
  CHECK(fresh->emotes().image_places().value().size() == 2);
}
