#pragma once
// The API's envelope: {"success":…,"data":…,"error":null | {"statusCode":…,"code":…,"message":…}}.
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.hpp"
#include "http/server.hpp"

namespace sluice::webd {

http::Response success(const nlohmann::json& data);
http::Response failure(int status, std::string_view code, std::string_view message);
// The status and code that say what went wrong; internals stay in the log.
http::Response failure(const Error& error);

}  // namespace sluice::webd
