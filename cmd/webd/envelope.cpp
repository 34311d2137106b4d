#include "envelope.hpp"

#include "log/log.hpp"

namespace sluice::webd {
namespace {

std::string text(const nlohmann::ordered_json& body) {
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

http::Response success(const nlohmann::json& data) {
  nlohmann::ordered_json body{{"success", true}, {"data", data}, {"error", nullptr}};
  return http::Response::json(200, text(body)).with("Cache-Control", "no-store");
}

http::Response failure(int status, std::string_view code, std::string_view message) {
  nlohmann::ordered_json body{{"success", false},
                              {"data", nullptr},
                              {"error", {{"statusCode", status}, {"code", code}, {"message", message}}}};
  return http::Response::json(status, text(body)).with("Cache-Control", "no-store");
}

http::Response failure(const Error& error) {
  switch (error.code) {
    case Errc::not_found: return failure(404, "NOT_FOUND", error.what);
    case Errc::denied: return failure(401, "UNAUTHORIZED", error.what);
    case Errc::invalid: return failure(400, "BAD_REQUEST", error.what);
    case Errc::exists: return failure(409, "DUPLICATE", error.what);
    case Errc::conflict: return failure(409, "CONFLICT", error.what);
    case Errc::unavailable:
      return failure(503, "UNAVAILABLE", "try again in a moment").with("Retry-After", "1");
    default:
      log::error("request failed", {error});
      return failure(500, "INTERNAL_ERROR", "something went wrong here");
  }
}

}  // namespace sluice::webd
