#pragma once
// A URL watched over the network, each finding handed on as soon as it is known.
#include <functional>
#include <string>

#include "base/result.hpp"
#include "hls/lint_rules.hpp"
#include "lint/watch.hpp"

namespace sluice::hlslint {

bool is_url(std::string_view place);  // http or https

// Whether it is there and holds one at least; Errc::config.
Result<> check_certificates(const std::string& path);

// Errc::unavailable, not_found, invalid: there is no playlist at the URL; denied: nobody vouches for its server; usage, config: the URL
// or the certificates are none.
Result<> watch(const std::string& url, const lint::Options& options, const std::string& ca_file, const std::function<void(const hls::Finding&)>& found);

}  // namespace sluice::hlslint
