#pragma once
// Heads of the audit log as they were noted elsewhere: lines of a number and a hash, as modctl audit head
// prints them.
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/audit.hpp"

namespace sluice::modctl {

// Blank lines, those that begin with #, and heads of an empty log (which say nothing) are passed over.
// Errc::invalid names the line, or says that there is no head at all: that is no anchor, but a source that
// failed.
Result<std::vector<store::AuditHead>> parse_anchors(std::string_view text);

}  // namespace sluice::modctl
