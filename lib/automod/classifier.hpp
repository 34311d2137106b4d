#pragma once
// Classifier: how toxic a message is, and of what kind. The linear model is one, a command that speaks the
// lines another.
#include <optional>
#include <string>
#include <vector>

#include "automod/message.hpp"
#include "automod/words.hpp"

namespace sluice::automod {

struct Opinion {
  struct Score {
    std::string category;
    double score = 0;  // 0 to 1
  };
  std::vector<Score> scores;      // of each category it knows
  std::vector<Span> where;        // in code points of the original; empty: the whole
  std::optional<Action> verdict;  // a verdict without a score, of the first category
  bool late = false;              // the verdict stands in for one that did not come in time
  std::string_view why;           // where it is known why: "loading"
};

struct Subject {
  const Message& message;
  std::string_view line;  // as it came
  const Folded& folded;
  const Words& words;
};

class Classifier {
 public:
  virtual ~Classifier() = default;
  virtual Opinion opinion(const Subject& subject) = 0;
};

}  // namespace sluice::automod
