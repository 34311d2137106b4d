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
  const std::string id = std::to_string(first.id.value());
  CHECK(nlohmann::json::parse(fresh->audit().by_id(1).value().context) ==
        nlohmann::json{{"emote_id", id}, {"kind", "subscription"}, {"tier", 1}, {"bits", 0}});
  CHECK(nlohmann::json::parse(fresh->audit().by_id(2).value().context)["grants_ended"] == 0);
}

TEST_CASE("where pictures are is told of all emotes, also of those that were removed") {
  Fresh fresh;
  CHECK(fresh->emotes().image_places().value().empty());
  REQUIRE(fresh->emotes().add({.code = "Hi", .images = {"b", "a", "b"}}, shell));
  CHECK(fresh->emotes().image_places().value() == std::vector<std::string>{"a", "b"});
  REQUIRE(fresh->emotes().remove({}, "Hi", shell));
  CHECK(fresh->emotes().image_places().value().size() == 2);
}

TEST_CASE("an emote is for a tier, for bits, or for those who are granted it") {
  Fresh fresh;
  Channel demo = fresh.channel();
  const auto with = [&](ChannelId channel, int tier, std::int64_t bits, bool granted) {
    return fresh->emotes().add(
        {.channel = channel, .code = "x", .tier = tier, .bits = bits, .granted_only = granted}, shell);
  };
  for (std::int64_t bits : {std::int64_t{-1}, std::int64_t{100'000'001}})
    CHECK(code_of(with(demo.id, 0, bits, false)) == Errc::invalid);
  CHECK(code_of(with(demo.id, 1, 100, false)) == Errc::invalid);
  CHECK(code_of(with(demo.id, 1, 0, true)) == Errc::invalid);
  CHECK(code_of(with(demo.id, 0, 1, true)) == Errc::invalid);
  CHECK(code_of(with({}, 0, 1, false)) == Errc::invalid);
  CHECK(fresh->emotes().list().value().empty());

  // However many there are for bits, the tiers have room for theirs.
  for (int i = 0; i < 30; ++i)
    REQUIRE(
        fresh->emotes().add({.channel = demo.id, .code = "b" + std::to_string(i), .bits = 100 + i}, shell));
  REQUIRE(add(fresh, demo.id, "sub", 1));
  REQUIRE(fresh->emotes().add({.channel = demo.id, .code = "own", .granted_only = true}, shell));
  const Emote secret = fresh->emotes().add({.code = "secret", .granted_only = true}, shell).value();
  REQUIRE(add(fresh, {}, "Wave", 0));
  CHECK(kind(fresh->emotes().by_id(secret.id).value()) == "granted");
  std::string kinds;
  const auto all = fresh->emotes().list().value();
  for (const Emote& emote : all)
    if (emote.bits <= 100) kinds += emote.code + ":" + std::string(kind(emote)) + " ";
  CHECK(kinds == "Wave:global secret:granted b0:bits own:granted sub:subscription ");
  auto payload = nlohmann::json::parse(fresh->events().since(Cursor(1), 1).value()[0].payload);
  CHECK((payload["kind"] == "bits" && payload["bits"] == 100 && payload["tier"] == 0));
}

TEST_CASE("an emote is granted to users, and taken back") {
  Fresh fresh;
  Channel demo = fresh.channel();
  const User bob = fresh.user("bob"), cyd = fresh.user("cyd");
  const Emote gold = add(fresh, demo.id, "Gold", 3).value();
  const Emote secret = fresh->emotes().add({.code = "secret", .granted_only = true}, shell).value();
  REQUIRE(add(fresh, {}, "Wave", 0));
  Emotes& emotes = fresh->emotes();
  CHECK(code_of(emotes.grant({}, "Gold", bob.id, shell)) == Errc::not_found);
  CHECK(code_of(emotes.grant(demo.id, "Gold", UserId(99), shell)) == Errc::not_found);
  CHECK(code_of(emotes.grant({}, "Wave", bob.id, shell)) == Errc::invalid);
  CHECK(emotes.grant(demo.id, "Gold", demo.owner, shell).error().what ==
        "alice is the broadcaster of demo, and has all of its emotes");
  const std::size_t before = fresh.event_names().size();
  CHECK(emotes.grant(demo.id, "Gold", bob.id, shell).value());
  CHECK_FALSE(emotes.grant(demo.id, "Gold", bob.id, shell).value());
  CHECK(emotes.grant({}, "secret", bob.id, shell).value());
  CHECK(emotes.grant({}, "secret", cyd.id, shell).value());

  const auto all = emotes.grants({}, {}, 10).value();
  REQUIRE(all.size() == 3);
  CHECK((all[0].emote == gold.id && all[0].channel_name == "demo" && all[0].user_name == "bob"));
  CHECK((all[1].emote == secret.id && all[1].channel == ChannelId() && all[1].since == fresh.clock.wall()));
  CHECK(emotes.grants({}, {}, 2).value().size() == 2);
  CHECK(emotes.grants(all[1].emote, all[1].user, 10).value().front().user == cyd.id);
  CHECK(emotes.grants_of(bob.id).value().size() == 2);

  CHECK(emotes.revoke({}, "secret", bob.id, shell).value());
  CHECK_FALSE(emotes.revoke({}, "secret", bob.id, shell).value());
  auto names = fresh.event_names();
  CHECK(std::vector(names.begin() + static_cast<std::ptrdiff_t>(before), names.end()) ==
        std::vector<std::string>{"emote.grant", "emote.grant", "emote.grant", "emote.revoke"});
  const Event told = fresh->events().since(Cursor(static_cast<std::int64_t>(before)), 1).value()[0];
  const auto payload = nlohmann::json::parse(told.payload);
  CHECK(told.channel == demo.id);
  CHECK((payload["code"] == "Gold" && payload["user_login"] == "bob" && payload["channel"] == "demo"));
  const AuditEntry entry = fresh->audit().by_id(4).value();
  CHECK((entry.action == "emote.grant" && entry.target == "user:bob" && entry.target_user == bob.id));
  CHECK(nlohmann::json::parse(entry.context)["emote"] == "Gold");
  CHECK(fresh->audit().by_id(7).value().action == "emote.revoke");
  CHECK(fresh->audit().verify());

  // Who was granted an emote that is removed has not the next of its code.
  REQUIRE(emotes.remove({}, "secret", shell));
  const auto removed = nlohmann::json::parse(fresh->audit().by_id(8).value().context);
  CHECK((removed["grants_ended"] == 1 && removed["kind"] == "granted"));
  REQUIRE(emotes.add({.code = "secret", .granted_only = true}, shell));
  CHECK(emotes.grants({}, {}, 10).value().size() == 1);
}

TEST_CASE("an account has turbo or prime, or neither") {
  Fresh fresh;
  const User bob = fresh.user("bob"), cyd = fresh.user("cyd");
  Users& users = fresh->users();
  using platform::Premium;
  CHECK(bob.premium == Premium::none);
  CHECK_FALSE(users.set_premium(bob.id, Premium::none, shell).value());
  CHECK(users.set_premium(bob.id, Premium::turbo, shell).value());
  CHECK_FALSE(users.set_premium(bob.id, Premium::turbo, shell).value());
  CHECK(users.set_premium(cyd.id, Premium::prime, shell).value());
  CHECK(users.by_name("bob").value().premium == Premium::turbo);
  const auto some = users.with_premium({}, 10).value();
  REQUIRE(some.size() == 2);
  CHECK((some[0].id == bob.id && some[1].premium == Premium::prime));
  CHECK(users.with_premium({}, 1).value().size() == 1);
  CHECK(users.with_premium(bob.id, 10).value().front().id == cyd.id);
  CHECK(users.set_premium(bob.id, Premium::none, shell).value());
  CHECK(users.with_premium({}, 10).value().size() == 1);
  CHECK(code_of(users.set_premium(UserId(99), Premium::turbo, shell)) == Errc::not_found);
  CHECK(fresh.event_names() == std::vector<std::string>(3, "user.update"));
  CHECK(nlohmann::json::parse(fresh->events().since(Cursor(1), 1).value()[0].payload)["premium"] == "prime");
  std::string actions;
  const auto entries = fresh->audit().since(0, 10).value();
  for (const AuditEntry& entry : entries) actions += entry.action + " ";
  CHECK(actions == "user.turbo user.prime user.no_premium ");
}
