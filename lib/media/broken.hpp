#pragma once
// Inside lib/media: what is no decoder configuration.
#include <string>

#include "base/result.hpp"

namespace sluice::media {

inline std::unexpected<Error> broken(std::string_view what) { return fail(Errc::invalid, std::string(what) + ": broken"); }

}  // namespace sluice::media
