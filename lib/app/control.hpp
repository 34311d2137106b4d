#pragma once
// The control socket: one JSON request a line in, one JSON answer a line out.
// A request is {"command": "...", ...}; an answer is what the command gives, or {"error": {"hint": …, "what": …}}.
// Answers come in the order of the requests: those behind one whose answer takes time wait for it.
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "net/tcp.hpp"

namespace sluice::app {

class Control {
 public:
  using Answer = std::function<std::string(const std::string& request_json)>;
  using Reply = std::function<void(std::string answer)>;  // called once, at once or later on the loop's thread
  using LateAnswer = std::function<void(const std::string& request_json, Reply reply)>;
  Control() = default;
  ~Control();
  void add(const std::string& command, Answer answer);
  void add(const std::string& command, LateAnswer answer);
  Result<> listen(net::Loop& loop, const std::string& path);
  // Goes on with a predecessor's listening socket. The path is the predecessor's until own_path().
  void adopt(net::Loop& loop, os::UniqueFd listening, const std::string& path);
  void own_path() { owns_path_ = listener_ != nullptr; }
  void retire();   // a successor listens: the path stays
  int fd() const { return listener_ ? listener_->fd() : -1; }  // borrowed
  void answer(const std::string& line, const Reply& reply) const;  // never throws, whatever the line holds

 private:
  net::Listener::Accept accept_on(net::Loop& loop);

  std::map<std::string, LateAnswer> commands_;
  std::unique_ptr<net::Listener> listener_;
  std::string path_;
  bool owns_path_ = false;
};

std::string error_json(const Error& error);

// What --ask has after it, as a request: a command and its arguments, "kick channel=ada", a value with spaces between double quotes. Errc::usage
// when it is neither.
Result<std::string> request_of(std::string_view line);

// Asks the daemon that listens on `path`; blocks for up to 10 s. Errc::unavailable when nobody answers.
Result<std::string> ask(const std::string& path, const std::string& request_json);

}  // namespace sluice::app
