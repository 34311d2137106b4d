#include "automod/spam.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include <fmt/format.h>
#include <unicode/uchar.h>

namespace sluice::automod {

namespace {

constexpr std::size_t letters_judged = 10;
constexpr double capitals_at_most = 0.7;
constexpr std::size_t words_judged = 5;
constexpr double different_at_least = 0.3;
constexpr std::size_t run_at_most = 24;
constexpr std::size_t filled_from = 30, piece_from = 3, times_from = 4;

// Ends of domains that stand in chats without a scheme. A word behind a full stop without a blank is not to
// be one: no "is", "it", "so".
constexpr std::array<std::u32string_view, 44> endings{
    U"com",  U"net",  U"org", U"tv",  U"gg",     U"io",     U"me",   U"co",   U"uk",     U"de",   U"fr",
    U"ru",   U"eu",   U"nl",  U"pl",  U"br",     U"jp",     U"cn",   U"ca",   U"au",     U"ly",   U"be",
    U"xyz",  U"info", U"biz", U"app", U"dev",    U"link",   U"live", U"site", U"online", U"shop", U"store",
    U"club", U"top",  U"win", U"bet", U"casino", U"stream", U"cc",   U"ws",   U"gl",     U"vip",  U"edu"};

bool in_domain(char32_t c) {
  return u_isalnum(static_cast<UChar32>(c)) || c == U'-' || c == U'.';
}

bool permits(std::string_view permitted, std::string_view domain) {
  return permitted == "*" || domain == permitted ||
         (domain.size() > permitted.size() && domain.ends_with(permitted) &&
          domain[domain.size() - permitted.size() - 1] == '.');
}

// The domain a word (without blanks) is a link to; empty: none.
std::u32string_view domain_of(std::u32string_view word) {
  bool surely = false;
  if (const std::size_t scheme = word.find(U"://"); scheme != std::u32string_view::npos) {
    word.remove_prefix(scheme + 3);
    surely = true;
  }
  while (!word.empty() && !u_isalnum(static_cast<UChar32>(word.front()))) word.remove_prefix(1);
  std::size_t size = 0;
  while (size < word.size() && in_domain(word[size])) ++size;
  if (size < word.size() && word[size] == U'@') return {};  // an address of mail
  std::u32string_view domain = word.substr(0, size);
  while (!domain.empty() && !u_isalnum(static_cast<UChar32>(domain.back()))) domain.remove_suffix(1);
  const std::size_t dot = domain.rfind(U'.');
  if (dot == std::u32string_view::npos || dot == 0) return surely ? domain : std::u32string_view();
  surely = surely || domain.starts_with(U"www.");
  return surely || std::ranges::find(endings, domain.substr(dot + 1)) != endings.end()
             ? domain
             : std::u32string_view();
}

// The length of the shortest piece that the text is repetitions of, the last maybe cut short (Knuth, Morris,
// Pratt).
std::size_t period(std::u32string_view text) {
  std::vector<std::size_t> border(text.size(), 0);
  for (std::size_t i = 1; i < text.size(); ++i) {
    std::size_t k = border[i - 1];
    while (k > 0 && text[i] != text[k]) k = border[k - 1];
    border[i] = text[i] == text[k] ? k + 1 : 0;
  }
  return text.size() - border.back();
}

}  // namespace

std::optional<double> too_many_capitals(std::u32string_view original) {
  std::size_t letters = 0, capitals = 0;
  for (const char32_t c : original) {
    letters += u_isalpha(static_cast<UChar32>(c)) != 0;
    capitals += u_isupper(static_cast<UChar32>(c)) != 0;
  }
  if (letters <= letters_judged) return std::nullopt;
  const double share = static_cast<double>(capitals) / static_cast<double>(letters);
  return share > capitals_at_most ? std::optional(share) : std::nullopt;
}

std::optional<std::string> repetition(const Folded& text, const Words& words) {
  if (words.words.size() > words_judged) {
    std::unordered_set<std::u32string_view> different;
    for (const Word& word : words.words)
      different.insert(
          std::u32string_view(text.text).substr(word.where.begin, word.where.end - word.where.begin));
    const double share = static_cast<double>(different.size()) / static_cast<double>(words.words.size());
    if (share < different_at_least)
      return fmt::format("{} of {} words are different", different.size(), words.words.size());
  }
  std::size_t run = 0;
  for (std::size_t i = 0; i < text.text.size(); ++i) {
    run = i > 0 && text.text[i] == text.text[i - 1] ? run + 1 : 1;
    if (run > run_at_most && text.text[i] != U' ')
      return fmt::format("a character more than {} times in a row", run_at_most);
  }
  if (text.text.size() >= filled_from) {
    const std::size_t piece = period(text.text);
    if (piece >= piece_from && piece * times_from <= text.text.size())
      return fmt::format("{} characters again and again", piece);
  }
  return std::nullopt;
}

std::vector<Link> links(const Folded& text, const std::vector<std::string>& permitted) {
  std::vector<Link> found;
  const std::u32string_view all = text.text;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find(U' ', at), all.size());
    if (const auto word = all.substr(at, end - at); word.find_first_of(U".:") != std::u32string_view::npos) {
      const std::string domain = to_utf8(domain_of(word));
      if (!domain.empty() &&
          std::ranges::none_of(permitted, [&](const std::string& p) { return permits(p, domain); }))
        found.push_back({domain, {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)}});
    }
    at = end + 1;
  }
  return found;
}

}  // namespace sluice::automod
