#pragma once
// An IRC message (RFC 1459 2.3.1, IRCv3 message-tags): parsed from a line, and written to one.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "irc/tags.hpp"

namespace sluice::irc {

struct Message {
  Tags tags;
  std::string_view prefix;               // without ':'; empty when absent
  std::string command;                   // upper-case: "PRIVMSG", "001"
  std::vector<std::string_view> params;  // up to 15; the last may be a trailing one

  std::string_view param(std::size_t index) const {
    return index < params.size() ? params[index] : std::string_view();
  }
};

// Parses a line without its CR LF; the message views it. Errc::invalid: no command, or a NUL in it.
Result<Message> parse_message(std::string_view line);

// Appends one line to `out`: tags, then prefix, command and parameters, then end(). CR, LF and NUL in any
// part become spaces, so nothing that is written can begin a line of its own.
class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(out) {}

  LineWriter& tag(std::string_view key, std::string_view value);  // before everything else
  LineWriter& prefix(std::string_view source);
  LineWriter& command(std::string_view name);
  LineWriter& param(std::string_view value);     // no spaces in it
  LineWriter& channel(std::string_view name);    // a parameter with '#' before it
  LineWriter& trailing(std::string_view value);  // the last parameter
  void end() { out_ += "\r\n"; }

 private:
  void text(std::string_view value);
  std::string& out_;
  bool tagged_ = false;
  bool prefixed_ = false;
};

}  // namespace sluice::irc
