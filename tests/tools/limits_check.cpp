// rooms: nodes redis net
// limits_check URL SEED STEPS: messages at random, each asked of a node's own limits and of the script that
// nodes share by the Redis server at URL, with a time that is given to both: they must say the same. Prints
// the first difference and fails; else prints how many of each answer there were.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "net/loop.hpp"
#include "nodes/limit_scripts.hpp"
#include "nodes/limits.hpp"
#include "redis/script.hpp"

using namespace sluice;
using chat::Reason;
using chat::Refusal;
using chat::SendLimits;

namespace {
// The server, and a loop that runs until it has answered.
struct Server final : nodes::Limits::Outside {
  Server(const redis::Url& url, FakeClock& c) : clock(c) {
    link.emplace(loop, url, redis::Link::Calls{.up = [this] { loop.stop(); }, .down = [] { std::abort(); }},
                 redis::Link::Habits{});
    loop.run();
  }
  bool reachable() override { return true; }
  void run(nodes::Limits::Script script, nodes::Limits::Words keys, nodes::Limits::Words arguments,
           nodes::Limits::Answer answer) override {
    using Script = nodes::Limits::Script;
    redis::Script& text = script == Script::send ? send : script == Script::whisper ? whisper : take_back;
    const auto us = std::chrono::duration_cast<microseconds>(clock.steady().time_since_epoch() + shift);
    if (script != Script::take_back) arguments.push_back(std::to_string(us.count()));
    text.run(*link, keys, arguments, [this, answer](const Result<redis::Reply>& reply) {
      loop.stop();
      if (!reply) std::fprintf(stderr, "Redis: %s\n", reply.error().what.c_str()), std::exit(1);
      nodes::Limits::Words words;
      for (const redis::Reply& item : reply->items) words.push_back(item.text);
      answer(words);
    });
    loop.run();
  }
  void set(std::string, std::string, seconds) override {}
  void remove(std::string) override {}
  void wake(milliseconds) override {}

  FakeClock& clock;
  microseconds shift{0};
  net::Loop loop;
  redis::Script send{nodes::send_script(nodes::ScriptTime::given)};
  redis::Script whisper{nodes::whisper_script(nodes::ScriptTime::given)};
  redis::Script take_back{nodes::take_back_script()};
  std::optional<redis::Link> link;
};

std::string words(const std::optional<Refusal>& refusal) {
  if (!refusal) return "passes";
  std::string out = std::string(chat::name(chat::words_for(*refusal).code));
  if (refusal->retry_after) out += " for " + std::to_string(refusal->retry_after->count()) + " ms";
  if (refusal->remaining) out += ", " + std::to_string(*refusal->remaining) + " left";
  return out;
}

// As the message path asks its own limits.
std::optional<Refusal> alone(SendLimits& limits, const chat::Message& line, seconds slow, std::size_t said,
                             Steady now) {
  const UserId user = line.author.id;
  if (auto limited = limits.limited(user, line.channel, line.roles, now))
    return Refusal{Reason::rate_limited, limited->retry_after, limited->remaining};
  if (auto wait = limits.slow_wait(user, line.channel, line.roles, slow, now))
    return Refusal{Reason::slow_mode, *wait};
  limits.taken(user, line.channel, line.roles, now);
  if (auto wait = limits.repeat_wait(user, line.channel, line.roles, said, now))
    return Refusal{Reason::repeated, *wait};
  return std::nullopt;
}

chat::Roles roles_of(std::uint64_t kind) {
  chat::Roles roles;
  roles.subscriber = kind == 1;
  roles.bot = kind == 2;
  roles.moderator = kind == 3;
  roles.vip = kind == 4;
  return roles;
}

struct Sent {
  chat::Message line;
  nodes::Limits::Passed passed;
  SendLimits::Sent as;
  std::optional<SendLimits::Sent> before;
};
}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: limits_check URL SEED STEPS\n"), 2;
  const auto url = redis::parse_url(argv[1]);
  if (!url) return std::fprintf(stderr, "%s\n", url.error().what.c_str()), 2;
  const long steps = std::atol(argv[3]);
  SeededRandom random(static_cast<std::uint64_t>(std::atoll(argv[2])));
  FakeClock clock;
  Server server(*url, clock);
  SendLimits limits({.regular = {4, milliseconds(30'000)},
                     .exempt = {9, milliseconds(30'000)},
                     .bot = {6, milliseconds(30'000)}});
  nodes::Limits shared(
      "check", clock, server, [&] { return limits.rates().cooldown; }, milliseconds(0));
  shared.reached();

  const auto pick = [&](std::initializer_list<int> of) { return of.begin()[random.below(of.size())]; };
  std::map<std::string, long> counts;
  std::optional<Sent> newest;
  for (long step = 0; step < steps; ++step) {
    clock.advance(
        microseconds(pick({0, 0, 0, 1, 1000, 250'000, 499'999, 500'000, 999'999, 1'000'000, 1'000'001,
                           3'000'000, 7'500'000, 15'000'000, 29'999'999, 30'000'000, 61'000'000})));
    if (newest && random.below(4) == 0) {  // it was not published
      limits.take_back(newest->line.author.id, newest->line.channel, newest->as, newest->before);
      shared.refused({newest->line, limits.terms(newest->line.roles, {})}, newest->passed,
                     {Reason::rejected});
      newest.reset();
      ++counts["taken back"];
    }
    chat::Message line;
    line.id = "id " + std::to_string(step);
    line.channel = ChannelId(static_cast<std::int64_t>(1 + random.below(2)));
    line.author.id = UserId(static_cast<std::int64_t>(1 + random.below(3)));
    line.roles = roles_of(random.below(8));
    line.text = "text " + std::to_string(random.below(3));
    line.action = random.below(8) == 0;
    const seconds slow(pick({0, 0, 0, 3, 7, 30}));
    const Steady now = clock.steady();
    const std::size_t said = std::hash<std::string>{}(line.text) + (line.action ? 1 : 0);
    const auto own = alone(limits, line, slow, said, now);
    std::optional<Refusal> theirs;
    std::optional<nodes::Limits::Passed> passed;
    shared.ask({line, limits.terms(line.roles, slow)}, [&](nodes::Limits::Verdict verdict) {
      if (auto* refusal = std::get_if<Refusal>(&verdict)) theirs = *refusal;
      if (auto* it = std::get_if<nodes::Limits::Passed>(&verdict)) passed = *it;
      if (!theirs && !passed) theirs = Refusal{Reason::unavailable};
    });
    if (words(own) != words(theirs)) {
      std::printf("step %ld, user %ld in room %ld: alone %s, shared %s\n", step,
                  static_cast<long>(line.author.id.value()), static_cast<long>(line.channel.value()),
                  words(own).c_str(), words(theirs).c_str());
      return 1;
    }
    ++counts[own ? std::string(chat::name(chat::words_for(*own).code)) : "passes"];
    if (!own) {
      const SendLimits::Sent as{now, said};
      newest = Sent{line, *passed, as, limits.sent(line.author.id, line.channel, as)};
    }
  }
  // A clock that is set back by a day holds nobody up for longer than its limit.
  server.shift = -std::chrono::hours(24);
  for (int user = 1; user <= 3; ++user) {
    chat::Message line;
    line.id = "back " + std::to_string(user);
    line.channel = ChannelId(1);
    line.author.id = UserId(user);
    line.text = "back";
    shared.ask({line, limits.terms({}, seconds(30))}, [&](const nodes::Limits::Verdict& verdict) {
      const auto* refusal = std::get_if<Refusal>(&verdict);
      if (refusal != nullptr && *refusal->retry_after > seconds(30))
        std::printf("a clock that was set back: %s\n", words(*refusal).c_str()), std::exit(1);
    });
  }
  std::string sum;
  for (const auto& [what, count] : counts)
    sum += (sum.empty() ? "" : ", ") + what + " " + std::to_string(count);
  std::printf("%s\n", sum.c_str());
  return 0;
}
