#pragma once
// The linear model: for each category a logistic regression over the features of a message. A score is the
// model's probability.
//
// Its file: a line "sluice-automod-model 1", a line of the number of buckets (a power of two, up to 2^20), a
// line of the categories with blanks between them (up to 32), then 32-bit little-endian floats: a bias for
// each category, and for each bucket a weight for each category.
#include <string>
#include <string_view>
#include <vector>

#include "automod/classifier.hpp"
#include "automod/features.hpp"

namespace sluice::automod {

// A category that a model may have beside the others: any of them. The likeliest of the others is as likely
// as this.
inline constexpr std::string_view any_category = "any";

struct Weights {
  std::vector<std::string> categories;
  std::uint32_t buckets = 0;
  std::vector<float> bias;     // by category
  std::vector<float> weights;  // by bucket, then category

  static Weights zero(std::vector<std::string> categories, std::uint32_t buckets);
  // The score of each category for a message of those features.
  void scores(const std::vector<std::uint32_t>& features, std::vector<double>& out) const;
};

Result<Weights> parse_weights(std::string_view file);  // Errc::invalid. Any bytes
std::string render_weights(const Weights& weights);

class LinearModel final : public Classifier {
 public:
  explicit LinearModel(Weights weights) : weights_(std::move(weights)) {}
  Opinion opinion(const Subject& subject) override;
  void swap(Weights weights) { weights_ = std::move(weights); }

 private:
  Weights weights_;
  std::vector<std::uint32_t> features_;
  std::vector<double> scores_;
};

}  // namespace sluice::automod
