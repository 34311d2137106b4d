#pragma once
// What the parts of a watch share: the requests, the names, the findings, and when it is over.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "hls/lint.hpp"
#include "lint/places.hpp"
#include "lint/requests.hpp"

namespace sluice::lint {

struct Options {
  std::optional<milliseconds> watch;  // a live presentation is followed so long; none: three target durations
  milliseconds late{1000};            // by which anything may be later than the rules say: the network's part, and this machine's
  bool for_apple = false;             // by the rules that hold only for what Apple's devices are to play everywhere, too
};

// Findings, each rule told once of each playlist: what is wrong in one version mostly is in all.
class Notes {
 public:
  // `of`: the playlist that it is about, however `finding.where` narrows that down.
  void add(const std::string& of, hls::Finding finding);
  void add(const std::string& of, std::string_view rule, std::string where, std::string what);
  void take_from(const std::string& of, hls::Findings& findings);  // empties it
  hls::Findings take();                                            // those since the last call

 private:
  std::set<std::pair<std::string, std::string>> told_;  // rule, of
  hls::Findings findings_;
};

struct Watch {
  Requests requests;
  Places places;
  Options options;
  Notes notes;
  std::optional<hls::Variables> variables;  // of the multivariant playlist, where there is one
  Steady ends = Steady::max();  // known when the first media playlist has come

  bool closing() const { return requests.now() >= ends; }
  // What is broken off since `since` may be asked for again.
  bool may_come(const Reply& reply, Steady since) const { return reply.broken_off() && reply.done - since < options.late; }
  // Asks, and again where it is broken off, until there is an answer or `late` is over: then the last reply is one that is broken off.
  void ask_until_answered(std::string url, milliseconds patience, Requests::Then then, std::size_t most = most_playlist, std::optional<Steady> since = std::nullopt);
};

constexpr milliseconds try_again{250};

// Seconds, for rules and texts.
inline double seconds_of(Steady::duration duration) { return std::chrono::duration<double>(duration).count(); }
// Of what a server says: between none and a day.
inline milliseconds ms_of(double seconds) {
  return milliseconds(static_cast<std::int64_t>(std::clamp(seconds, 0.0, 86'400.0) * 1000));
}

}  // namespace sluice::lint
