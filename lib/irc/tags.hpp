#pragma once
// Message tags (IRCv3 message-tags): @key=value;key=value with escaped values.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::irc {

using Tag = std::pair<std::string_view, std::string>;  // key as sent; value unescaped
using Tags = std::vector<Tag>;

// ; → \:   space → \s   \ → \\   CR → \r   LF → \n
void append_escaped(std::string& out, std::string_view value);
// The other way; a backslash before anything else is dropped, as is one at the end.
std::string unescaped(std::string_view value);

// The part between '@' and the space. Keys view `text`. A key given twice keeps its last value; parts without
// a key are left out.
Tags parse_tags(std::string_view text);
std::string_view find_tag(const Tags& tags, std::string_view key);  // empty when absent

}  // namespace sluice::irc
