#pragma once
// AutomodChild: the child that speaks automod's lines, as a program, two pipes and what is under way on them.
// What is asked and what is answered is AutomodProcess's.
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/loop.hpp"
#include "os/spawn.hpp"

namespace sluice::chatd {

class AutomodChild {
 public:
  struct Events {
    std::function<void(std::string_view)> line;     // what it has written, without the newline
    std::function<void(std::string_view)> wrong;    // it writes what is no line
    std::function<void(const std::string&)> ended;  // how; it may be started again
  };
  // The loop outlives it.
  AutomodChild(net::Loop& loop, Events events);

  // `command` is for the shell; programs beside this one are found first. Never while one is running.
  Result<> start(const std::string& command);
  bool running() const { return child_.running(); }
  bool listens() const { return child_.running() && !killed_; }
  Steady started() const { return started_; }
  // It owes an answer, and has given none since then.
  bool silent_since(Steady then) const { return owed_ > 0 && heard_ <= then; }

  // Puts a line, with its newline, behind the others; false: they are too many, and this one is `bounded`.
  bool send(std::string_view line, bool bounded);
  void flush();  // what was sent is written, with what others send in this turn of the loop
  void read_files_again();
  void kill();  // it listens no more, and what it writes is passed over; its end is told

 private:
  void write_now();
  void read_now();
  void end();

  net::Loop& loop_;
  Events events_;
  Clock& clock_;
  os::Child child_;
  os::UniqueFd input_, output_;
  std::unique_ptr<net::FdWatch> writable_, readable_, end_;  // gone before what they watch
  std::string outgoing_, incoming_;
  std::size_t sent_ = 0;  // of outgoing_
  bool blocked_ = false;  // on_writable will go on
  bool due_ = false;      // a write is posted
  bool killed_ = false;   // by us, and its end is not known yet
  std::size_t owed_ = 0;  // lines that it has not answered
  Steady heard_{};        // when it last answered, or began to owe
  Steady started_{};
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace sluice::chatd
