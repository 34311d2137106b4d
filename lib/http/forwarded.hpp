#pragma once
// X-Forwarded-For, as the nearest proxy wrote it.
#include <string>
#include <string_view>

namespace sluice::http {

// The last address: that of who connected to the proxy. What stands before it anybody may have written. Empty
// when that is no IPv4 or IPv6 address.
std::string forwarded_for(std::string_view header);

}  // namespace sluice::http
