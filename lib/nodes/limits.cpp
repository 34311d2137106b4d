#include "nodes/limits.hpp"

#include <charconv>

#include "base/text.hpp"
#include "chat/message_id.hpp"
#include "nodes/exchange.hpp"
#include "nodes/wire.hpp"

namespace sluice::nodes {

namespace {
using chat::Reason;
using chat::Refusal;
constexpr seconds key_lasts = chat::RecentKeys::window;

std::string in_us(milliseconds time) {
  return std::to_string(microseconds(time).count());
}
// No wait is longer than a day: what says so is no answer.
std::optional<milliseconds> up_to_ms(const std::string& us) {
  const auto count = parse_number<std::int64_t>(us);
  if (!count || *count < 0 || microseconds(*count) > std::chrono::days(1)) return std::nullopt;
  return std::chrono::ceil<milliseconds>(microseconds(*count));
}

std::string of_user(const char* what, UserId user) {
  return what + std::to_string(user.value());
}
std::string in_room(const char* what, ChannelId channel, UserId user) {
  return what + std::to_string(channel.value()) + ":" + std::to_string(user.value());
}
std::string key_of(const std::string& id) {
  return "chat-key:" + id;
}
std::string sent_of(const chat::Message& line) {
  return in_room("chat-sent:", line.channel, line.author.id);
}
std::string text_of(const chat::Message& line) {
  return "chat-text:" + chat::message_id(line.channel, {}, line.text);
}

// "p ORIGIN SEQ MS", "h ID", "w NODE WORD": what became of a key
chat::SharedLimits::Verdict became(std::string_view value) {
  const std::vector<std::string_view> words = split(value, ' ');
  if (words.size() == 2 && words[0] == "h")
    return Refusal{.reason = Reason::held, .detail = std::string(words[1])};
  if (words.size() == 4 && words[0] == "p") {
    const auto seq = parse_number<std::uint64_t>(words[2]);
    const auto at = parse_number<std::int64_t>(words[3]);
    if (seq && at) return chat::PublishedAs{std::string(words[1]), *seq, Wall(milliseconds(*at))};
  }
  if (words.size() == 3 && words[0] == "w") return chat::SharedLimits::OnItsWay{};
  return chat::SharedLimits::Unknown{};
}
}  // namespace

Limits::Limits(std::string origin, Clock& clock, Outside& outside,
               std::function<milliseconds()> longest_cooldown, milliseconds tells_for)
    : origin_(std::move(origin)),
      clock_(clock),
      outside_(outside),
      longest_cooldown_(std::move(longest_cooldown)),
      tells_for_(tells_for) {
  breaker_.lost(clock_.steady());
}

void Limits::reached() {
  breaker_.reached(clock_.steady());
  tick();
}

void Limits::tick() {
  std::erase_if(told_, [now = clock_.steady()](const auto& each) { return each.second.until <= now; });
  if (trying_ || !outside_.reachable() || state() != Breaker::State::half_open) return;
  trying_ = true;
  run(Script::whisper, {}, {}, [](const std::optional<Words>&) {});
}

void Limits::lost() {
  breaker_.lost(clock_.steady());
  trying_ = false;
  for (const auto& each : std::exchange(waiting_, {}))
    if (!std::exchange(each->over, true)) each->answer(std::nullopt);
}

bool Limits::answers() {
  const bool asks = outside_.reachable() && state() == Breaker::State::closed;
  if (!asks) ++counts_.unasked;
  return asks;
}

void Limits::run(Script script, Words keys, Words arguments, Answer answer) {
  ++counts_.asked;
  const auto waiting = std::make_shared<Waiting>(clock_.steady() + deadline, std::move(answer));
  waiting_.push_back(waiting);
  if (waiting_.size() == 1) outside_.wake(deadline);
  outside_.run(script, std::move(keys), std::move(arguments), [this, waiting](std::optional<Words> words) {
    if (waiting->over) return;  // late; or this is no more
    waiting->over = true;
    const Steady then = clock_.steady();
    trying_ = false;
    if (words) {
      breaker_.succeeded(then);
    } else {
      breaker_.failed(then);
    }
    while (!waiting_.empty() && waiting_.front()->over) waiting_.pop_front();
    waiting->answer(std::move(words));
  });
}

void Limits::late() {
  const Steady now = clock_.steady();
  while (!waiting_.empty() && (waiting_.front()->over || waiting_.front()->due <= now)) {
    const auto first = waiting_.front();
    waiting_.pop_front();
    if (std::exchange(first->over, true)) continue;
    ++counts_.late;
    trying_ = false;
    breaker_.failed(now);
    first->answer(std::nullopt);
  }
  if (!waiting_.empty())
    outside_.wake(std::max(milliseconds(1), std::chrono::ceil<milliseconds>(waiting_.front()->due - now)));
}

// ---- messages

std::optional<Refusal> Limits::told(const Question& question) {
  const auto found = told_.find(speaker_of(question.line));
  const Steady now = clock_.steady();
  if (found == told_.end() || found->second.until <= now || found->second.terms != question.terms)
    return std::nullopt;
  Refusal refusal = found->second.refusal;
  refusal.retry_after = std::chrono::ceil<milliseconds>(found->second.over - now);
  return refusal;
}

// A line that says the same again, or a text that is not new, is another matter than the next one.
void Limits::tell_on(const Speaker& speaker, const chat::SendTerms& terms, const Verdict& verdict) {
  const auto* refusal = std::get_if<Refusal>(&verdict);
  if (refusal == nullptr) return;
  if (refusal->reason != Reason::slow_mode && refusal->reason != Reason::rate_limited) return;
  const Steady now = clock_.steady();
  const Steady over = now + *refusal->retry_after;
  told_.insert_or_assign(speaker, Refused{*refusal, terms, over, std::min(over, now + tells_for_)});
}

void Limits::ask(const Question& question, Then then) {
  if (auto refusal = told(question)) {
    ++counts_.spared;
    return then(*std::move(refusal));
  }
  const chat::Message& line = question.line;
  const chat::SendTerms& terms = question.terms;
  const std::string says = chat::message_id({}, {}, (line.action ? "/me " : "") + line.text);
  Words keys{of_user("chat-window:", line.author.id), in_room("chat-cooldown:", line.channel, line.author.id),
             sent_of(line), key_of(line.id), question.unique ? text_of(line) : "chat-text:"};
  Words arguments{std::to_string(terms.window.places),
                  in_us(terms.window.length),
                  in_us(terms.cooldown),
                  in_us(longest_cooldown_()),
                  in_us(terms.slow),
                  says,
                  in_us(terms.repeat),
                  origin_,
                  std::to_string(++asked_),
                  question.keyed ? "1" : "0",
                  question.unique ? "1" : "0"};
  run(Script::send, std::move(keys), std::move(arguments),
      [this, terms, speaker = speaker_of(line), then = std::move(then)](const std::optional<Words>& answer) {
        Verdict verdict = answer ? read(*answer, terms) : Verdict(Unknown{});
        tell_on(speaker, terms, verdict);
        then(std::move(verdict));
      });
}

Limits::Verdict Limits::read(const Words& answer, const chat::SendTerms& terms) const {
  const auto is = [&](const char* what, std::size_t words) {
    return answer.size() == words && answer[0] == what;
  };
  if (is("passed", 2)) return Passed{answer[1]};
  if (is("key", 2)) return became(answer[1]);
  if (is("unique", 1)) return Refusal{Reason::unique};
  const auto wait = answer.size() > 1 ? up_to_ms(answer[1]) : std::nullopt;
  if (!wait) return Unknown{};
  if (is("slow", 2)) return Refusal{Reason::slow_mode, *wait};
  if (is("repeated", 2))
    return Refusal{.reason = Reason::repeated, .retry_after = *wait, .window = terms.repeat};
  const auto left = answer.size() > 2 ? parse_number<std::uint32_t>(answer[2]) : std::nullopt;
  if (is("limited", 3) && left) return Refusal{Reason::rate_limited, *wait, *left};
  return Unknown{};
}

void Limits::published(const chat::Message& line) {
  if (!outside_.reachable()) return;
  outside_.set(key_of(line.id),
               "p " + line.origin + " " + std::to_string(line.seq) + " " +
                   std::to_string(line.at.time_since_epoch().count()),
               key_lasts);
}

void Limits::refused(const Question& question, const Passed& passed, const Refusal& why) {
  told_.erase(speaker_of(question.line));
  if (!outside_.reachable()) return;
  const std::string& mark = passed.mark;
  Words keys{sent_of(question.line)};
  if (question.keyed) keys.push_back(key_of(question.line.id));
  if (question.unique) keys.push_back(text_of(question.line));
  outside_.run(Script::take_back, std::move(keys),
               {mark, "w " + origin_ + " " + mark.substr(mark.rfind(' ') + 1)},
               [](const std::optional<Words>&) {});
  if (question.keyed && why.reason == Reason::held)
    outside_.set(key_of(question.line.id), "h " + why.detail, key_lasts);
}

void Limits::forget_key(const std::string& id) {
  if (outside_.reachable()) outside_.remove(key_of(id));
}

// ---- whispers

void Limits::ask(UserId from, std::function<void(std::optional<Allowed>)> then) {
  using Rules = chat::WhisperLimits;
  if (!answers()) return then(std::nullopt);
  run(Script::whisper, {of_user("chat-whispers-second:", from), of_user("chat-whispers-minute:", from)},
      {std::to_string(Rules::per_second.places), in_us(Rules::per_second.length),
       std::to_string(Rules::per_minute.places), in_us(Rules::per_minute.length)},
      [then = std::move(then)](const std::optional<Words>& answer) {
        if (!answer || answer->empty()) return then(std::nullopt);
        if (answer->front() == "good") return then(Allowed::good);
        then(answer->back() == "1" ? Allowed::too_many_a_second : Allowed::too_many_a_minute);
      });
}

void Limits::tell(const chat::Whisper& whisper, bool here, std::function<void(std::optional<Told>)> then) {
  using Rules = chat::WhisperLimits;
  if (!answers()) return then(std::nullopt);
  run(Script::tell, {of_user("chat-whispered:", whisper.from.id)},
      {std::to_string(whisper.to.id.value()), std::to_string(Rules::people_a_day),
       std::to_string(seconds(Rules::day).count()), Exchange::user_channel(whisper.to.id),
       encode(Whispered{origin_, whisper}), here ? "1" : "0"},
      [then = std::move(then)](const std::optional<Words>& answer) {
        if (!answer || answer->size() != 1) return then(std::nullopt);
        if (answer->front() == "nobody") return then(Told::nobody);
        then(answer->front() == "people" ? Told::too_many_people : Told::told);
      });
}

}  // namespace sluice::nodes
