#include <nlohmann/json.hpp>

#include "unit/store/engine.hpp"

using namespace sluice;
using namespace sluice::store;

TEST_CASE("a follow begins once and ends once, and each is told once") {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  auto& follows = fresh->follows();
  CHECK(follows.since(demo.id, bob.id).value() == std::nullopt);
  CHECK(follows.follow(demo.id, bob.id).value());
  const Wall begun = fresh.clock.wall();
  fresh.clock.advance(seconds(60));
  CHECK_FALSE(follows.follow(demo.id, bob.id).value());
  CHECK(follows.since(demo.id, bob.id).value() == begun);
  CHECK(follows.count(demo.id).value() == 1);
  CHECK(follows.unfollow(demo.id, bob.id).value());
  CHECK_FALSE(follows.unfollow(demo.id, bob.id).value());
  CHECK(follows.since(demo.id, bob.id).value() == std::nullopt);
  CHECK(fresh.event_names() ==
        std::vector<std::string>{"channel.create", "channel.follow", "channel.unfollow"});
  const auto payload = nlohmann::json::parse(fresh->events().since(Cursor(1), 1).value()[0].payload);
  CHECK(payload["channel"] == "demo");
  CHECK(payload["broadcaster_user_login"] == "alice");
  CHECK(payload["user_login"] == "bob");
  CHECK(payload["followed_at"] == format_rfc3339(begun));
}

TEST_CASE("who cannot follow") {
  Fresh fresh;
  Channel demo = fresh.channel();
  User bob = fresh.user("bob");
  CHECK(code_of(fresh->follows().follow(demo.id, demo.owner)) == Errc::invalid);
  CHECK(code_of(fresh->follows().follow(ChannelId(9), bob.id)) == Errc::not_found);
  CHECK(code_of(fresh->follows().follow(demo.id, UserId(9))) == Errc::not_found);
  CHECK(code_of(fresh->follows().unfollow(demo.id, UserId(9))) == Errc::not_found);
}

TEST_CASE("followers come the newest first, a page at a time, also those of one moment") {
  Fresh fresh;
  Channel demo = fresh.channel(), other = fresh.channel("other");
  std::vector<UserId> users;
  for (int i = 0; i < 5; ++i) {
    users.push_back(fresh.user("follower" + std::to_string(i)).id);
    REQUIRE(fresh->follows().follow(demo.id, users.back()));
    if (i != 2) fresh.clock.advance(seconds(1));
  }
  REQUIRE(fresh->follows().follow(other.id, users[0]));
  std::vector<UserId> seen;
  std::optional<FollowPlace> behind;
  for (;;) {
    auto page = fresh->follows().of_channel(demo.id, behind, 2).value();
    if (page.empty()) break;
    for (const Follow& follow : page) seen.push_back(follow.user);
    behind = {page.back().since, page.back().user};
  }
  CHECK(seen == std::vector<UserId>{users[4], users[3], users[2], users[1], users[0]});
  auto mine = fresh->follows().of_user(users[0]).value();
  REQUIRE(mine.size() == 2);
  CHECK(mine[0].channel_name == "demo");
  CHECK(mine[1].channel_name == "other");
}

TEST_CASE("a color is kept as it is shown, and told when it changes") {
  Fresh fresh;
  User bob = fresh.user("bob");
  CHECK(bob.color.empty());
  CHECK(fresh->users().set_color(bob.id, "dodger_blue").value().color == "#1E90FF");
  CHECK(fresh->users().set_color(bob.id, "#1e90ff"));
  CHECK(fresh->users().by_name("bob").value().color == "#1E90FF");
  CHECK(code_of(fresh->users().set_color(bob.id, "bluish")) == Errc::invalid);
  CHECK(code_of(fresh->users().set_color(UserId(9), "red")) == Errc::not_found);
  CHECK(fresh->users().set_color(bob.id, "none").value().color.empty());
  CHECK(fresh.event_names() == std::vector<std::string>{"user.update", "user.update"});
}

TEST_CASE("a bot is verified by somebody, which the audit log knows") {
  Fresh fresh;
  User bob = fresh.user("bob");
  CHECK(fresh->users().set_bot(bob.id, true, shell).value());
  CHECK_FALSE(fresh->users().set_bot(bob.id, true, shell).value());
  CHECK(fresh->users().by_id(bob.id).value().bot);
  CHECK(fresh->audit().by_id(1).value().action == "user.bot");
  CHECK(fresh->users().set_bot(bob.id, false, shell).value());
  CHECK(fresh->audit().head().value().id == 2);
  auto token = fresh->credentials().issue_token(bob.id, {platform::Scope::chat_edit}, std::nullopt, shell);
  REQUIRE(fresh->users().set_color(bob.id, "red"));
  CHECK(fresh->credentials().bearer(token.value().secret).value().user.color == "#FF0000");
}
