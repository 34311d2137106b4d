#include "automod/linear_model.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/text.hpp"

namespace sluice::automod {

static_assert(std::endian::native == std::endian::little, "floats are read as they lie");

namespace {

constexpr std::string_view first_line = "sluice-automod-model 2";
constexpr std::size_t most_categories = 32;
constexpr double piece_share = 0.15;  // of a word's value
constexpr double little = 60;         // features that every message has beside its own, which weigh nothing

// The next line of `rest`, which is then what follows it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

bool read_floats(std::string_view& rest, std::vector<float>& out) {
  const std::size_t size = out.size() * sizeof(float);
  if (rest.size() < size) return false;
  std::memcpy(out.data(), rest.data(), size);
  rest.remove_prefix(size);
  return std::ranges::all_of(out, [](float f) { return std::isfinite(f); });
}

template <class Number>
std::string_view bytes_of(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

}  // namespace

FeatureValues::FeatureValues(const Features& features) {
  const double count = static_cast<double>(features.words.size()) +
                       piece_share * piece_share * static_cast<double>(features.pieces.size());
  word = 1 / std::sqrt(little + count);
  piece = piece_share * word;
}

Weights Weights::zero(std::vector<std::string> categories, std::uint32_t buckets) {
  Weights weights{.categories = std::move(categories), .buckets = buckets};
  weights.bias.resize(weights.categories.size());
  weights.unit.resize(weights.categories.size());
  weights.weights.resize(weights.categories.size() * buckets);
  return weights;
}

void Weights::margins(const Features& features, std::vector<double>& out) const {
  const std::size_t count = categories.size();
  const FeatureValues values(features);
  const auto add = [&](const std::vector<std::uint32_t>& numbers, double value) {
    std::array<std::int32_t, most_categories> sums{};
    for (const std::uint32_t number : numbers) {
      const std::int8_t* row = weights.data() + std::size_t{number} * count;
      for (std::size_t c = 0; c < count; ++c) sums[c] += row[c];
    }
    for (std::size_t c = 0; c < count; ++c) out[c] += value * unit[c] * sums[c];
  };
  out.assign(bias.begin(), bias.end());
  add(features.words, values.word);
  add(features.pieces, values.piece);
}

double probability(double margin) {
  return 1 / (1 + std::exp(-margin));
}

Result<Weights> parse_weights(std::string_view file) {
  std::string_view rest = file;
  if (take_line(rest) != first_line)
    return fail(Errc::invalid, "no model: it does not begin with '" + std::string(first_line) + "'");
  const auto buckets = parse_number<std::uint32_t>(take_line(rest));
  if (!buckets || !std::has_single_bit(*buckets) || *buckets > most_buckets)
    return fail(Errc::invalid, "the number of buckets is no power of two up to 2^20");
  std::vector<std::string> categories;
  for (const std::string_view category : split(take_line(rest), ' ')) {
    if (!is_category(category) || categories.size() == most_categories)
      return fail(Errc::invalid, "its categories are none");
    categories.emplace_back(category);
  }
  const auto kinds = parse_number<std::uint32_t>(take_line(rest));
  if (!kinds || *kinds > rest.size() ||
      rest.size() - *kinds != categories.size() * (2 * sizeof(float) + std::size_t{*buckets}))
    return fail(Errc::invalid, "it is shorter or longer than its first lines say");
  Weights weights = Weights::zero(std::move(categories), *buckets);
  SLUICE_TRY_VALUE(weights.kinds, Kinds::parse_folded(rest.substr(0, *kinds)));
  rest.remove_prefix(*kinds);
  if (!read_floats(rest, weights.bias) || !read_floats(rest, weights.unit))
    return fail(Errc::invalid, "a weight is no number");
  std::memcpy(weights.weights.data(), rest.data(), rest.size());
  return weights;
}

std::string render_weights(const Weights& weights) {
  std::string out = std::string(first_line) + "\n" + std::to_string(weights.buckets) + "\n";
  for (std::size_t c = 0; c < weights.categories.size(); ++c)
    out += (c > 0 ? " " : "") + weights.categories[c];
  const std::string kinds = weights.kinds.render();
  out += "\n" + std::to_string(kinds.size()) + "\n" + kinds;
  out += bytes_of(weights.bias);
  out += bytes_of(weights.unit);
  out += bytes_of(weights.weights);
  return out;
}

Opinion LinearModel::opinion(const Subject& subject) {
  Opinion out;
  features_of(subject.words, weights_.kinds, weights_.buckets, features_);
  if (features_.empty()) return out;
  weights_.margins(features_, margins_);
  std::optional<double> any;
  for (std::size_t c = 0; c < margins_.size(); ++c)
    if (weights_.categories[c] == any_category)
      any = probability(margins_[c]);
    else
      out.scores.push_back({weights_.categories[c], probability(margins_[c])});
  if (!any || out.scores.empty()) return out;
  const auto likeliest = std::ranges::max_element(out.scores, {}, &Opinion::Score::score);
  likeliest->score = *any;
  for (Opinion::Score& score : out.scores) score.score = std::min(score.score, *any);
  return out;
}

}  // namespace sluice::automod
