#pragma once
// Words: an order and an outcome, as lines "NAME VALUE\n". A NAME is of [a-z-]; a VALUE is printable ASCII, so that neither can
// break a line of a log or of a shell's command.
#include <map>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace sluice::relay {

using Words = std::map<std::string, std::string>;

Bytes write_words(const Words& words);
Result<Words> read_words(ByteView text);          // Errc::invalid
std::string printable(std::string_view text);     // with '?' for what is not, at most 200 characters

}  // namespace sluice::relay
