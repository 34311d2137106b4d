#pragma once
// Text that is shown to people, without the passwords of the URLs in it.
#include <string>
#include <string_view>

namespace sluice {

// "redis://user:PASSWORD@host" becomes "redis://user:***@host", wherever in the text it stands. Passwords that are not encoded as they should
// be are found, too: in doubt more is masked.
std::string without_passwords(std::string_view text);

}  // namespace sluice
