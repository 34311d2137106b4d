#pragma once
// Requests whose answer is not there yet: blocked playlists, hinted parts, masters of a stream that is just beginning.
// Each is tried again when its rendition grows, and for the last time when it has waited long enough.
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "http/server.hpp"

namespace sluice::origin {

using Answer = std::function<void(http::Response)>;
// The answer, if it can be given after so long; must answer at the longest wait.
using Attempt = std::function<std::optional<http::Response>(std::chrono::milliseconds waited)>;

class WaitingRoom {
 public:
  // `rendition` empty: any of them.
  void enter(const std::string& rendition, Attempt attempt, Answer answer, Steady now);
  // The rendition has grown. Returns how many were answered.
  std::size_t wake(std::string_view rendition, Steady now);
  // Tries those who have waited for `longest` or more. Returns how many were answered.
  std::size_t expire(Steady now, std::chrono::milliseconds longest);
  // Answers everyone with `response`.
  void dismiss(const http::Response& response);
  std::size_t size() const { return size_; }

 private:
  struct Waiter {
    Attempt attempt;
    Answer answer;
    Steady since;
  };
  std::size_t try_all(std::deque<Waiter>& queue, Steady now, std::optional<std::chrono::milliseconds> at_least);

  std::map<std::string, std::deque<Waiter>> queues_;  // each in order of arrival
  std::size_t size_ = 0;
};

}  // namespace sluice::origin
