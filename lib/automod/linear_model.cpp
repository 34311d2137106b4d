#include "automod/linear_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/text.hpp"

namespace sluice::automod {

static_assert(std::endian::native == std::endian::little, "floats are read as they lie");

namespace {

constexpr std::string_view first_line = "sluice-automod-model 1";
constexpr std::size_t most_categories = 32;

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

std::string_view bytes_of(const std::vector<float>& floats) {
  return {reinterpret_cast<const char*>(floats.data()), floats.size() * sizeof(float)};
}

}  // namespace

Weights Weights::zero(std::vector<std::string> categories, std::uint32_t buckets) {
  Weights weights{std::move(categories), buckets, {}, {}};
  weights.bias.resize(weights.categories.size());
  weights.weights.resize(weights.categories.size() * buckets);
  return weights;
}

void Weights::scores(const std::vector<std::uint32_t>& features, std::vector<double>& out) const {
  const std::size_t count = categories.size();
  std::vector<float> sums(count, 0.f);
  for (const std::uint32_t feature : features) {
    const float* row = weights.data() + feature * count;
    for (std::size_t c = 0; c < count; ++c) sums[c] += row[c];
  }
  // All features together weigh as much in a long message as in a short one.
  const double value = features.empty() ? 0 : 1 / std::sqrt(static_cast<double>(features.size()));
  out.resize(count);
  for (std::size_t c = 0; c < count; ++c) out[c] = 1 / (1 + std::exp(-(bias[c] + value * sums[c])));
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
  if (rest.size() != sizeof(float) * categories.size() * (std::size_t{*buckets} + 1))
    return fail(Errc::invalid, "it is shorter or longer than its first lines say");
  Weights weights = Weights::zero(std::move(categories), *buckets);
  if (!read_floats(rest, weights.bias) || !read_floats(rest, weights.weights))
    return fail(Errc::invalid, "a weight is no number");
  return weights;
}

std::string render_weights(const Weights& weights) {
  std::string out = std::string(first_line) + "\n" + std::to_string(weights.buckets) + "\n";
  for (std::size_t c = 0; c < weights.categories.size(); ++c)
    out += (c > 0 ? " " : "") + weights.categories[c];
  out += "\n";
  out += bytes_of(weights.bias);
  out += bytes_of(weights.weights);
  return out;
}

Opinion LinearModel::opinion(const Subject& subject) {
  Opinion out;
  features_of(subject.words, weights_.buckets, features_);
  if (features_.empty()) return out;
  weights_.scores(features_, scores_);
  double any = 0;
  for (std::size_t c = 0; c < scores_.size(); ++c)
    if (weights_.categories[c] == any_category)
      any = scores_[c];
    else
      out.scores.push_back({weights_.categories[c], scores_[c]});
  if (const auto likeliest = std::ranges::max_element(out.scores, {}, &Opinion::Score::score);
      likeliest != out.scores.end())
    likeliest->score = std::max(likeliest->score, any);
  return out;
}

}  // namespace sluice::automod
