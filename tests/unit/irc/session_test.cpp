#include "irc/session.hpp"

#include <catch2/catch.hpp>

#include "unit/irc/split.hpp"

using namespace sluice;
using namespace sluice::irc;

namespace {
std::string describe(const Command& command) {
  if (auto* login = std::get_if<Login>(&command))
    return "login " + login->nick + " " + (login->anonymous ? "anonymously" : login->token);
  if (auto* join = std::get_if<Join>(&command)) return "join " + join->channel;
  if (auto* part = std::get_if<Part>(&command)) return "part " + part->channel;
  if (auto* say = std::get_if<Say>(&command))
    return "say " + say->channel + " " + say->text + " nonce=" + say->client_nonce +
           " reply=" + say->reply_to;
  return "quit " + std::get<Quit>(command).why;
}

struct Client {
  Session session;
  std::vector<Command> commands;
  std::string out;

  void send(std::string_view text) { session.feed(as_bytes(text), commands, out); }
  std::string take_out() { return std::exchange(out, {}); }
  std::string take_commands() {
    std::string text;
    for (const Command& command : std::exchange(commands, {})) text += describe(command) + "\n";
    return text;
  }
  void register_as(std::string nick) {
    send("PASS oauth:t\r\nNICK " + nick + "\r\n");
    session.accept(nick, commands, out);
    take_out();
    take_commands();
  }
};

constexpr std::string_view welcome_of_ada =
    ":tmi.twitch.tv 001 ada :Welcome, GLHF!\r\n:tmi.twitch.tv 002 ada :Your host is tmi.twitch.tv\r\n"
    ":tmi.twitch.tv 003 ada :This server is rather new\r\n:tmi.twitch.tv 004 ada :-\r\n:tmi.twitch.tv 375 "
    "ada :-\r\n"
    ":tmi.twitch.tv 372 ada :You are in a maze of twisty passages, all alike.\r\n:tmi.twitch.tv 376 ada "
    ":>\r\n";
}  // namespace

TEST_CASE("tmi.js: CAP REQ, PASS, NICK, and the welcome") {
  Client client;
  client.send("CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership\r\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv CAP * ACK :twitch.tv/tags twitch.tv/commands twitch.tv/membership\r\n");
  client.send("PASS oauth:abc\r\nNICK Ada\r\nJOIN #demo\r\n");
  CHECK(client.take_commands() == "login ada abc\n");
  CHECK(client.take_out().empty());
  client.session.accept("ada", client.commands, client.out);
  CHECK(client.take_out() == welcome_of_ada);
  CHECK(client.take_commands() == "join demo\n");
  CHECK(client.session.capabilities().tags);
}

TEST_CASE("twurple: CAP LS 302, one REQ, CAP END, then PASS, NICK and USER") {
  Client client;
  client.send("CAP LS 302\r\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv CAP * LS :twitch.tv/commands twitch.tv/tags twitch.tv/membership\r\n");
  client.send("CAP REQ :twitch.tv/tags\r\nCAP END\r\nPASS oauth:abc\r\nNICK ada\r\nUSER ada 8 * :ada\r\n");
  CHECK(client.take_out() == ":tmi.twitch.tv CAP * ACK :twitch.tv/tags\r\n");
  CHECK(client.take_commands() == "login ada abc\n");
}

TEST_CASE("an unknown capability refuses the whole request") {
  Client client;
  client.send("CAP REQ :twitch.tv/tags sasl\r\n");
  CHECK(client.take_out() == ":tmi.twitch.tv CAP * NAK :twitch.tv/tags sasl\r\n");
  CHECK_FALSE(client.session.capabilities().tags);
}

TEST_CASE("anonymous readers need no PASS, and any will do") {
  Client client;
  client.send("NICK justinfan123\r\n");
  CHECK(client.take_commands() == "login justinfan123 anonymously\n");
  Client other;
  other.send("PASS SCHMOOPIIE\r\nNICK justinfan1\r\n");
  CHECK(other.take_commands() == "login justinfan1 anonymously\n");
  CHECK_FALSE(is_anonymous_nick("justinfan"));
  CHECK_FALSE(is_anonymous_nick("justinfan1x"));
}

TEST_CASE("PASS may follow NICK") {
  Client client;
  client.send("NICK ada\r\n");
  CHECK(client.take_commands().empty());
  client.send("PASS oauth:abc\r\n");
  CHECK(client.take_commands() == "login ada abc\n");
}

TEST_CASE("refusals are said in the dialect's words") {
  Client client;
  client.send("PASS abc\r\nNICK ada\r\n");
  CHECK(client.take_out() == ":tmi.twitch.tv NOTICE * :Improperly formatted auth\r\n");
  CHECK(client.take_commands().starts_with("quit"));
  Client nick;
  nick.send("NICK a:b\r\n");
  CHECK(nick.take_out() == ":tmi.twitch.tv NOTICE * :Invalid NICK\r\n");
  Client token;
  token.send("PASS oauth:x\r\nNICK ada\r\n");
  token.session.refuse("Login authentication failed", token.out);
  CHECK(token.take_out() == ":tmi.twitch.tv NOTICE * :Login authentication failed\r\n");
  token.take_commands();
  token.send("JOIN #demo\r\n");
  CHECK(token.take_commands().empty());
}

TEST_CASE("PING is answered as tmi.js and others look for it") {
  Client client;
  client.send("PING\r\n");
  CHECK(client.take_out() == "PONG :tmi.twitch.tv\r\n");
  client.send("PING :tmi.twitch.tv\r\nPING x\r\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv PONG tmi.twitch.tv :tmi.twitch.tv\r\n:tmi.twitch.tv PONG tmi.twitch.tv :x\r\n");
}

TEST_CASE("a line without its colon, as people type it, is said whole") {
  Client client;
  client.register_as("ada");
  client.send("PRIVMSG #demo hello there  all\r\nPRIVMSG #demo one :two three\r\n");
  CHECK(client.take_commands() == "say demo hello there all nonce= reply=\nsay demo one two three nonce= reply=\n");
}

TEST_CASE("commands after the welcome") {
  Client client;
  client.register_as("ada");
  client.send(
      "JOIN #A,#b,c,#b-d key\r\nPART #a\r\n@client-nonce=n1;reply-parent-msg-id=m PRIVMSG #Demo :hi "
      "there\r\nWHO #a\r\n");

  CHECK(client.take_commands() == "join a\njoin b\npart a\nsay demo hi there nonce=n1 reply=m\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv 403 ada c :No such channel\r\n:tmi.twitch.tv 403 ada #b-d :No such channel\r\n"
        ":tmi.twitch.tv 421 ada WHO :Unknown command\r\n");
}

TEST_CASE("a list of channels may have blanks behind its commas") {
  Client client;
  client.register_as("ada");
  client.send("JOIN #a, #b,#c, #d\r\nJOIN #e,,#f key #g\r\nPART #a, #b\r\n");
  CHECK(client.take_commands() == "join a\njoin b\njoin c\njoin d\njoin e\njoin f\npart a\npart b\n");
  CHECK(client.take_out().empty());
}

TEST_CASE("what cannot be said or joined is answered as clients of IRC look for it") {
  Client client;
  client.register_as("ada");
  const auto answer = [&](const std::string& line) {
    client.send(line + "\r\n");
    CHECK(client.take_commands().empty());
    return client.take_out();
  };
  CHECK(answer("PRIVMSG bob :hi") ==
        ":tmi.twitch.tv 401 ada bob :No such nick: lines go to one channel, and /w USER TEXT in it to a "
        "user\r\n");
  CHECK(answer("PRIVMSG :hello there") ==
        ":tmi.twitch.tv 401 ada * :No such nick: lines go to one channel, and /w USER TEXT in it to a "
        "user\r\n");
  CHECK(answer("PRIVMSG #a,#b :hi") == ":tmi.twitch.tv 403 ada #a,#b :No such channel\r\n");
  CHECK(answer("PRIVMSG") == ":tmi.twitch.tv 411 ada :No recipient given (PRIVMSG)\r\n");
  CHECK(answer("PRIVMSG :") == ":tmi.twitch.tv 411 ada :No recipient given (PRIVMSG)\r\n");
  CHECK(answer("PRIVMSG #a") == ":tmi.twitch.tv 412 ada :No text to send\r\n");
  for (const char* list : {"", " :", " ,", " , "}) {
    CHECK(answer(std::string("JOIN") + list) == ":tmi.twitch.tv 461 ada JOIN :Not enough parameters\r\n");
    CHECK(answer(std::string("PART") + list) == ":tmi.twitch.tv 461 ada PART :Not enough parameters\r\n");
  }
  CHECK(answer("PRIVMSG #" + std::string(65, 'x') + " :hi") ==
        ":tmi.twitch.tv 403 ada * :No such channel\r\n");
  std::string many = "JOIN x";
  for (int i = 0; i < 999; ++i) many += ",x";
  CHECK(answer(many).size() == 20 * std::string(":tmi.twitch.tv 403 ada x :No such channel\r\n").size());
}

TEST_CASE("what is sent while the login is decided is bounded") {
  Client client;
  client.send("PASS oauth:abc\r\nNICK ada\r\n");
  client.take_commands();
  for (int i = 0; i < 20; ++i) client.send(std::string(1000, 'x'));
  CHECK(client.take_commands() == "quit sent too much before its login was decided\n");
}

TEST_CASE("a session is the same wherever its bytes are cut") {
  const std::string_view input =
      "CAP LS 302\r\nCAP REQ :twitch.tv/tags twitch.tv/commands\r\nPASS oauth:abc\r\nNICK ada\r\nJOIN "
      "#demo,#two\r\n"
      "@client-nonce=1\\s2 PRIVMSG #demo :h\xc3\xa9llo\r\nPING 1\r\nBOGUS\r\nPART #two\nQUIT\r\nJOIN "
      "#late\r\n";
  const auto run = [](std::vector<std::string_view> pieces) {
    Client client;
    std::string log;
    for (std::string_view piece : pieces) {
      client.send(piece);
      for (std::size_t i = 0; i < client.commands.size(); ++i)
        if (std::holds_alternative<Login>(client.commands[i]))
          client.session.accept("ada", client.commands, client.out);
      log += client.take_commands();
    }
    return log + client.out;
  };
  CHECK(first_difference(input, run) == run({input}));
  CHECK(run({input}).find("join late") == std::string::npos);
}

TEST_CASE("capabilities are listed, taken back, and asked for without a colon") {
  Client client;
  client.send("CAP LIST\r\nCAP REQ twitch.tv/tags twitch.tv/commands\r\ncap list\r\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv CAP * LIST :\r\n"
        ":tmi.twitch.tv CAP * ACK :twitch.tv/tags twitch.tv/commands\r\n"
        ":tmi.twitch.tv CAP * LIST :twitch.tv/commands twitch.tv/tags\r\n");
  client.register_as("ada");
  client.send("CAP REQ :-twitch.tv/tags twitch.tv/membership\r\nCAP LIST\r\nCAP END\r\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv CAP * ACK :-twitch.tv/tags twitch.tv/membership\r\n"
        ":tmi.twitch.tv CAP * LIST :twitch.tv/commands twitch.tv/membership\r\n");
  client.send("CAP REQ :twitch.tv/tags -sasl\r\n");
  CHECK(client.take_out() == ":tmi.twitch.tv CAP * NAK :twitch.tv/tags -sasl\r\n");
  CHECK_FALSE(client.session.capabilities().tags);
}

TEST_CASE("a CAP that is none is told so") {
  Client client;
  client.send("CAP CLEAR\r\nCAP\r\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv 410 * CLEAR :Invalid CAP command\r\n:tmi.twitch.tv 410 * * :Invalid CAP command\r\n");
  client.register_as("ada");
  client.send("CAP dance\r\n");
  CHECK(client.take_out() == ":tmi.twitch.tv 410 ada dance :Invalid CAP command\r\n");
}

TEST_CASE("PING is answered with its first parameter, whatever it is") {
  Client client;
  client.send("PING :\r\nPING one two\r\nPING :one two\r\nPONG :x\r\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv PONG tmi.twitch.tv :\r\n:tmi.twitch.tv PONG tmi.twitch.tv :one\r\n"
        ":tmi.twitch.tv PONG tmi.twitch.tv :one two\r\n");
}

TEST_CASE("lines and tags past their limits are refused with 417, and the next line counts") {
  Client client;
  client.send(std::string(7000, 'x') + "\r\nPING 1\r\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv 417 * :Input line was too long\r\n:tmi.twitch.tv PONG tmi.twitch.tv :1\r\n");
  client.register_as("ada");
  const std::string most(4094 - std::string_view("client-nonce=n;x=").size(), 'x');
  client.send("@client-nonce=n;x=" + most + " PRIVMSG #a :fits\r\n");
  CHECK(client.take_commands() == "say a fits nonce=n reply=\n");
  CHECK(client.take_out().empty());
  client.send("@client-nonce=n;x=x" + most + " PRIVMSG #a :does not\r\n");
  CHECK(client.take_commands().empty());
  CHECK(client.take_out() == ":tmi.twitch.tv 417 ada :Input line was too long\r\n");
}

TEST_CASE("a nonce that others could not be shown is left out") {
  Client client;
  client.register_as("ada");
  for (const std::string& bad : {std::string("\xff\xfe"), std::string("a\\sb"), std::string("a\x01"),
                                 std::string("\xe2\x80\xae"), std::string(65, 'n')})
    client.send("@client-nonce=" + bad + " PRIVMSG #a :x\r\n");
  client.send("@client-nonce=" + std::string(64, 'n') + " PRIVMSG #a :x\r\n");
  std::string expected;
  for (int i = 0; i < 5; ++i) expected += "say a x nonce= reply=\n";
  CHECK(client.take_commands() == expected + "say a x nonce=" + std::string(64, 'n') + " reply=\n");
}

TEST_CASE("NICK, PASS and USER after the welcome change nothing") {
  Client client;
  client.register_as("ada");
  client.send("NICK eve\r\nPASS oauth:other\r\nUSER eve 8 * :eve\r\nBOGUS\r\n");
  CHECK(client.take_commands().empty());
  CHECK(client.take_out() == ":tmi.twitch.tv 421 ada BOGUS :Unknown command\r\n");
  CHECK(client.session.nick() == "ada");
}

TEST_CASE("hostile bytes end nothing and begin no line of their own") {
  Client client;
  client.register_as("ada");
  client.send(std::string("PRIVMSG #a :nul\0inside\r\n", 24));
  client.send(
      "PRIVMSG #a :lone\rCR\r\nPRIVMSG #a\x01 :x\r\nJOIN #\xe2\x80\xae,#a\xff,##,#\r\nPING a\rQUIT\r\n");
  CHECK(client.take_commands() == "say a nul inside nonce= reply=\nsay a lone\rCR nonce= reply=\n");
  CHECK(client.take_out() ==
        ":tmi.twitch.tv 403 ada #a\x01 :No such channel\r\n"
        ":tmi.twitch.tv 403 ada #\xe2\x80\xae :No such channel\r\n"
        ":tmi.twitch.tv 403 ada #a\xff :No such channel\r\n:tmi.twitch.tv 403 ada ## :No such channel\r\n"
        ":tmi.twitch.tv 403 ada # :No such channel\r\n"
        ":tmi.twitch.tv PONG tmi.twitch.tv :a QUIT\r\n");
}

namespace {
// A line that a client might send, or would never.
std::string random_line(SeededRandom& random) {
  static const std::vector<std::string> pieces{"PRIVMSG",
                                               "JOIN",
                                               "PART",
                                               "PING",
                                               "PONG",
                                               "CAP",
                                               "REQ",
                                               "LS",
                                               "LIST",
                                               "END",
                                               "NICK",
                                               "PASS",
                                               "USER",
                                               "WHO",
                                               "#demo",
                                               "#a,#b,#c",
                                               "#",
                                               ":",
                                               "oauth:abc",
                                               "ada",
                                               "justinfan7",
                                               "twitch.tv/tags",
                                               "-twitch.tv/commands",
                                               ":hello there",
                                               "@client-nonce=n1;reply-parent-msg-id=m",
                                               "@",
                                               ";=;",
                                               "\\s\\:",
                                               "\xc3\xa9",
                                               "\xff\xfe",
                                               "\x01"
                                               "ACTION x\x01",
                                               "\r",
                                               "302",
                                               "*",
                                               "8"};
  std::string line;
  for (std::uint64_t words = random.below(7); words > 0; --words) {
    line += pieces[random.below(pieces.size())];
    if (random.below(6) == 0) line += std::string(random.below(1200), 'x');
    if (random.below(20) == 0) line += '\0';
    line += std::string(random.below(3), ' ');
  }
  static const std::vector<std::string> ends{"\r\n", "\n", "\r\n\r\n"};
  return line + ends[random.below(ends.size())];
}
}  // namespace

TEST_CASE("random sessions are the same wherever their bytes are cut") {
  const auto run = [](const std::vector<std::string_view>& pieces) {
    Client client;
    std::string log;
    for (std::string_view piece : pieces) {
      client.send(piece);
      for (std::size_t i = 0; i < client.commands.size(); ++i)
        if (const auto* login = std::get_if<Login>(&client.commands[i]))
          client.session.accept(std::string(login->nick), client.commands, client.out);
      log += client.take_commands();
    }
    return log + client.out;
  };
  std::size_t welcomed = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    std::string input = random.below(4) == 0 ? "" : "PASS oauth:abc\r\nNICK ada\r\n";
    while (input.size() < 8000) input += random_line(random);
    const std::string whole = run({input});
    welcomed += whole.find(" 376 ") != std::string::npos;
    for (int round = 0; round < 5; ++round) {
      std::vector<std::string_view> pieces;
      const std::uint64_t most = 1 + random.below(round == 0 ? 1 : 400);
      for (std::size_t at = 0; at < input.size(); at += pieces.back().size())
        pieces.push_back(std::string_view(input).substr(at, 1 + random.below(most)));
      REQUIRE(run(pieces) == whole);
    }
  }
  CHECK(welcomed > 200);
}
