#pragma once
// Training of the linear model: examples made from templates, logistic regression by AdaGrad, judgement on
// what was held out. The same files and seed give the same weights.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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
  std::string category;  // empty: ok
};

// Lines of CATEGORY TEXT, with comments, as they are.
Result<std::vector<Example>> parse_examples(std::string_view text);

// Every fifth template of a category is held out, whole, so that what is measured was never seen in another
// filling. Of slots with five fillings and more every fifth filling is held out, too, but for {words:...},
// which are known from the list.
struct Split {
  std::vector<Example> train;
  std::vector<Example> held_out;      // other templates, the same fillings
  std::vector<Example> held_out_new;  // other templates, other fillings, where they have slots for these
};
Split make_examples(const Templates& templates, std::size_t per_template, std::uint64_t seed);

struct Settings {
  std::uint32_t buckets = 1 << 15;
  int rounds = 3;
  double rate = 0.15;
  double weight_decay = 1e-5;
  float innocent_weight = 3;  // of an example that nobody minds: in a chat nearly all are
  std::uint64_t seed = 1;
};
// Of each category of the examples, and of any at all.
Weights train(Folder& folder, const std::vector<Example>& examples, const Settings& settings);

// Of "toxic or not" at a threshold, and of each category.
struct Measure {
  std::size_t right = 0, wrong = 0, missed = 0;  // true positives, false positives, false negatives
  double precision() const {
    return right + wrong == 0 ? 1 : static_cast<double>(right) / static_cast<double>(right + wrong);
  }
  double recall() const {
    return right + missed == 0 ? 1 : static_cast<double>(right) / static_cast<double>(right + missed);
  }
};
Measure measure(Folder& folder, const Weights& weights, const std::vector<Example>& examples,
                double threshold, std::string_view category = {});

}  // namespace sluice::automod
