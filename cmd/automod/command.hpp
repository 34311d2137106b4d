#pragma once
// --exec: another classifier, a child of ours that is asked line by line. It answers each line with one, in
// their order (sluice-automod(5)), so an answer that comes late is known by its turn, and passed over. A
// child that ends, answers what is no verdict, takes no more lines, or is 64 answers behind is replaced, once
// a second at most; meanwhile, and at the deadline, the verdict is --at-deadline's.
// Until it has answered its first message a child is loading: it is owed no other, which has --at-deadline's
// verdict at once, and it may take its time (Patience) before it is replaced.
#include <string>

#include "automod/classifier.hpp"
#include "automod/lines.hpp"
#include "base/clock.hpp"
#include "os/spawn.hpp"

namespace sluice::automod {

class Command final : public Classifier {
 public:
  struct Patience {
    milliseconds message;  // --deadline
    milliseconds load;     // --exec-start: from a child's first message to its first answer
    milliseconds first;    // --exec-wait: after the first child's start, first messages wait so long
  };
  Command(std::string line, Patience patience, Action at_deadline, const Clock& clock);
  // Its first child; later ones are started when they are needed. Errc::io: no process.
  Result<> start();
  Opinion opinion(const Subject& subject) override;

 private:
  bool ready();
  bool still_loading();
  void first_answer(std::string_view line);
  bool send(std::string_view line, Steady until);
  std::optional<Lines::Line> answer(Steady until);
  void give_up(std::string_view why);
  Opinion late(std::string_view why = "") const;

  std::string command_;
  Patience patience_;
  Action at_deadline_;
  const Clock& clock_;
  os::Child child_;
  os::UniqueFd to_, from_;
  Lines lines_;
  std::size_t owed_ = 0;  // answers that are not here yet
  Steady started_{};
  bool loading_ = true;
  Steady asked_{};        // while it loads and owes an answer: since when
  std::string first_id_;  // of the message that it owes it to
  Steady first_until_{};  // first messages wait until then
};

// What an answer's line says. Errc::invalid: it is no verdict, or one on another message. Any bytes.
Result<Opinion> parse_opinion(std::string_view line, std::string_view id_json);

}  // namespace sluice::automod
