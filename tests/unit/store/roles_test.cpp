#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("a role is given once and taken once") {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  auto& roles = fresh->roles();
  CHECK(roles.of(demo.id, bob.id).value() == std::nullopt);
  CHECK(roles.grant(demo.id, bob.id, Role::moderator, shell, "trusted").value());
  CHECK_FALSE(roles.grant(demo.id, bob.id, Role::moderator, shell, "again").value());
  CHECK(roles.of(demo.id, bob.id).value() == Role::moderator);
  CHECK_FALSE(roles.revoke(demo.id, bob.id, Role::vip, shell, "").value());
  CHECK(roles.of(demo.id, bob.id).value() == Role::moderator);
  CHECK(roles.revoke(demo.id, bob.id, Role::moderator, shell, "").value());
  CHECK_FALSE(roles.revoke(demo.id, bob.id, Role::moderator, shell, "").value());
  CHECK(roles.of(demo.id, bob.id).value() == std::nullopt);
}

TEST_CASE("the broadcaster has no other role, and nobody has two") {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  auto& roles = fresh->roles();
  for (Role role : {Role::moderator, Role::vip})
    CHECK(code_of(roles.grant(demo.id, demo.owner, role, shell, "")) == Errc::invalid);
  REQUIRE(roles.grant(demo.id, bob.id, Role::vip, shell, ""));
  auto refused = roles.grant(demo.id, bob.id, Role::moderator, shell, "");
  CHECK(code_of(refused) == Errc::conflict);
  CHECK(refused.error().what == "bob is a vip of demo");
  CHECK(roles.of(demo.id, bob.id).value() == Role::vip);
  CHECK(code_of(roles.grant(ChannelId(99), bob.id, Role::vip, shell, "")) == Errc::not_found);
  CHECK(code_of(roles.grant(demo.id, UserId(99), Role::vip, shell, "")) == Errc::not_found);
  CHECK(code_of(roles.revoke(demo.id, UserId(99), Role::vip, shell, "")) == Errc::not_found);
  CHECK(code_of(roles.revoke(demo.id, bob.id, Role::vip, shell, std::string(501, 'x'))) == Errc::invalid);
  CHECK(fresh->audit().head().value().id == 1);
}

TEST_CASE("who has which role, by channel and by user") {
  Fresh fresh;
  Channel demo = fresh.channel(), other = fresh.channel("another");
  User bob = fresh.user("bob"), carol = fresh.user("Carol");
  auto& roles = fresh->roles();
  REQUIRE(roles.grant(demo.id, carol.id, Role::vip, shell, ""));
  fresh.clock.advance(seconds(5));
  REQUIRE(roles.grant(demo.id, bob.id, Role::moderator, shell, ""));
  REQUIRE(roles.grant(other.id, bob.id, Role::vip, shell, ""));
  auto of_demo = roles.of_channel(demo.id).value();
  REQUIRE(of_demo.size() == 2);
  CHECK(of_demo[0].user == bob.id);
  CHECK(of_demo[0].role == Role::moderator);
  CHECK(of_demo[0].since == fresh.clock.wall());
  CHECK(of_demo[1].user_name == "carol");
  CHECK(of_demo[1].user_display_name == "Carol");
  CHECK(of_demo[1].role == Role::vip);
  auto of_bob = roles.of_user(bob.id).value();
  REQUIRE(of_bob.size() == 2);
  CHECK(of_bob[0].channel_name == "another");
  CHECK(of_bob[0].channel == other.id);
  CHECK(of_bob[1].role == Role::moderator);
  CHECK(roles.of_channel(ChannelId(99)).value().empty());
}

TEST_CASE("a role's change is audited and told in one transaction") {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  Actor alice{demo.owner, "alice", "192.0.2.7"};
  REQUIRE(fresh->roles().grant(demo.id, bob.id, Role::moderator, alice, "trusted"));
  REQUIRE(fresh->roles().revoke(demo.id, bob.id, Role::moderator, shell, ""));
  REQUIRE(fresh->roles().grant(demo.id, bob.id, Role::vip, alice, ""));
  REQUIRE(fresh->roles().revoke(demo.id, bob.id, Role::vip, alice, ""));
  CHECK(fresh.event_names() == std::vector<std::string>{"channel.create", "channel.moderator.add",
                                                        "channel.moderator.remove", "channel.vip.add",
                                                        "channel.vip.remove"});
  auto events = fresh->events().since(Cursor(1)).value();
  CHECK(events[0].channel == demo.id);
  CHECK(nlohmann::json::parse(events[0].payload) ==
        nlohmann::json::parse(R"({"channel":"demo","broadcaster_user_id":"1001","broadcaster_user_login":"alice",
          "broadcaster_user_name":"alice","moderator_user_id":"1001","moderator_user_login":"alice",
          "moderator_user_name":"alice","user_id":"1002","user_login":"bob","user_name":"bob"})"));
  auto by_shell = nlohmann::json::parse(events[1].payload);
  CHECK(by_shell["moderator_user_id"] == "");
  CHECK(by_shell["moderator_user_login"] == "unix:root");

  auto audit = fresh->audit().since(0, 10).value();
  REQUIRE(audit.size() == 4);
  CHECK(audit[0].action == "mod.add");
  CHECK(audit[0].actor.address == "192.0.2.7");
  CHECK(audit[0].channel == demo.id);
  CHECK(audit[0].channel_name == "demo");
  CHECK(audit[0].target_user == bob.id);
  CHECK(audit[0].target == "user:bob");
  CHECK(audit[0].reason == "trusted");
  CHECK(audit[1].action == "mod.remove");
  CHECK(audit[2].action == "vip.add");
  CHECK(audit[3].action == "vip.remove");
  CHECK(fresh->audit().verify());

  Actor nobody{UserId(99), "ghost", "local"};  // nothing half done when the telling fails
  CHECK(code_of(fresh->roles().grant(demo.id, bob.id, Role::vip, nobody, "")) == Errc::not_found);
  CHECK(fresh->roles().of(demo.id, bob.id).value() == std::nullopt);
  CHECK(fresh->audit().head().value().id == 4);
}
