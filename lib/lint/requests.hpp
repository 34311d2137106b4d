#pragma once
// Requests under way, what becomes of each answer, and what is to be done at a time. The owner sends what take() gives and brings
// answers back; time moves only by those two calls.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lint/exchange.hpp"

namespace sluice::lint {

class Requests {
 public:
  using Then = std::function<void(const Reply&)>;

  void ask(std::string url, milliseconds patience, Then then, std::size_t most = most_playlist);
  void at(Steady when, std::function<void()> task);

  // Does what is due at `now`, and gives the requests to be sent.
  std::vector<Ask> take(Steady now);
  void answer(const Reply& reply);
  // When take() has something to do without an answer.
  std::optional<Steady> wake() const;
  bool idle() const { return waiting_.empty() && unsent_.empty() && tasks_.empty(); }
  Steady now() const { return now_; }

 private:
  Steady now_{};
  std::uint64_t next_id_ = 1;
  std::vector<Ask> unsent_;
  std::map<std::uint64_t, Then> waiting_;
  std::multimap<Steady, std::function<void()>> tasks_;
};

}  // namespace sluice::lint
