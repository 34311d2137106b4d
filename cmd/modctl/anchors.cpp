#include "anchors.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"

namespace sluice::modctl {

namespace {
constexpr std::size_t hash_digits = 64;

bool is_hash(std::string_view text) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == hash_digits && std::ranges::all_of(text, digit);
}

std::optional<store::AuditHead> parse_line(std::string_view line) {
  const std::size_t blank = std::min(line.find_first_of(" \t"), line.size());
  const auto id = parse_number<std::int64_t>(line.substr(0, blank));
  const std::string_view hash = trim(line.substr(blank));
  if (!id || *id < 0 || !(is_hash(hash) || (*id == 0 && hash.empty()))) return std::nullopt;
  return store::AuditHead{*id, std::string(hash)};
}
}  // namespace

Result<std::vector<store::AuditHead>> parse_anchors(std::string_view text) {
  std::vector<store::AuditHead> anchors;
  std::size_t number = 0;
  bool found = false;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    const auto anchor = parse_line(line);
    if (!anchor)
      return fail(Errc::invalid, fmt::format("line {} is no head of an audit log", number),
                  "a number and 64 hexadecimal digits, as modctl audit head prints them");
    found = true;
    if (anchor->id != 0) anchors.push_back(*anchor);
  }
  if (!found)
    return fail(Errc::invalid, "there is no head in it", "begin it with one that modctl audit head printed");
  return anchors;
}

}  // namespace sluice::modctl
