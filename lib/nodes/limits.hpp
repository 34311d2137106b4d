#pragma once
// Limits: those of the message path and of whispers as all nodes keep them together in Redis
// (sluice-chat-nodes(5), Limits). No socket: questions out, answers in, and a clock that is given. What has
// no answer within the deadline, or is not asked since too much of late had none, is unknown.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "chat/shared_limits.hpp"
#include "chat/whisper_post.hpp"
#include "nodes/breaker.hpp"

namespace sluice::nodes {

class Limits final : public chat::SharedLimits, public chat::WhisperPost {
 public:
  enum class Script { send, take_back, whisper, tell };
  using Words = std::vector<std::string>;
  using Answer = std::function<void(std::optional<Words>)>;  // nothing: the server did not, or with an error

  class Outside {
   public:
    virtual ~Outside() = default;
    virtual bool reachable() = 0;  // there is a connection that takes more
    // `answer` comes once or never, at once or later.
    virtual void run(Script script, Words keys, Words arguments, Answer answer) = 0;
    virtual void set(std::string key, std::string value, seconds lasts) = 0;
    virtual void remove(std::string key) = 0;
    virtual void wake(milliseconds in) = 0;  // late() is to be called then
  };
  struct Counts {
    std::uint64_t asked = 0, late = 0, unasked = 0, spared = 0;
  };
  static constexpr milliseconds deadline{500};
  // A user who was told when to try again is told the same until then, but not for longer than this, without
  // a question: who floods a room shall not keep Redis from the others.
  static constexpr milliseconds told_for{1000};

  // All outlive it. `origin`: the node's run. `longest_cooldown`: of anybody, as it is just then.
  Limits(std::string origin, Clock& clock, Outside& outside, std::function<milliseconds()> longest_cooldown,
         milliseconds tells_for = told_for);

  // The connection: there is one; it broke.
  void reached();
  void lost();
  void late();  // gives up on what has waited too long
  void tick();  // now and then: a server that was away or slow is tried, by a question that is nobody's

  bool answers() override;
  void ask(const Question& question, Then then) override;
  void published(const chat::Message& line) override;
  void refused(const Question& question, const Passed& passed, const chat::Refusal& why) override;
  void forget_key(const std::string& id) override;

  void ask(UserId from, std::function<void(std::optional<Allowed>)> then) override;
  void tell(const chat::Whisper& whisper, bool here, std::function<void(std::optional<Told>)> then) override;

  Breaker::State state() { return breaker_.state(clock_.steady()); }
  const Counts& counts() const { return counts_; }

 private:
  struct Waiting {
    Steady due;
    Answer answer;
    bool over = false;
  };
  using Speaker = std::pair<std::int64_t, std::int64_t>;  // room, user
  struct Refused {
    chat::Refusal refusal;
    chat::SendTerms terms;
    Steady over, until;  // the refusal; telling it unasked
  };
  static Speaker speaker_of(const chat::Message& line) {
    return {line.channel.value(), line.author.id.value()};
  }
  std::optional<chat::Refusal> told(const Question& question);
  void tell_on(const Speaker& speaker, const chat::SendTerms& terms, const Verdict& verdict);
  void run(Script script, Words keys, Words arguments, Answer answer);
  Verdict read(const Words& answer, const chat::SendTerms& terms) const;

  std::string origin_;
  Clock& clock_;
  Outside& outside_;
  std::function<milliseconds()> longest_cooldown_;
  Breaker breaker_;
  bool trying_ = false;                           // half open, and that question is on its way
  std::deque<std::shared_ptr<Waiting>> waiting_;  // by when they are due
  std::uint64_t asked_ = 0;
  milliseconds tells_for_;
  std::map<Speaker, Refused> told_;
  Counts counts_;
};

}  // namespace sluice::nodes
