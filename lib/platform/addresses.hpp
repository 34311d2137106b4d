#pragma once
// Network addresses as far as limits count by them.
#include <string>
#include <string_view>

namespace sluice::platform {

// By which what one address may do is counted: an IPv6 address is its /64 ("2001:db8:1:2::/64"), since
// whoever has one has them all; IPv4 mapped into IPv6 is the IPv4 address. Anything else is itself.
std::string counted_as(std::string_view address);

}  // namespace sluice::platform
