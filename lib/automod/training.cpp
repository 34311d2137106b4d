#include "automod/training.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

namespace sluice::automod {

namespace {

std::vector<std::uint32_t> features(Folder& folder, std::string_view text, std::uint32_t buckets) {
  Words words;
  cut_words(folder.fold(text).text, words);
  std::vector<std::uint32_t> out;
  features_of(words, buckets, out);
  return out;
}

bool belongs(const Example& example, std::string_view category) {
  return category == any_category ? !example.category.empty() : example.category == category;
}

}  // namespace

Weights train(Folder& folder, const std::vector<Example>& examples, const Settings& settings) {
  std::set<std::string> categories{std::string(any_category)};
  for (const Example& example : examples)
    if (!example.category.empty()) categories.insert(example.category);
  Weights weights = Weights::zero({categories.begin(), categories.end()}, settings.buckets);
  const std::size_t count = weights.categories.size();

  std::vector<std::vector<std::uint32_t>> seen;
  seen.reserve(examples.size());
  for (const Example& example : examples) seen.push_back(features(folder, example.text, settings.buckets));
  std::vector<std::size_t> order(examples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;

  std::mt19937_64 random(settings.seed);
  std::vector<float> squares(weights.weights.size(), 1e-3f), bias_squares(count, 1e-3f);
  std::vector<double> scores;
  for (int round = 0; round < settings.rounds; ++round) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    for (const std::size_t which : order) {
      if (seen[which].empty()) continue;
      weights.scores(seen[which], scores);
      const auto value = static_cast<float>(1 / std::sqrt(static_cast<double>(seen[which].size())));
      for (std::size_t c = 0; c < count; ++c) {
        const float weight = examples[which].category.empty() ? settings.innocent_weight : 1;
        const auto error =
            weight *
            static_cast<float>(scores[c] - (belongs(examples[which], weights.categories[c]) ? 1 : 0));
        bias_squares[c] += error * error;
        weights.bias[c] -= static_cast<float>(settings.rate) * error / std::sqrt(bias_squares[c]);
        const float gradient = error * value;
        if (std::abs(gradient) < 1e-6f) continue;
        for (const std::uint32_t feature : seen[which]) {
          const std::size_t at = feature * count + c;
          const float with_decay = gradient + static_cast<float>(settings.weight_decay) * weights.weights[at];
          squares[at] += with_decay * with_decay;
          weights.weights[at] -= static_cast<float>(settings.rate) * with_decay / std::sqrt(squares[at]);
        }
      }
    }
  }
  return weights;
}

Measure measure(Folder& folder, const Weights& weights, const std::vector<Example>& examples,
                double threshold, std::string_view category) {
  Measure out;
  std::vector<double> scores;
  for (const Example& example : examples) {
    const auto seen = features(folder, example.text, weights.buckets);
    weights.scores(seen, scores);
    bool says = false;
    for (std::size_t c = 0; c < scores.size(); ++c)
      says = says || (scores[c] >= threshold && (category.empty() || weights.categories[c] == category));
    const bool is = category.empty() ? !example.category.empty() : example.category == category;
    out.right += is && says;
    out.wrong += !is && says;
    out.missed += is && !says;
  }
  return out;
}

}  // namespace sluice::automod
