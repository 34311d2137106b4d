#pragma once
// An entry of the audit log in words.
#include <string>

#include "store/audit.hpp"

namespace sluice::modctl {

// "ada banned bob from demo": `whom` is the target user's name, or empty.
std::string act_in_words(const store::AuditEntry& entry, const std::string& whom);

}  // namespace sluice::modctl
