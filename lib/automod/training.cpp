#include "automod/training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "automod/calibration.hpp"

namespace sluice::automod {

namespace {

constexpr std::size_t none_left_out = folds;
constexpr float small_error = 2e-3f;  // learnt well enough

bool belongs(const Example& example, std::string_view category) {
  return category == any_category ? !example.category.empty() : example.category == category;
}

// Weights while they are learnt.
class Learner {
 public:
  Learner(const std::vector<Example>& examples, const std::vector<Features>& seen,
          const std::vector<std::string>& categories, const Settings& settings)
      : examples_(examples), seen_(seen), categories_(categories), settings_(settings) {}

  // From all examples but those of a fold.
  void learn(std::size_t left_out) {
    const std::size_t count = categories_.size();
    bias_.assign(count, 0);
    bias_squares_.assign(count, 1e-3f);
    weights_.assign(count * settings_.buckets, 0);
    squares_.assign(weights_.size(), 1e-3f);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < examples_.size(); ++i)
      if (examples_[i].fold != left_out && !seen_[i].empty()) order.push_back(i);
    std::mt19937_64 random(settings_.seed);
    std::vector<float> margins;
    for (int round = 0; round < settings_.rounds; ++round) {
      for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
      for (const std::size_t which : order) step(which, margins);
    }
  }

  void margins_of(std::size_t which, std::vector<float>& out) const {
    const std::size_t count = categories_.size();
    const FeatureValues values(seen_[which]);
    out = bias_;
    const auto add = [&](const std::vector<std::uint32_t>& numbers, float value) {
      for (const std::uint32_t number : numbers)
        for (std::size_t c = 0; c < count; ++c) out[c] += value * weights_[number * count + c];
    };
    add(seen_[which].words, static_cast<float>(values.word));
    add(seen_[which].pieces, static_cast<float>(values.piece));
  }

  // In units of a category's greatest weight.
  void store(Weights& to) const {
    const std::size_t count = categories_.size();
    for (std::size_t c = 0; c < count; ++c) {
      float greatest = std::numeric_limits<float>::min();
      for (std::size_t at = c; at < weights_.size(); at += count)
        greatest = std::max(greatest, std::abs(weights_[at]));
      to.unit[c] = greatest / 127;
      to.bias[c] = bias_[c];
      for (std::size_t at = c; at < weights_.size(); at += count)
        to.weights[at] = static_cast<std::int8_t>(std::lround(weights_[at] / to.unit[c]));
    }
  }

 private:
  void step(std::size_t which, std::vector<float>& margins) {
    const std::size_t count = categories_.size();
    margins_of(which, margins);
    const float weight = examples_[which].category.empty() ? settings_.innocent_weight : 1;
    const FeatureValues values(seen_[which]);
    const auto rate = static_cast<float>(settings_.rate);
    for (std::size_t c = 0; c < count; ++c) {
      const float error = weight * (static_cast<float>(probability(margins[c])) -
                                    (belongs(examples_[which], categories_[c]) ? 1.f : 0.f));
      if (std::abs(error) < small_error) continue;
      bias_squares_[c] += error * error;
      bias_[c] -= rate * error / std::sqrt(bias_squares_[c]);
      const auto descend = [&](const std::vector<std::uint32_t>& numbers, float value) {
        const float gradient = error * value;
        for (const std::uint32_t number : numbers) {
          const std::size_t at = number * count + c;
          const float with_decay = gradient + static_cast<float>(settings_.weight_decay) * weights_[at];
          squares_[at] += with_decay * with_decay;
          weights_[at] -= rate * with_decay / std::sqrt(squares_[at]);
        }
      };
      descend(seen_[which].words, static_cast<float>(values.word));
      descend(seen_[which].pieces, static_cast<float>(values.piece));
    }
  }

  const std::vector<Example>& examples_;
  const std::vector<Features>& seen_;
  const std::vector<std::string>& categories_;
  const Settings& settings_;
  std::vector<float> bias_, bias_squares_, weights_, squares_;
};

// What only one family has says more of that family than of people: nothing is learnt from it.
void drop_rare(const std::vector<Example>& examples, std::size_t least, std::uint32_t buckets,
               std::vector<Features>& seen) {
  constexpr auto nobody = std::numeric_limits<std::size_t>::max();
  struct Known {
    std::size_t families = 0, last = nobody;
  };
  std::vector<Known> known(buckets);
  std::vector<std::size_t> order(examples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return examples[i].family; });
  for (const std::size_t i : order)
    for (const auto* numbers : {&seen[i].words, &seen[i].pieces})
      for (const std::uint32_t number : *numbers)
        if (std::exchange(known[number].last, examples[i].family) != examples[i].family)
          ++known[number].families;
  for (Features& features : seen)
    for (auto* numbers : {&features.words, &features.pieces})
      std::erase_if(*numbers, [&](std::uint32_t number) { return known[number].families < least; });
}

Features features(Folder& folder, std::string_view text, const Kinds& kinds, std::uint32_t buckets) {
  Words words;
  cut_words(folder.fold(text).text, words);
  Features out;
  features_of(words, kinds, buckets, out);
  return out;
}

// A text's words as they are compared; of one without words the text.
std::u32string words_of(Folder& folder, std::string_view text) {
  const Folded folded = folder.fold(text);
  Words words;
  cut_words(folded.text, words);
  std::u32string out;
  for (const Word& word : words.words)
    if (word.forms > 0) (out += words.letters_of(words.forms[word.first_form])) += U' ';
  return out.empty() ? folded.text : out;
}

}  // namespace

void leave_out(Folder& folder, const std::vector<Example>& measured, std::vector<Example>& examples) {
  std::set<std::u32string> known;
  for (const Example& line : measured) known.insert(words_of(folder, line.text));
  std::erase_if(examples,
                [&](const Example& example) { return known.contains(words_of(folder, example.text)); });
}

Trained train(Folder& folder, const Kinds& kinds, const std::vector<Example>& examples,
              const Settings& settings) {
  std::set<std::string> categories{std::string(any_category)};
  for (const Example& example : examples)
    if (!example.category.empty()) categories.insert(example.category);
  Trained out{Weights::zero({categories.begin(), categories.end()}, settings.buckets), {}};
  out.weights.kinds = kinds;

  std::vector<Features> seen;
  seen.reserve(examples.size());
  for (const Example& example : examples)
    seen.push_back(features(folder, example.text, kinds, settings.buckets));
  drop_rare(examples, settings.least_families, settings.buckets, seen);

  out.held_out.resize(examples.size());
  Learner learner(examples, seen, out.weights.categories, settings);
  std::vector<float> margins;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    learner.learn(fold);
    for (std::size_t i = 0; i < examples.size(); ++i) {
      if (examples[i].fold != fold) continue;
      learner.margins_of(i, margins);
      out.held_out[i].assign(margins.begin(), margins.end());
    }
  }
  learner.learn(none_left_out);
  learner.store(out.weights);
  for (std::size_t c = 0; c < out.weights.categories.size(); ++c) {
    std::vector<Observed> observed;
    for (std::size_t i = 0; i < examples.size(); ++i)
      if (examples[i].natural)
        observed.push_back({out.held_out[i][c], belongs(examples[i], out.weights.categories[c])});
    const Line line = calibrated(observed, settings.toxic_share);
    out.weights.unit[c] *= static_cast<float>(line.slope);
    out.weights.bias[c] = static_cast<float>(line.slope * out.weights.bias[c] + line.offset);
    for (auto& of : out.held_out) of[c] = line.slope * of[c] + line.offset;
  }
  return out;
}

Guess guess(const std::vector<std::string>& categories, const std::vector<double>& margins) {
  Guess out;
  double highest = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < categories.size(); ++c) {
    if (categories[c] == any_category) {
      out.score = probability(margins[c]);
    } else if (margins[c] > highest) {
      highest = margins[c];
      out.category = categories[c];
    }
  }
  return out;
}

std::vector<Guess> guesses(Folder& folder, const Weights& weights, const std::vector<Example>& examples) {
  std::vector<Guess> out;
  std::vector<double> margins;
  for (const Example& example : examples) {
    const Features seen = features(folder, example.text, weights.kinds, weights.buckets);
    weights.margins(seen, margins);
    out.push_back(seen.empty() ? Guess{} : guess(weights.categories, margins));
  }
  return out;
}

Measure measure(const std::vector<Example>& examples, const std::vector<Guess>& guesses, double threshold,
                std::string_view category) {
  Measure out;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::string& truth = examples[i].category;
    const bool says = guesses[i].score >= threshold && (category.empty() || guesses[i].category == category);
    const bool is = category.empty() ? !truth.empty() : truth == category;
    out.right += is && says;
    out.wrong += !is && says;
    out.missed += is && !says;
    out.innocent += !is;
  }
  return out;
}

}  // namespace sluice::automod
