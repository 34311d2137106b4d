#pragma once
// A page, and a world that goes on around it: others speak, questions are answered at once or late, tickets
// and tokens end.
#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>

#include "chat/text.hpp"
#include "unit/chat/checks.hpp"
#include "unit/chat/fakes.hpp"

namespace sluice::chat {

// Holds lines with a "hold" in them, blocks those with a "block", and keeps those with a "wait" until it is
// asked again.
struct WilfulGate : Gate {
  std::deque<Then> waiting;
  void ask(const Room&, const Message& line, Then then) override {
    const auto has = [&](const char* word) { return line.text.find(word) != std::string::npos; };
    if (has("wait")) return waiting.push_back(std::move(then));
    if (has("hold")) return then(Refusal{.reason = Reason::held, .detail = line.id});
    then(has("block") ? std::optional(Refusal{Reason::rejected}) : std::nullopt);
  }
  void answer_all() {
    for (auto& then : std::exchange(waiting, {})) then(std::nullopt);
  }
};

enum : std::uint8_t { ticket_bits = 3, joined_bit = 4, held_bit = 8, away_bit = 16, past_bit = 32 };

inline bool is_event(std::string_view line) {
  return line.size() == 2 && line[0] == '~';
}

class World {
 public:
  World(std::uint8_t before, bool late) {
    hall_.path.add_gate(gate_);
    hall_.directory.tickets["k9"] = {user(9, "cyd"), false};
    other_.log_in("t8", "bob");
    other_.send("JOIN #demo\r\n");
    reader_.send(R"({"type":"join","channel":"demo"})");
    if (before & past_bit) others_speak();
    if (before & held_bit)
      hall_.acts.waiting.push_back({.channel = "demo",
                                    .id = "h1",
                                    .user = user(8, "bob"),
                                    .text = "hold \" me",
                                    .reason = "automod",
                                    .category = "swearing",
                                    .level = 2,
                                    .boundaries = {{0, 3}},
                                    .at = Wall(milliseconds(5))});
    page_.client->greet();
    const std::string who = std::array{"", "k7", "k8", "k9"}[before & ticket_bits];
    if (!who.empty()) page_.client->receive(as_bytes(R"({"type":"auth","ticket":")" + who + "\"}"));
    if (before & joined_bit) page_.client->receive(as_bytes(R"({"type":"join","channel":"demo"})"));
    if (before & away_bit) hall_.acts.error = Error{Errc::unavailable, "the store is away", ""};
    hall_.directory.later = late;
  }

  void take(std::string_view line) {
    if (!open()) return;
    if (is_event(line)) return happen(line[1]);
    page_.client->receive(as_bytes(line));
  }

  // Every question is answered.
  void settle() {
    while (!hall_.directory.waiting.empty()) hall_.directory.answer_all();
    gate_.answer_all();
    hall_.flush();
  }
  void answer_some() { hall_.directory.answer_all(); }
  bool gate_waits() const { return !gate_.waiting.empty(); }

  bool open() const { return page_.outlet.closed.empty(); }
  const std::string& sent() const { return page_.outlet.sent; }
  void check() const {
    check_frames(page_.outlet.delivered);
    check_frames(reader_.outlet.delivered);
    check_lines(other_.outlet.sent);
    check_lines(other_.outlet.delivered);
    for (const nlohmann::json& object : read_all(sent())) must(object.is_object() && object.contains("type"));
  }

 private:
  void others_speak() {
    other_.client->receive(as_bytes("PRIVMSG #demo :said \"before\"\r\nPRIVMSG #demo :/me \\ too\r\n"));
    hall_.flush();
  }
  void happen(char what) {
    if (what == 's') return others_speak();
    if (what == 't') return hall_.clock.advance(seconds(31));
    if (what == 'g') return gate_.answer_all();
    if (what == 'a') hall_.directory.away = !hall_.directory.away;
    if (what == 'r') return page_.client->restart(seconds(3));
    if (what == 'k') return page_.client->refuse_token();
    if (what == 'f') return page_.client->fall_behind();
    if (what == 'w')
      return page_.client->hear(
          {.id = "w1", .at = {}, .from = user(8, "bob"), .to = {}, .text = "psst", .emotes = {}});
  }

  TestHall hall_;
  WilfulGate gate_;
  IrcPeer other_{hall_};
  JsonPeer reader_{hall_}, page_{hall_};
};

// What the room shows is its only answer to some of them.
inline bool is_command(std::string_view line) {
  const auto request = parse_json_request(line);
  const auto* message = request ? std::get_if<MessageRequest>(&*request) : nullptr;
  return message != nullptr && read_typed(message->text).command;
}

// A line has one answer at least, with its key where it has one.
inline void check_answers(std::string_view line, const std::vector<nlohmann::json>& answers) {
  must(!answers.empty());
  const auto request = parse_json_request(line);
  const bool keyed = !request || std::holds_alternative<MessageRequest>(*request) ||
                     std::holds_alternative<RuleRequest>(*request);
  const std::string key = key_of_request(line);
  if (!keyed || key.empty()) return;
  must(std::ranges::any_of(answers, [&](const auto& answer) { return answer.value("key", "") == key; }));
}

// Lines are frames, or events. No crash; whatever the page, another page or an IRC client gets is one object
// or one line; every frame is answered, one with a key with that key. And a page whose questions are answered
// late gets the same as one that is answered at once: what it sends meanwhile waits, and nothing passes it.
// At most 60 lines: fewer than a page may have waiting.
inline void survive(std::uint8_t before, std::span<const std::string_view> lines) {
  World at_once(before, false);
  for (const std::string_view line : lines) {
    const std::size_t sent = at_once.sent().size();
    at_once.take(line);
    if (!at_once.open()) break;
    if (!is_event(line) && !is_command(line) && !at_once.gate_waits())
      check_answers(line, read_all(std::string_view(at_once.sent()).substr(sent)));
  }
  at_once.settle();
  at_once.check();

  // Answered now and then, or when all is sent. What happens meanwhile would happen to both at other times,
  // and commands are answered when they are carried out.
  World late(before, true);
  const bool alone =
      std::ranges::none_of(lines, [](std::string_view line) { return is_event(line) || is_command(line); });
  std::size_t number = 0;
  for (const std::string_view line : lines) {
    late.take(line);
    if ((++number * 7 + lines.size()) % 5 == 0) late.answer_some();
  }
  late.settle();
  late.check();
  if (alone) must(late.sent() == at_once.sent() && late.open() == at_once.open());
}

}  // namespace sluice::chat
