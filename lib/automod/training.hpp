#pragma once
// Training of the linear model: examples made from templates, logistic regression by AdaGrad, calibration on
// what was held out. The same files and seed give the same weights.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "automod/entry.hpp"
#include "automod/linear_model.hpp"

namespace sluice::automod {

// A file of templates, lines of
//   # comment
//   @NAME: one | two | three       a slot's fillings
//   CATEGORY TEXT with {NAME}      a template; "ok" is what nobody minds
// {words:CATEGORY} are the phrases of a word list that block or hold.
struct Templates {
  struct Template {
    std::string category;  // empty: ok
    std::string text;
  };
  std::vector<Template> templates;
  std::map<std::string, std::vector<std::string>, std::less<>> slots;
};
// Errc::invalid names the line; a slot that is named and not there is an error, too.
Result<Templates> parse_templates(std::string_view text, const std::vector<Entry>& words);

struct Example {
  std::string text;
  std::string category;    // empty: ok
  std::size_t family = 0;  // which template it is of
  std::size_t fold = 0;    // 0 to folds - 1
  bool natural = false;    // of a template without slots, as somebody wrote it
};
inline constexpr std::size_t folds = 5;

// Lines of CATEGORY TEXT, with comments, as they are.
Result<std::vector<Example>> parse_examples(std::string_view text);

// Templates that stand next to one another are in the same fold, with all that is made of them, since they
// are often alike: what is measured on a fold was not learnt in another filling or wording.
std::vector<Example> make_examples(const Templates& templates, std::size_t per_template, std::uint64_t seed);

// Takes out of `examples` those that have the words of one of `measured`, so that nothing is measured on what
// was learnt.
void leave_out(Folder& folder, const std::vector<Example>& measured, std::vector<Example>& examples);

struct Settings {
  std::uint32_t buckets = 1 << 17;
  int rounds = 10;
  double rate = 0.3;
  double weight_decay = 2e-4;
  float innocent_weight = 1;       // of an example that nobody minds
  std::size_t least_families = 2;  // that have a feature, for it to count
  double toxic_share = 0.18;       // of the lines that a score is a probability among
  std::uint64_t seed = 1;
};

// Weights of each category of the examples, and of any at all, calibrated; and the margins that each example
// has by weights that were trained without its fold, calibrated in the same way.
struct Trained {
  Weights weights;
  std::vector<std::vector<double>> held_out;  // by example, then category
};
Trained train(Folder& folder, const Kinds& kinds, const std::vector<Example>& examples,
              const Settings& settings);

// Of "toxic or not" at a threshold, or of one category.
struct Measure {
  std::size_t right = 0, wrong = 0, missed = 0;  // true positives, false positives, false negatives
  std::size_t innocent = 0;                      // lines that are of no category
  double precision() const {
    return right + wrong == 0 ? 1 : static_cast<double>(right) / static_cast<double>(right + wrong);
  }
  double recall() const {
    return right + missed == 0 ? 1 : static_cast<double>(right) / static_cast<double>(right + missed);
  }
  double false_share() const {
    return innocent == 0 ? 0 : static_cast<double>(wrong) / static_cast<double>(innocent);
  }
};
// Of each example the category that the model finds likeliest, and the score.
struct Guess {
  std::string category;
  double score = 0;
};
Guess guess(const std::vector<std::string>& categories, const std::vector<double>& margins);
std::vector<Guess> guesses(Folder& folder, const Weights& weights, const std::vector<Example>& examples);
Measure measure(const std::vector<Example>& examples, const std::vector<Guess>& guesses, double threshold,
                std::string_view category = {});

}  // namespace sluice::automod
