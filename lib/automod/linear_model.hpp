#pragma once
// The linear model: for each category a logistic regression over the features of a message. A score is a
// probability, in a chat with as many toxic lines as the training said (training.hpp).
//
// Its file: a line "sluice-automod-model 2", a line of the number of buckets (a power of two, up to 2^20), a
// line of the categories with blanks between them (up to 32), a line of the number of bytes of the kinds and
// these (kinds.hpp, folded), then 32-bit little-endian floats: a bias for each category, and what a unit of
// its weights is; then bytes: for each bucket a weight for each category, -127 to 127.
#include <string>
#include <string_view>
#include <vector>

#include "automod/classifier.hpp"
#include "automod/features.hpp"

namespace sluice::automod {

// A category that a model may have beside the others: any of them. The likeliest of the others is as likely
// as this, and none likelier.
inline constexpr std::string_view any_category = "any";

// What a message's features weigh: those of a long one together hardly more than those of a short one, and
// those of a very short one little, since they say little.
struct FeatureValues {
  double word = 0, piece = 0;
  explicit FeatureValues(const Features& features);
};

struct Weights {
  std::vector<std::string> categories;
  std::uint32_t buckets = 0;
  Kinds kinds;
  std::vector<float> bias;           // by category
  std::vector<float> unit;           // by category
  std::vector<std::int8_t> weights;  // by bucket, then category, in units

  static Weights zero(std::vector<std::string> categories, std::uint32_t buckets);
  // Of each category the logarithm of its odds, for a message of those features.
  void margins(const Features& features, std::vector<double>& out) const;
};
double probability(double margin);

Result<Weights> parse_weights(std::string_view file);  // Errc::invalid. Any bytes
std::string render_weights(const Weights& weights);

class LinearModel final : public Classifier {
 public:
  explicit LinearModel(Weights weights) : weights_(std::move(weights)) {}
  Opinion opinion(const Subject& subject) override;
  void swap(Weights weights) { weights_ = std::move(weights); }

 private:
  Weights weights_;
  Features features_;
  std::vector<double> margins_;
};

}  // namespace sluice::automod
