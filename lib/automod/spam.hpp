#pragma once
// Spam: what a message looks like, whatever it says.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "automod/words.hpp"

namespace sluice::automod {

// More than 10 letters, more than 0.7 of them capitals: their share.
std::optional<double> too_many_capitals(std::u32string_view original);
// More than 5 words, fewer than 0.3 of them different; a character more than 24 times in a row; or a piece of
// 3 characters and more that, at least four times over, is a text of 30 and more. What it is, for people.
std::optional<std::string> repetition(const Folded& text, const Words& words);

struct Link {
  std::string domain;
  Span where;  // in the folded text
};
// With a scheme or "www.", or a domain that ends as those of links in chat do. "example.com" permits
// "www.example.com", too; "*" all.
std::vector<Link> links(const Folded& text, const std::vector<std::string>& permitted);

}  // namespace sluice::automod
