#pragma once
// Names of users and channels, and the texts beside them.
//
// A name is 1–25 of [a-z0-9_]: what the clients of the IRC dialect accept (dank-twitch-irc checks exactly
// this). It is typed in any capitals and kept in lower case. Channel names that are paths of the web pages,
// and user names that the dialect gives a meaning (justinfan123 is everybody's anonymous nick), cannot be
// taken; nor can those that the dialect and the platform speak under (system, automod, staff…), nor what
// looks like them (icu/look.hpp).
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::platform {

// The folded name, or Errc::invalid saying which rule is broken.
Result<std::string> user_name(std::string_view typed);
Result<std::string> channel_name(std::string_view typed);
Result<std::string> word_list_name(std::string_view typed);  // 1–50 of [a-z0-9_-], typed in any capitals

// For looking up: folds capitals, drops a leading '#' (IRC) and checks nothing more.
std::string folded_name(std::string_view typed);

// One line of UTF-8 without control characters, trimmed. Errc::invalid otherwise.
Result<std::string> display_name(std::string_view typed);  // 1–50 characters
Result<std::string> stream_title(std::string_view typed);  // 0–140 characters
Result<std::string> reason(std::string_view typed);        // 0–500 characters, of a moderator's act
Result<std::string> word_text(
    std::string_view typed);  // 1–500 characters: a phrase or pattern of a word list
Result<std::string> note_text(std::string_view typed);    // 1–500 characters
Result<std::string> share_text(std::string_view typed);   // 0–500 characters, said with a resubscription
Result<std::string> emote_code(std::string_view typed);   // 1–50 characters, none of them a blank
Result<std::string> image_place(std::string_view typed);  // 0–2000 characters: a URL or a file's path

}  // namespace sluice::platform
