#pragma once
// AutomodProcess: automod(1), or what else speaks its lines, as a child that is asked about messages. Every
// question is answered, or is over at its deadline; nothing blocks. A child that ends, writes what is no
// answer, or answers nothing for five seconds is replaced, at once when it has lived for a second, else with
// a back-off; what it still owed is asked again, once.
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/daemon.hpp"
#include "automod_child.hpp"
#include "base/backoff.hpp"
#include "chat/automod_lines.hpp"
#include "metrics/metrics.hpp"
#include "net/loop.hpp"

namespace sluice::chatd {

class AutomodProcess {
 public:
  struct Setup {
    std::string command;  // for the shell; programs beside this one are found first. Empty: there is none
    milliseconds deadline{200};
  };
  // Nothing: no answer came in time, or automod said that it cannot judge the message.
  using Then = std::function<void(std::optional<chat::AutomodVerdict>)>;

  // The loop outlives it.
  AutomodProcess(net::Loop& loop, Setup setup);

  // `ready` is called once: when the child has answered for the first time, has ended, or after two seconds.
  void start(std::function<void()> ready);
  // It is over at the deadline, counted from `asked`.
  void ask(const chat::Message& message, int level, const std::string& words, Steady asked, Then then);
  milliseconds deadline() const { return setup_.deadline; }
  // Gives entries a name; told again to every new child.
  void define(const std::string& name, std::span<const chat::RoomWord> words);
  // At a reload: another command, or none, takes the child's place, and the same one reads its files again.
  void change(Setup setup);
  void renew();  // another child, of the same command
  bool wanted() const { return !setup_.command.empty(); }
  app::Health health() const;

 private:
  struct Question {
    std::string line;
    Steady asked, due;
    Then then;
    bool again = false;  // another child was told of it when it began
  };

  void spawn();
  void greet();
  void take_line(std::string_view line);
  void answered(const chat::AutomodAnswer& answer);
  void well();
  void replace(std::string_view why);
  void ended(const std::string& how);
  void be_ready();
  void arm();
  void look_at_deadlines();
  void late(Question question);

  Setup setup_;
  Clock& clock_;
  Backoff backoff_{milliseconds(100), milliseconds(5000)};
  std::function<void()> ready_;

  AutomodChild child_;
  bool replaced_ = false;  // it was killed by us
  bool at_once_ = false;   // the next one is waited for: no back-off
  unsigned failures_ = 0;
  std::string fault_;  // empty: it is well
  std::optional<Wall> fault_since_;
  double latency_ms_ = 0;

  std::uint64_t numbered_ = 0, greeting_ = 0;
  std::map<std::uint64_t, Question> questions_;
  std::map<std::string, std::vector<std::string>> definitions_;
  std::map<std::uint64_t, std::string> defining_;  // by id: whose answer tells of refused entries
  std::optional<Steady> armed_;                    // for when
  net::Timer deadline_, restart_, patience_;

  prometheus::Counter &restarts_, &late_answers_;
  prometheus::Gauge& waiting_;
  prometheus::Histogram& seconds_;
};

}  // namespace sluice::chatd
