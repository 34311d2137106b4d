// What an IRC client says, and what the others and it itself are told of that.
#include <catch2/catch.hpp>

#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;

TEST_CASE("PRIVMSG reaches the others with tags, its sender gets USERSTATE and no echo on that connection") {
  TestHall hall;
  IrcPeer ada(hall), again(hall), bob(hall);
  ada.log_in("t7", "ada");
  again.log_in("t7", "ada");
  bob.log_in("t8", "bob");
  for (IrcPeer* peer : {&ada, &again, &bob}) peer->send("JOIN #demo\r\n");
  const std::string answer = ada.send("@client-nonce=n1 PRIVMSG #demo :hello\r\n");
  CHECK(answer.find("client-nonce=n1") != std::string::npos);
  CHECK(answer.find(";id=" + hall.rooms.find("demo")->history().last(1)[0]->id + ";mod=0;") !=
        std::string::npos);
  CHECK(answer.ends_with(":tmi.twitch.tv USERSTATE #demo\r\n"));
  hall.flush();
  CHECK(ada.outlet.delivered.empty());
  for (IrcPeer* peer : {&again, &bob}) {
    CHECK(peer->outlet.delivered.starts_with(
        "@badge-info=;badges=broadcaster/"
        "1;client-nonce=n1;color=;display-name=Ada;emotes=;first-msg=1;flags=;id="));
    CHECK(
        peer->outlet.delivered.ends_with(";mod=0;returning-chatter=0;room-id=1;subscriber=0;tmi-sent-ts="
                                         "1700000000000;turbo=0;user-id=7;user-type= "
                                         ":ada!ada@ada.tmi.twitch.tv PRIVMSG #demo :hello\r\n"));
  }
  CHECK(again.outlet.batches[0].get() == bob.outlet.batches[0].get());  // rendered once
}

TEST_CASE("speaking without joining is allowed, and without the right is refused") {
  TestHall hall;
  IrcPeer bob(hall), cyd(hall), reader(hall);
  bob.log_in("t8", "bob");
  CHECK(bob.send("PRIVMSG #demo :from outside\r\n").ends_with("USERSTATE #demo\r\n"));
  CHECK(hall.rooms.find("demo")->history().last(1)[0]->text == "from outside");
  CHECK(
      bob.send("PRIVMSG #nowhere :x\r\n") ==
      "@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #nowhere :This channel does not exist or has been "
      "suspended.\r\n");
  cyd.log_in("t9", "cyd");
  CHECK(cyd.send("PRIVMSG #demo :x\r\n").starts_with("@msg-id=no_permission :tmi.twitch.tv NOTICE #demo :"));
  reader.send("NICK justinfan5\r\n");
  CHECK(reader.send("PRIVMSG #demo :x\r\n").starts_with(":tmi.twitch.tv NOTICE #demo :"));
}

TEST_CASE("refusals are NOTICEs with the dialect's ids") {
  TestHall hall;
  IrcPeer bob(hall);
  bob.log_in("t8", "bob");
  bob.send("JOIN #demo\r\nPRIVMSG #demo :one\r\n");
  CHECK(
      bob.send("PRIVMSG #demo :two\r\n").starts_with("@msg-id=msg_ratelimit :tmi.twitch.tv NOTICE #demo :"));
  CHECK(bob.send("PRIVMSG #demo :/dance ada\r\n") ==
        "@msg-id=unrecognized_cmd :tmi.twitch.tv NOTICE #demo :Unrecognized command: /dance\r\n");
  CHECK(bob.send("PRIVMSG #demo :/ban ada\r\n").starts_with("@msg-id=no_permission "));
  CHECK(
      bob.send("PRIVMSG #demo :  \r\n") ==
      "@msg-id=msg_bad_characters :tmi.twitch.tv NOTICE #demo :Your message was not sent: nothing is left of "
      "its text.\r\n");
  CHECK(bob.send("PRIVMSG #demo :" + std::string(501, 'x') + "\r\n") ==
        "@msg-id=msg_rejected_mandatory :tmi.twitch.tv NOTICE #demo :Your message was not sent: it is longer "
        "than "
        "500 characters.\r\n");
  hall.clock.advance(seconds(1));
  CHECK(bob.send("PRIVMSG #demo :  one \r\n") ==
        "@msg-id=msg_duplicate :tmi.twitch.tv NOTICE #demo :Your message was not sent because it is "
        "identical to the "
        "previous one you sent, less than 30 seconds ago.\r\n");
  hall.clock.advance(seconds(29));
  CHECK(bob.send("PRIVMSG #demo :one\r\n").ends_with("USERSTATE #demo\r\n"));
  IrcPeer ada(hall);
  ada.log_in("t7", "ada");
  for (int i = 0; i < 2; ++i) CHECK(ada.send("PRIVMSG #demo :same\r\n").ends_with("USERSTATE #demo\r\n"));
}

TEST_CASE("/me and CTCP ACTION come out as ACTION, replies name whom they answer") {
  TestHall hall;
  IrcPeer ada(hall), bob(hall);
  ada.log_in("t7", "ada");
  bob.log_in("t8", "bob", false);
  ada.send("JOIN #demo\r\n");
  bob.send("JOIN #demo\r\n");
  ada.send(
      "PRIVMSG #demo :/me waves\r\nPRIVMSG #demo :\x01"
      "ACTION bows\x01\r\n");
  hall.flush();
  CHECK(bob.outlet.take_delivered() ==
        ":ada!ada@ada.tmi.twitch.tv PRIVMSG #demo :\x01"
        "ACTION waves\x01\r\n"
        ":ada!ada@ada.tmi.twitch.tv PRIVMSG #demo :\x01"
        "ACTION bows\x01\r\n");
  const std::string id = hall.rooms.find("demo")->history().last(1)[0]->id;
  bob.send("@reply-parent-msg-id=" + id + " PRIVMSG #demo :why\r\n");
  hall.flush();
  CHECK(ada.outlet.delivered.find("reply-parent-msg-id=" + id +
                                  ";reply-parent-user-id=7;reply-parent-user-login=ada") !=
        std::string::npos);
  CHECK(ada.outlet.delivered.ends_with("PRIVMSG #demo :@Ada why\r\n"));
}

TEST_CASE("a reply to a reply names both its parent and the root of the thread") {
  TestHall hall;
  IrcPeer ada(hall), bob(hall);
  ada.log_in("t7", "ada");
  bob.log_in("t8", "bob");
  bob.send("JOIN #demo\r\n");
  const auto last_id = [&] { return hall.rooms.find("demo")->history().last(1)[0]->id; };
  ada.send("PRIVMSG #demo :root\r\n");
  const std::string root = last_id();
  bob.send("@reply-parent-msg-id=" + root + " PRIVMSG #demo :first\r\n");
  const std::string first = last_id();
  hall.flush();
  bob.outlet.take_delivered();
  ada.send("@reply-parent-msg-id=" + first + " PRIVMSG #demo :second\r\n");
  hall.flush();
  CHECK(bob.outlet.delivered.find(
            ";reply-parent-display-name=Bob;reply-parent-msg-body=first;reply-parent-msg-id=" + first +
            ";reply-parent-user-id=8;reply-parent-user-login=bob;"
            "reply-thread-parent-display-name=Ada;reply-thread-parent-msg-id=" +
            root + ";reply-thread-parent-user-id=7;reply-thread-parent-user-login=ada;returning-chatter=0") !=
        std::string::npos);
}

TEST_CASE("what the room has no longer in mind is looked up, and replied to in its turn") {
  TestHall hall;
  std::vector<std::pair<std::string, std::function<void(const MessagePtr&)>>> asked;
  hall.path.find_older = [&](ChannelId channel, std::string id, auto answer) {
    CHECK(channel == ChannelId(1));
    asked.emplace_back(std::move(id), std::move(answer));
  };
  IrcPeer ada(hall), bob(hall);
  ada.log_in("t7", "ada");
  bob.log_in("t8", "bob");
  ada.send("JOIN #demo\r\n");
  CHECK(bob.send("@reply-parent-msg-id=old PRIVMSG #demo :late\r\n").empty());
  bob.send("PRIVMSG #demo :behind it\r\n");
  hall.flush();
  CHECK(ada.outlet.delivered.empty());
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].first == "old");
  Message parent;
  parent.id = "old";
  parent.author = user(9, "cyd");
  parent.text = "long ago";
  asked[0].second(std::make_shared<const Message>(parent));
  hall.flush();
  const std::string heard = ada.outlet.take_delivered();
  CHECK(heard.find("reply-parent-msg-body=long\\sago;reply-parent-msg-id=old;reply-parent-user-id=9") !=
        std::string::npos);
  CHECK(heard.find(":@Cyd late\r\n") < heard.find(":behind it\r\n"));
  CHECK(bob.outlet.take_sent().find("USERSTATE #demo") != std::string::npos);

  bob.send("@reply-parent-msg-id=nothing PRIVMSG #demo :to nobody\r\n");
  asked.at(1).second(nullptr);  // there is none, or it was taken off
  hall.flush();
  CHECK(ada.outlet.take_delivered().find("PRIVMSG #demo :to nobody\r\n") != std::string::npos);
  bob.send("@reply-parent-msg-id=slow PRIVMSG #demo :held up\r\n");
  hall.path.tick();
  hall.flush();
  CHECK(ada.outlet.take_delivered().empty());
  hall.clock.advance(seconds(1));
  hall.path.tick();
  asked.at(2).second(std::make_shared<const Message>(parent));  // too late
  hall.flush();
  CHECK(ada.outlet.take_delivered().find("PRIVMSG #demo :held up\r\n") != std::string::npos);
  bob.send("@reply-parent-msg-id=old PRIVMSG #demo :taken off meanwhile\r\n");
  hall.rooms.find("demo")->remove_message("old", "cyd", "long ago", hall.clock.wall());
  asked.at(3).second(std::make_shared<const Message>(parent));  // an archive that has not heard of it
  hall.flush();
  CHECK(ada.outlet.take_delivered().find("PRIVMSG #demo :taken off meanwhile\r\n") != std::string::npos);
  bob.send("PRIVMSG #demo :one that is kept\r\n");
  const std::string kept = hall.rooms.find("demo")->history().last(1)[0]->id;
  bob.send("@reply-parent-msg-id=" + kept + " PRIVMSG #demo :at once\r\n");
  hall.rooms.find("demo")->remove_message(kept, "bob", "one that is kept", hall.clock.wall());
  bob.send("@reply-parent-msg-id=" + kept + " PRIVMSG #demo :it is gone\r\n");
  CHECK(asked.size() == 4);
}

TEST_CASE("what is said behind /clear comes behind it, and is not cleared") {
  TestHall hall;
  Room& room = hall.rooms.open(hall.directory.channels["demo"]);
  hall.acts.clears_late = true;
  IrcPeer ada(hall), elsewhere(hall);
  ada.log_in("t7", "ada");
  elsewhere.log_in("t7", "ada");
  const auto clear = [&] {  // the event comes, then the answer
    room.clear(hall.clock.wall());
    hall.clock.advance(milliseconds(1500));
    for (const auto& answer : std::exchange(hall.acts.late, {})) answer();
    hall.flush();
  };
  for (IrcPeer* peer : {&ada, &elsewhere}) {  // in the room, and not in it
    if (peer == &ada) peer->send("JOIN #demo\r\n");
    peer->send("PRIVMSG #demo :before\r\nPRIVMSG #demo :/clear\r\nPRIVMSG #demo :behind\r\n");
    CHECK(room.history().latest()->text == "before");
    clear();
    REQUIRE(room.history().last(1).size() == 1);
    CHECK(room.history().last(5)[0]->text == "behind");
    CHECK(peer->outlet.take_sent().find("USERSTATE #demo") != std::string::npos);
  }
  JsonPeer page(hall);
  page.send(R"({"type":"auth","ticket":"k7"})");
  page.send(R"({"type":"join","channel":"demo"})");
  page.send(R"({"type":"message","channel":"demo","text":"/clear","key":"1"})");
  CHECK(page.send(R"({"type":"message","channel":"demo","text":"from a page","key":"2"})").empty());
  clear();
  CHECK(room.history().last(5).size() == 1);
  const std::string told = page.outlet.take_sent();
  CHECK(told.find(R"("type":"notice")") < told.find(R"("type":"confirmed")"));
  CHECK(told.find(R"("type":"confirmed")") != std::string::npos);
}

TEST_CASE("first-msg marks what a user says first in a room, also after a restart") {
  TestHall hall;
  IrcPeer ada(hall), bob(hall);
  bob.log_in("t8", "bob");
  bob.send("JOIN #demo\r\n");
  hall.rooms.find("demo")->restore_speaker(UserId(8));
  ada.log_in("t7", "ada");
  ada.send("JOIN #demo\r\nPRIVMSG #demo :one\r\nPRIVMSG #demo :two\r\n");
  bob.send("PRIVMSG #demo :three\r\n");
  std::string firsts;
  for (const MessagePtr& message : hall.rooms.find("demo")->history().last(3))
    firsts += message->first ? '1' : '0';
  CHECK(firsts == "100");
}

TEST_CASE("emote-only marks a message of emotes alone") {
  const auto tags_of = [](std::string text, std::vector<EmoteUse> emotes) {
    Message message;
    message.text = std::move(text);
    message.emotes = std::move(emotes);
    std::string out;
    write_privmsg(out, IrcStyle{.tags = true}, message);
    return out;
  };
  CHECK(tags_of("Kappa Kappa", {{"25", 0, 4}, {"25", 6, 10}}).find(";emote-only=1;emotes=25:0-4,6-10;") !=
        std::string::npos);
  CHECK(tags_of("Kappa x", {{"25", 0, 4}}).find("emote-only") == std::string::npos);
  CHECK(tags_of("x", {}).find("emote-only") == std::string::npos);
}
