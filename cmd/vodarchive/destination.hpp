#pragma once
// Where recordings go, from options and the environment.
#include "app/options.hpp"
#include "archive/archive.hpp"

namespace sluice::vodarchive {

// Errc::config or usage, with what to set. Secrets come from a file or the environment, and no error repeats them.
Result<archive::Destination> destination_of(const app::Settings& settings);
Result<s3::Credentials> credentials_of(const app::Settings& settings);
archive::Limits limits_of(const app::Settings& settings);

}  // namespace sluice::vodarchive
