#include "automod/patterns.hpp"

#include <utility>

#include <re2/re2.h>
#include <re2/set.h>

namespace sluice::automod {

namespace {
constexpr int most_of_one = 16;
constexpr std::int64_t most_memory = 64 << 20;  // of all together
// Of one: what \pL{900} compiles to takes half a second and a million instructions. Ordinary patterns have up
// to 300, \b[\pL\pN]{1,3}\b has 4000.
constexpr std::int64_t most_memory_of_one = 256 << 10;
constexpr int most_instructions = 5000;

RE2::Options options(std::int64_t memory) {
  RE2::Options chosen;
  chosen.set_log_errors(false);
  chosen.set_case_sensitive(false);  // the text is folded, the expression is not
  chosen.set_max_mem(memory);
  return chosen;
}
}  // namespace

struct Patterns::Impl {
  RE2::Set all{options(most_memory), RE2::UNANCHORED};
  std::vector<std::pair<std::unique_ptr<RE2>, std::uint32_t>> each;
};

Patterns::Patterns() : impl_(std::make_unique<Impl>()) {}
Patterns::Patterns(Patterns&&) noexcept = default;
Patterns& Patterns::operator=(Patterns&&) noexcept = default;
Patterns::~Patterns() = default;

Result<> Patterns::add(std::string_view pattern, std::uint32_t number) {
  const re2::StringPiece text(pattern.data(), pattern.size());
  auto one = std::make_unique<RE2>(text, options(most_memory_of_one));
  if (one->error_code() == RE2::ErrorPatternTooLarge || one->ProgramSize() > most_instructions)
    return fail(Errc::invalid, "the pattern is too large: repeat less, or smaller sets of characters");
  if (!one->ok()) return fail(Errc::invalid, "RE2 does not take the pattern: " + one->error());
  std::string why;
  if (impl_->all.Add(text, &why) < 0) return fail(Errc::invalid, "RE2 does not take the pattern: " + why);
  size_ += static_cast<std::size_t>(one->ProgramSize());
  impl_->each.emplace_back(std::move(one), number);
  return {};
}

Result<> Patterns::compile() {
  if (!impl_->each.empty() && !impl_->all.Compile())
    return fail(Errc::invalid, "the patterns are too large together");
  return {};
}

void Patterns::find(const Folded& text, std::vector<Found>& out) const {
  if (impl_->each.empty()) return;
  const std::string utf8 = to_utf8(text.text);
  std::vector<int> which;
  if (!impl_->all.Match(utf8, &which)) return;
  std::vector<std::uint32_t> point_of(utf8.size() + 1);  // the character that a byte belongs to
  for (std::size_t byte = 0, point = 0; byte < utf8.size(); ++byte) {
    if (byte > 0 && (static_cast<unsigned char>(utf8[byte]) & 0xC0) != 0x80) ++point;
    point_of[byte] = static_cast<std::uint32_t>(point);
  }
  point_of.back() = static_cast<std::uint32_t>(text.text.size());
  for (const int index : which) {
    const auto& [expression, number] = impl_->each[static_cast<std::size_t>(index)];
    std::size_t from = 0;
    re2::StringPiece match;
    for (int count = 0; count < most_of_one && from < utf8.size() &&
                        expression->Match(utf8, from, utf8.size(), RE2::UNANCHORED, &match, 1);
         ++count) {
      const auto begin = static_cast<std::size_t>(match.data() - utf8.data());
      const std::size_t end = begin + match.size();
      if (!match.empty()) out.push_back({number, {point_of[begin], point_of[end]}});
      from = match.empty() ? end + 1 : end;
    }
  }
}

}  // namespace sluice::automod
