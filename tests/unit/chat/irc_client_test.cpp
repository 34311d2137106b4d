// An IRC client comes in: logins, joins, who is there, and the limits on all of it.
#include <catch2/catch.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;

TEST_CASE("logins from one IPv6 network count together, however many addresses it has") {
  TestHall hall;
  const auto try_from = [&](const std::string& address) {
    IrcPeer peer(hall);
    peer.outlet.from = address;
    return peer.send("PASS oauth:wrong\r\nNICK bob\r\n");
  };
  for (int i = 0; i < 20; ++i)
    CHECK(try_from("2001:db8:1:2::" + std::to_string(i)).find("Login authentication failed") !=
          std::string::npos);
  CHECK(try_from("2001:db8:1:2::99").find("too quickly") != std::string::npos);
  CHECK(try_from("2001:db8:1:3::1").find("Login authentication failed") != std::string::npos);
}

TEST_CASE("JOIN is answered in the dialect's order") {
  TestHall hall;
  IrcPeer ada(hall);
  ada.log_in("t7", "ada");
  CHECK(ada.send("JOIN #demo\r\n") ==
        ":ada!ada@ada.tmi.twitch.tv JOIN #demo\r\n"
        ":ada.tmi.twitch.tv 353 ada = #demo :ada\r\n"
        ":ada.tmi.twitch.tv 366 ada #demo :End of /NAMES list\r\n"
        "@badge-info=;badges=broadcaster/"
        "1;color=;display-name=Ada;emote-sets=0;mod=0;subscriber=0;turbo=0;user-type= "
        ":tmi.twitch.tv USERSTATE #demo\r\n"
        "@emote-only=0;followers-only=-1;r9k=0;room-id=1;slow=0;subs-only=0 :tmi.twitch.tv ROOMSTATE "
        "#demo\r\n");
  const std::string again = ada.send("JOIN #demo\r\n");  // by which clients see that they are in
  CHECK(again.starts_with("@badge-info=;badges=broadcaster/1;"));
  CHECK(again.ends_with(
      "USERSTATE #demo\r\n"
      "@emote-only=0;followers-only=-1;r9k=0;room-id=1;slow=0;subs-only=0 :tmi.twitch.tv ROOMSTATE "
      "#demo\r\n"));
  CHECK(hall.rooms.find("demo")->members() == 1);
  CHECK(ada.send("JOIN #nowhere\r\n").empty());
  CHECK(ada.send("PART #demo\r\n") == ":ada!ada@ada.tmi.twitch.tv PART #demo\r\n");
}

TEST_CASE("a JOIN once more counts among the joins, of users and of readers") {
  for (const char* hello : {"PASS oauth:t7\r\nNICK ada\r\n", "NICK justinfan5\r\n"}) {
    TestHall hall;
    IrcPeer peer(hall);
    peer.send(std::string("CAP REQ :twitch.tv/commands\r\n") + hello);
    for (int i = 0; i < 20; ++i) CHECK(peer.send("JOIN #demo\r\n").find("ROOMSTATE") != std::string::npos);
    const std::string refused = ":tmi.twitch.tv NOTICE #demo :You are joining channels too quickly.\r\n";
    CHECK(peer.send("JOIN #demo\r\n") == refused);
    CHECK(hall.rooms.find("demo")->members() == 1);  // it stays in
    hall.clock.advance(seconds(10));
    CHECK(peer.send("JOIN #demo\r\n").find("ROOMSTATE") != std::string::npos);
  }
}

TEST_CASE("GLOBALUSERSTATE follows the welcome of a user, not of a reader") {
  TestHall hall;
  IrcPeer ada(hall);
  ada.send("CAP REQ :twitch.tv/tags twitch.tv/commands\r\n");
  const std::string welcome = ada.send("PASS oauth:t7\r\nNICK ada\r\n");
  CHECK(welcome.ends_with(
      ":tmi.twitch.tv 376 ada "
      ":>\r\n@badge-info=;badges=;color=;display-name=Ada;emote-sets=0;turbo=0;user-id=7;user-type= "
      ":tmi.twitch.tv GLOBALUSERSTATE\r\n"));
  IrcPeer reader(hall);
  reader.send("CAP REQ :twitch.tv/tags twitch.tv/commands\r\n");
  CHECK(reader.send("NICK justinfan5\r\n").ends_with("376 justinfan5 :>\r\n"));
  const std::string joined = reader.send("JOIN #demo\r\n");
  CHECK(joined.find("USERSTATE") == std::string::npos);
  CHECK(joined.find("ROOMSTATE #demo") != std::string::npos);
}

TEST_CASE("a client without capabilities gets bare lines") {
  TestHall hall;
  IrcPeer bare(hall), ada(hall);
  bare.log_in("t8", "bob", false);
  CHECK(bare.send("JOIN #demo\r\n") ==
        ":bob!bob@bob.tmi.twitch.tv JOIN #demo\r\n:bob.tmi.twitch.tv 353 bob = #demo :bob\r\n"
        ":bob.tmi.twitch.tv 366 bob #demo :End of /NAMES list\r\n");
  ada.log_in("t7", "ada");
  ada.send("JOIN #demo\r\n");
  ada.send("PRIVMSG #demo :hi  there \r\n");
  hall.flush();
  CHECK(bare.outlet.take_delivered() == ":ada!ada@ada.tmi.twitch.tv PRIVMSG #demo :hi there\r\n");
}

TEST_CASE("a bad token is refused and the connection closed") {
  TestHall hall;
  IrcPeer eve(hall);
  hall.directory.later = true;
  CHECK(eve.send("PASS oauth:bad\r\nNICK ada\r\nJOIN #demo\r\n").empty());
  hall.directory.answer_all();
  CHECK(eve.outlet.take_sent() == ":tmi.twitch.tv NOTICE * :Login authentication failed\r\n");
  CHECK(eve.outlet.closed == "login refused");
  CHECK(hall.rooms.find("demo") == nullptr);
}

TEST_CASE("a token that is good no longer ends its connection") {
  TestHall hall;
  IrcPeer ada(hall), reader(hall);
  ada.log_in("t7", "ada", false);
  ada.send("JOIN #demo\r\n");
  reader.send("NICK justinfan5\r\nJOIN #demo\r\n");
  CHECK(ada.client->credential().token == TokenId(70));
  CHECK(reader.client->credential().token == TokenId());
  ada.client->refuse_token();
  CHECK(ada.outlet.take_sent() == ":tmi.twitch.tv NOTICE * :Login authentication failed\r\n");
  CHECK(ada.outlet.closed == "the token is good no longer");
  CHECK(hall.rooms.find("demo")->members() == 1);
  CHECK(ada.send("PRIVMSG #demo :still here?\r\n").empty());
  hall.flush();
  CHECK(reader.outlet.delivered.find("still here") == std::string::npos);
}

TEST_CASE("what was sent while the login was decided is carried out after it") {
  TestHall hall;
  IrcPeer ada(hall);
  hall.directory.later = true;
  ada.send("PASS oauth:t7\r\nNICK ada\r\nJOIN #demo,#other\r\n");
  hall.directory.answer_all();
  hall.directory.answer_all();
  CHECK(ada.outlet.sent.find("JOIN #demo") < ada.outlet.sent.find("JOIN #other"));
}

TEST_CASE("an answer that comes after the client has gone is nothing") {
  TestHall hall;
  hall.directory.later = true;
  {
    IrcPeer ada(hall);
    ada.send("PASS oauth:t7\r\nNICK ada\r\n");
  }
  hall.directory.answer_all();
}

TEST_CASE("arrivals and departures are told to members with the capability, at the beat") {
  TestHall hall;
  IrcPeer ada(hall), bob(hall);
  ada.log_in("t7", "ada");
  bob.log_in("t8", "bob");
  ada.send("JOIN #demo\r\n");
  hall.rooms.beat();
  hall.flush();
  ada.outlet.take_delivered();
  CHECK(bob.send("JOIN #demo\r\n").find("353 bob = #demo :bob ada\r\n") != std::string::npos);
  hall.rooms.beat();
  hall.flush();
  CHECK(ada.outlet.take_delivered() == ":bob!bob@bob.tmi.twitch.tv JOIN #demo\r\n");
  CHECK(bob.outlet.take_delivered().empty());
  bob.client.reset();
  hall.rooms.beat();
  hall.flush();
  CHECK(ada.outlet.take_delivered() == ":bob!bob@bob.tmi.twitch.tv PART #demo\r\n");
}

TEST_CASE("who goes and comes back within a beat, or comes and goes, has done neither") {
  TestHall hall;
  IrcPeer ada(hall), bob(hall);
  ada.log_in("t7", "ada");
  bob.log_in("t8", "bob");
  ada.send("JOIN #demo\r\n");
  const auto beat = [&] {
    hall.rooms.beat();
    hall.flush();
    return ada.outlet.take_delivered();
  };
  beat();
  bob.send("JOIN #demo\r\nPART #demo\r\n");
  CHECK(beat().empty());
  bob.send("JOIN #demo\r\n");
  beat();
  bob.send("PART #demo\r\nJOIN #demo\r\n");
  CHECK(beat().empty());
  CHECK(bob.outlet.take_delivered().empty());  // nor its own PART, after which tmi.js forgets the channel
  bob.send("PART #demo\r\nJOIN #demo\r\nPART #demo\r\n");
  CHECK(beat() == ":bob!bob@bob.tmi.twitch.tv PART #demo\r\n");
}

TEST_CASE("a changed setting is told as a partial ROOMSTATE") {
  TestHall hall;
  IrcPeer ada(hall);
  ada.log_in("t7", "ada");
  ada.send("JOIN #demo\r\n");
  hall.rooms.find("demo")->change_settings({.slow = 30});
  hall.flush();
  CHECK(ada.outlet.take_delivered() ==
        "@room-id=1;slow=30 :tmi.twitch.tv ROOMSTATE #demo\r\n"
        "@msg-id=slow_on :tmi.twitch.tv NOTICE #demo :This room is now in slow mode. You may send messages "
        "every 30 "
        "seconds.\r\n");
  hall.rooms.find("demo")->change_settings({.slow = 10, .subs_only = true});
  hall.flush();
  CHECK(ada.outlet.take_delivered().starts_with(
      "@room-id=1;slow=10 :tmi.twitch.tv ROOMSTATE #demo\r\n"
      "@room-id=1;subs-only=1 :tmi.twitch.tv ROOMSTATE #demo\r\n"));  // tmi.js reads one of a line
}

TEST_CASE("what passes is not told in words after which clients never try again") {
  TestHall hall;
  IrcPeer ada(hall);
  hall.directory.away = true;
  CHECK(ada.send("PASS oauth:t7\r\nNICK ada\r\n") ==
        ":tmi.twitch.tv NOTICE * :Logging in is not possible just now. Try again in a moment.\r\n");
  CHECK(ada.outlet.closed == "login refused");
  CHECK(ada.outlet.farewell == Farewell::restart);
}

TEST_CASE("a store that is away is told to who joins or speaks, and to nobody else") {
  TestHall hall;
  IrcPeer ada(hall);
  ada.log_in("t7", "ada");
  ada.send("JOIN #demo\r\n");
  hall.directory.away = true;
  CHECK(ada.send("JOIN #other\r\n") ==
        ":tmi.twitch.tv NOTICE #other :Joining is not possible just now. Try again in a moment.\r\n");
  CHECK(ada.send("PRIVMSG #other :x\r\n") ==
        ":tmi.twitch.tv NOTICE #other :Your message was not sent: the room cannot be found just now.\r\n");
  CHECK(
      ada.send("PRIVMSG #demo :x\r\n").ends_with("USERSTATE #demo\r\n"));  // who is in a room needs no store
  hall.directory.away = false;
  CHECK(ada.send("JOIN #other\r\n").ends_with("ROOMSTATE #other\r\n"));
}

TEST_CASE("commands act in the order in which they came, however slow the store is") {
  TestHall hall;
  IrcPeer ada(hall);
  ada.log_in("t7", "ada");
  hall.directory.later = true;
  CHECK(ada.send("JOIN #demo\r\nPART #demo\r\nPRIVMSG #demo :outside\r\nJOIN #other\r\nPING x\r\n") ==
        ":tmi.twitch.tv PONG tmi.twitch.tv :x\r\n");
  CHECK(ada.send("QUIT\r\n").empty());
  for (int i = 0; i < 3; ++i) hall.directory.answer_all();
  const std::string sent = ada.outlet.take_sent();
  CHECK(sent.find("JOIN #demo") < sent.find("PART #demo"));
  CHECK(hall.rooms.find("demo")->members() == 0);
  CHECK(hall.rooms.find("demo")->history().last(1)[0]->text == "outside");
  CHECK(sent.find("JOIN #other") != std::string::npos);
  CHECK(ada.outlet.closed == "quit");
}

TEST_CASE("what waits for the store is bounded") {
  TestHall hall;
  IrcPeer ada(hall);
  ada.log_in("t7", "ada");
  hall.directory.later = true;
  std::string last;
  for (int i = 0; i < 20; ++i) {
    std::string line = "PART #a";
    for (int j = 0; j < 59; ++j) line += ",#a";
    last += ada.send((i == 0 ? "JOIN #demo\r\n" : "") + line + "\r\n");
  }
  CHECK(ada.outlet.closed == "sent too much while the store was asked");
  CHECK(last.find("NOTICE * :You are sending faster than you are answered and have been disconnected.\r\n") !=
        std::string::npos);
}

TEST_CASE("logins are limited by user and by address, over all connections") {
  TestHall hall;
  const auto log_in = [&](std::string token, std::string from) {
    IrcPeer peer(hall);
    peer.outlet.from = std::move(from);
    const std::string said = peer.send("PASS oauth:" + token + "\r\nNICK ada\r\n");
    return std::pair(said, peer.outlet.farewell);
  };
  const std::string too_many =
      ":tmi.twitch.tv NOTICE * :You are logging in too quickly. Try again in a few seconds.\r\n";
  for (int i = 0; i < 20; ++i) CHECK(log_in("t7", "").first.find(" 376 ") != std::string::npos);
  CHECK(log_in("t7", "") == std::pair(too_many, Farewell::restart));
  CHECK(log_in("t8", "").first.find(" 376 ") != std::string::npos);  // another user
  for (int i = 0; i < 20; ++i)
    CHECK(log_in("guess", "192.0.2.1").first == ":tmi.twitch.tv NOTICE * :Login authentication failed\r\n");
  CHECK(log_in("t8", "192.0.2.1").first == too_many);
  CHECK(log_in("t8", "192.0.2.2").first.find(" 376 ") != std::string::npos);
  JsonPeer page(hall);
  page.outlet.from = "192.0.2.1";
  CHECK(page.send(R"({"type":"auth","ticket":"k8"})").find(R"("code":"rate_limited")") != std::string::npos);
  hall.clock.advance(seconds(10));
  CHECK(log_in("t7", "192.0.2.1").first.find(" 376 ") != std::string::npos);
}

TEST_CASE("who never logs in is told which part was missing") {
  TestHall hall;
  IrcPeer nick(hall), nothing(hall);
  nick.send("NICK ada\r\nUSER ada 8 * :ada\r\n");
  nick.client->give_up_waiting();
  CHECK(nick.outlet.take_sent() == ":tmi.twitch.tv NOTICE * :Improperly formatted auth\r\n");
  IrcPeer waits(hall);
  hall.directory.later = true;
  waits.send("PASS oauth:t7\r\nNICK ada\r\n");
  waits.client->give_up_waiting();
  CHECK(waits.outlet.take_sent() ==
        ":tmi.twitch.tv NOTICE * :Logging in is not possible just now. Try again in a moment.\r\n");
  nothing.client->give_up_waiting();
  CHECK(nothing.outlet.take_sent() == ":tmi.twitch.tv NOTICE * :Login unsuccessful\r\n");
}

TEST_CASE("353 comes in pieces that fit a line, and names everyone once") {
  std::vector<std::string> logins;
  for (int i = 0; i < 200; ++i) logins.push_back("somebody_with_a_name_" + std::to_string(1000 + i));
  std::string out;
  write_names(out, {}, logins[0], "demo", logins);
  std::size_t named = 0, lines = 0;
  for (std::string_view rest = out; !rest.empty(); ++lines) {
    const std::string_view line = rest.substr(0, rest.find("\r\n") + 2);
    rest.remove_prefix(line.size());
    CHECK(line.size() <= 512);
    if (line.find(" 353 ") != std::string_view::npos)
      named += 1 + static_cast<std::size_t>(std::ranges::count(line.substr(line.find(" :") + 2), ' '));
  }
  CHECK(named == 200);
  CHECK(lines == 15);
  CHECK(out.ends_with(" 366 somebody_with_a_name_1000 #demo :End of /NAMES list\r\n"));
}

TEST_CASE("RECONNECT and PING have no arguments too many") {
  TestHall hall;
  IrcPeer ada(hall);
  ada.log_in("t7", "ada");
  ada.client->keep_alive();
  CHECK(ada.outlet.take_sent() == "PING :tmi.twitch.tv\r\n");
  ada.client->restart(seconds(5));
  CHECK(ada.outlet.take_sent() == ":tmi.twitch.tv RECONNECT\r\n");
}

TEST_CASE("a verified bot joins as many rooms as it may have, at once") {
  TestHall hall;
  hall.directory.tokens["t8"].user.bot = true;
  IrcPeer bot(hall);
  bot.log_in("t8", "bob");
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "c" + std::to_string(i);
    hall.directory.channels[name] = {ChannelId(100 + i), name, UserId(1)};
    all += bot.send("JOIN #" + name + "\r\n");
  }
  CHECK(all.find("ROOMSTATE #c999") != std::string::npos);
  CHECK(all.find("too quickly") == std::string::npos);
  CHECK(bot.send("JOIN #demo\r\n").find("as many channels as one connection may") != std::string::npos);
}

TEST_CASE("joins are limited by rate and by number") {
  TestHall hall;
  for (int i = 0; i < 30; ++i)
    hall.directory.channels["c" + std::to_string(i)] = {ChannelId(100 + i), "c" + std::to_string(i),
                                                        UserId(1)};
  IrcPeer ada(hall);
  ada.log_in("t7", "ada");
  std::string all;
  for (int i = 0; i < 30; ++i) all += ada.send("JOIN #c" + std::to_string(i) + "\r\n");
  CHECK(all.find("ROOMSTATE #c19") != std::string::npos);
  CHECK(all.find("NOTICE #c20 :You are joining channels too quickly.") != std::string::npos);
  IrcPeer again(hall), reader(hall);
  again.log_in("t7", "ada");
  CHECK(again.send("JOIN #c21\r\n").find("too quickly") != std::string::npos);  // the same user
  reader.send("NICK justinfan5\r\n");
  CHECK(reader.send("JOIN #c21\r\n").find("366") != std::string::npos);
}
