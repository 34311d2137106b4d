#pragma once
// Outlook: whether a job that has been posted will be taken, for a dispatcher whose viewers wait and that can do the work itself: it gives up
// as soon as nobody can take the job, not only when the time for it is over. Redis gives an entry to a worker with a free slot at once, since
// such a worker waits for one all the time; so an entry that nobody has been given says that none is free. Sans-IO, with the time passed in.
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace sluice::relay {

class Outlook {
 public:
  static constexpr milliseconds redis_time{500};     // for Redis to let us in and take the entry; and again to say who was given it
  static constexpr milliseconds delivery_time{200};  // a worker may be between two questions
  static constexpr milliseconds coming_time{1000};   // from then on, for who was given it to start: others may claim it only after 3 s

  explicit Outlook(Steady now) : until_(now + redis_time) {}

  // Facts.
  void failed(std::string_view why);  // Redis is not reached, or refuses us
  void posted(Steady now);
  void delivered(bool to_a_worker, Steady now);  // as Redis answers

  enum class Step { wait, ask, give_up };  // ask: whether the entry has been delivered; said once, then delivered() or failed()
  Step next(Steady now);
  Steady deadline() const { return until_; }  // when to ask again, while it says wait
  const std::string& why() const { return why_; }  // to give up

 private:
  enum class Stage { posting, posted, asked, coming, hopeless };
  Stage stage_ = Stage::posting;
  Steady until_;
  std::string why_;
};

}  // namespace sluice::relay
