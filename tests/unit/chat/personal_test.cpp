// Whispers and colors: commands that need no room.
#include <catch2/catch.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;

namespace {
struct Parlour : TestHall {
  IrcPeer ada{*this}, bob{*this};
  Parlour() {
    ada.log_in("t7", "ada");
    bob.log_in("t8", "bob");
  }
  std::string notice_id(IrcPeer& peer, const std::string& text, const std::string& channel = "nowhere") {
    const std::string answer = peer.send("PRIVMSG #" + channel + " :" + text + "\r\n");
    const std::size_t at = answer.find("msg-id=");
    return at == std::string::npos ? answer : answer.substr(at + 7, answer.find(' ', at) - at - 7);
  }
};
}  // namespace

TEST_CASE("a whisper goes to each connection of its user, by whatever channel, and to nobody else") {
  Parlour hall;
  IrcPeer again(hall), cyd(hall);
  again.log_in("t8", "bob");
  cyd.log_in("t9", "cyd");
  JsonPeer page(hall);
  page.send(R"({"type":"auth","ticket":"k8"})");
  hall.rooms.people().emotes.add("Wave", {EmoteId(1), {}, {}, 0});
  CHECK(hall.ada.send("PRIVMSG #tmijs :/w Bob  hello Wave\r\n").empty());
  const std::string line = hall.bob.outlet.take_sent();
  CHECK(line.starts_with("@badges=;color=;display-name=Ada;emotes=1:6-9;message-id="));
  CHECK(line.find(";thread-id=7_8;turbo=0;user-id=7;user-type= ") != std::string::npos);
  CHECK(line.ends_with(":ada!ada@ada.tmi.twitch.tv WHISPER bob :hello Wave\r\n"));
  CHECK(again.outlet.take_sent() == line);
  CHECK(cyd.outlet.take_sent().empty());
  const std::string object = page.outlet.take_sent();
  CHECK(object.starts_with(R"({"type":"whisper","id":")"));
  CHECK(object.find(
            R"("user":{"id":"7","login":"ada","name":"Ada"},"text":"hello Wave","emotes":[["1",6,9]]})") !=
        std::string::npos);
}

TEST_CASE("whispers are refused in the dialect's words") {
  Parlour hall;
  CHECK(hall.notice_id(hall.ada, "/w ada hi") == "whisper_invalid_self");
  CHECK(hall.notice_id(hall.ada, "/w nobody hi") == "whisper_invalid_login");
  CHECK(hall.notice_id(hall.ada, "/w cyd hi") == "whisper_restricted_recipient");
  CHECK(hall.notice_id(hall.ada, "/w bob") == "whisper_invalid_args");
  CHECK(hall.notice_id(hall.ada, "/w") == "whisper_invalid_args");
  CHECK(hall.notice_id(hall.ada, "/w bob " + std::string(501, 'x')) == "whisper_invalid_args");
  IrcPeer cyd(hall), anonymous(hall);
  cyd.log_in("t9", "cyd");
  CHECK(hall.notice_id(cyd, "/w bob hi") == "no_permission");  // its token does not let it write
  anonymous.send("CAP REQ :twitch.tv/tags\r\nNICK justinfan1\r\n");
  CHECK(hall.notice_id(anonymous, "/w bob hi") == "no_permission");
  hall.directory.away = true;
  CHECK(hall.notice_id(hall.ada, "/w bob hi") == "unavailable_command");
  CHECK(hall.bob.outlet.take_sent().empty());
}

TEST_CASE("whoever whispers into the blue is limited, too, before the store is asked") {
  Parlour hall;
  for (int i = 0; i < 3; ++i) CHECK(hall.notice_id(hall.ada, "/w nobody hi") == "whisper_invalid_login");
  CHECK(hall.notice_id(hall.ada, "/w nobody hi") == "whisper_limit_per_sec");
  hall.clock.advance(seconds(1));
  CHECK(hall.notice_id(hall.ada, "/w nobody hi") == "whisper_invalid_login");
}

TEST_CASE("who has gone gets no whisper") {
  Parlour hall;
  hall.bob.send("QUIT\r\n");
  CHECK(hall.notice_id(hall.ada, "/w bob hi") == "whisper_restricted_recipient");
  {
    IrcPeer again(hall);
    again.log_in("t8", "bob");
    CHECK(hall.ada.send("PRIVMSG #demo :/w bob hi\r\n").empty());
  }
  CHECK(hall.notice_id(hall.ada, "/w bob hi") == "whisper_restricted_recipient");
}

TEST_CASE("a connection that did not ask for whispers is nobody to whisper to") {
  TestHall hall;
  IrcPeer ada(hall), bare(hall);
  ada.log_in("t7", "ada");
  bare.log_in("t8", "bob", false);
  CHECK(ada.send("PRIVMSG #ada :/w bob psst\r\n").find("whisper_restricted_recipient") != std::string::npos);
  JsonPeer page(hall);
  page.send(R"({"type":"auth","ticket":"k8"})");
  CHECK(ada.send("PRIVMSG #ada :/w bob psst\r\n").empty());
  CHECK(page.outlet.take_sent().find("psst") != std::string::npos);
}

TEST_CASE("whispers are limited by the second, the minute and the people of a day") {
  WhisperLimits limits;
  FakeClock clock;
  using Verdict = WhisperLimits::Verdict;
  const auto take = [&](std::int64_t to) {
    const Verdict asked = limits.ask(UserId(1), clock.steady());
    return asked == Verdict::good ? limits.reach(UserId(1), UserId(to), clock.steady()) : asked;
  };
  for (int i = 0; i < 3; ++i) CHECK(take(2) == Verdict::good);
  CHECK(take(2) == Verdict::too_many_a_second);
  CHECK(limits.ask(UserId(9), clock.steady()) == Verdict::good);
  CHECK(limits.reach(UserId(9), UserId(2), clock.steady()) == Verdict::good);
  clock.advance(milliseconds(500));
  for (int i = 3; i < 100; ++i) {
    clock.advance(milliseconds(500));
    CHECK(take(2) == Verdict::good);
  }
  clock.advance(milliseconds(500));
  CHECK(take(2) == Verdict::too_many_a_minute);
  clock.advance(seconds(60));
  for (std::int64_t to = 3; to <= 41; ++to) {
    clock.advance(seconds(2));
    CHECK(take(to) == Verdict::good);
  }
  clock.advance(seconds(60));
  CHECK(take(42) == Verdict::too_many_people);
  CHECK(take(41) == Verdict::good);
  limits.forget_idle(clock.steady());
  CHECK(limits.users() == 2);
  clock.advance(std::chrono::hours(24));
  CHECK(take(42) == Verdict::good);
  clock.advance(std::chrono::hours(24));
  limits.forget_idle(clock.steady());
  CHECK(limits.users() == 0);
}

namespace {
// Other nodes, as far as whispers go.
struct FakePost : WhisperPost {
  std::optional<Allowed> allowed = Allowed::good;
  std::optional<Told> told = Told::told;
  std::vector<std::string> log;
  void ask(UserId, std::function<void(std::optional<Allowed>)> then) override { then(allowed); }
  void tell(const Whisper& whisper, bool here, std::function<void(std::optional<Told>)> then) override {
    log.push_back(whisper.to.login + (here ? " here: " : ": ") + whisper.text);
    then(told);
  }
};
}  // namespace

TEST_CASE("with other nodes a whisper is limited by all, and goes to who is there and to who is here") {
  Parlour hall;
  FakePost post;
  hall.hall.post = &post;
  CHECK(hall.ada.send("PRIVMSG #demo :/w bob one\r\n").empty());
  CHECK(hall.bob.outlet.take_sent().ends_with("WHISPER bob :one\r\n"));
  CHECK(hall.ada.send("PRIVMSG #demo :/w cyd two\r\n").empty());  // who is elsewhere only
  CHECK(post.log == std::vector<std::string>{"bob here: one", "cyd: two"});
  post.told = WhisperPost::Told::nobody;
  CHECK(hall.notice_id(hall.ada, "/w cyd three") == "whisper_restricted_recipient");
  post.told = WhisperPost::Told::too_many_people;
  CHECK(hall.notice_id(hall.ada, "/w bob four") == "whisper_restricted");
  post.allowed = WhisperPost::Allowed::too_many_a_second;
  CHECK(hall.notice_id(hall.ada, "/w bob five") == "whisper_limit_per_sec");
  post.allowed = WhisperPost::Allowed::too_many_a_minute;
  CHECK(hall.notice_id(hall.ada, "/w bob six") == "whisper_limit_per_min");
  CHECK(hall.bob.outlet.take_sent().empty());
  CHECK(post.log.size() == 4);
}

TEST_CASE("while the other nodes are out of reach a whisper goes to who is here, by this node's limits") {
  Parlour hall;
  FakePost post;
  post.allowed.reset();
  post.told.reset();
  hall.hall.post = &post;
  for (int i = 0; i < 3; ++i) CHECK(hall.ada.send("PRIVMSG #demo :/w bob hi\r\n").empty());
  CHECK(hall.bob.outlet.take_sent().find("WHISPER bob :hi") != std::string::npos);
  CHECK(hall.notice_id(hall.ada, "/w bob hi") == "whisper_limit_per_sec");
  hall.clock.advance(seconds(1));
  CHECK(hall.notice_id(hall.ada, "/w cyd hi") == "whisper_restricted_recipient");
}

TEST_CASE("the first connection of a user is told of, and the end of the last") {
  TestHall hall;
  std::vector<std::string> log;
  hall.hall.switchboard.on_came = [&](UserId user) { log.push_back("came " + std::to_string(user.value())); };
  hall.hall.switchboard.on_left = [&](UserId user) { log.push_back("left " + std::to_string(user.value())); };
  {
    IrcPeer one(hall);
    one.log_in("t8", "bob");
    {
      IrcPeer two(hall);
      two.log_in("t8", "bob");
    }
    IrcPeer anonymous(hall);
    anonymous.send("NICK justinfan1\r\n");
    CHECK(log == std::vector<std::string>{"came 8"});
  }
  CHECK(log == std::vector<std::string>{"came 8", "left 8"});
}

TEST_CASE("a color is asked of the platform, and its name and refusal are the dialect's") {
  Parlour hall;
  CHECK(hall.notice_id(hall.bob, "/color DodgerBlue") == "color_changed");
  CHECK(hall.acts.asked == std::vector<std::string>{"color bob DodgerBlue"});
  CHECK(hall.notice_id(hall.bob, "/color") == "usage_color");
  CHECK(hall.notice_id(hall.bob, "/color deep blue") == "usage_color");
  hall.acts.error = Error{Errc::invalid, "no color", "use another"};
  CHECK(hall.notice_id(hall.bob, "/color nope") == "usage_color");
  hall.acts.error = Error{Errc::unavailable, "busy", {}};
  CHECK(hall.notice_id(hall.bob, "/color red") == "unavailable_command");
}

TEST_CASE("a user looks otherwise at once, on every connection and in every room") {
  Parlour hall;
  hall.bob.send("JOIN #demo\r\n");
  hall.ada.send("JOIN #demo\r\n");
  hall.hall.switchboard.each(UserId(8), [](Client& client) { client.restyle("#00FF7F", false); });
  hall.bob.send("PRIVMSG #demo :green\r\n");
  hall.flush();
  CHECK(hall.ada.outlet.take_delivered().find(";color=#00FF7F;display-name=Bob;") != std::string::npos);
}

TEST_CASE("a page whispers by a message, and is told that it went") {
  Parlour hall;
  JsonPeer page(hall);
  page.send(R"({"type":"auth","ticket":"k7"})");
  page.send(R"({"type":"join","channel":"demo"})");
  CHECK(
      page.send(R"({"type":"message","channel":"demo","text":"/w bob psst","key":"a"})") ==
      R"({"type":"notice","channel":"demo","key":"a","code":"whisper_sent","message":"Whispered to bob."})");
  CHECK(hall.bob.outlet.take_sent().ends_with("WHISPER bob :psst\r\n"));
}
