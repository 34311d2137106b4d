#include "http/access_log.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "base/text.hpp"
#include "log/log.hpp"

namespace sluice::http {
namespace {

constexpr std::size_t longest_path = 256, longest_id = 64;

bool acceptable(std::string_view id) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !id.empty() && id.size() <= longest_id && std::ranges::all_of(id, plain);
}

bool changes(std::string_view method) { return method != "GET" && method != "HEAD" && method != "OPTIONS"; }

bool for_caches(const Response& response) { return response.header("Cache-Control").starts_with("public"); }

}  // namespace

std::string trace_id_of(std::string_view asked) {
  if (acceptable(asked)) return std::string(asked);
  thread_local SeededRandom random(system_random().u64());  // an id is no secret
  static constexpr char digits[] = "0123456789abcdef";
  std::string id(15, '0');  // as many digits as need no allocation
  std::uint64_t rest = random.u64();
  for (char& digit : id) {
    digit = digits[rest & 15];
    rest >>= 4;
  }
  return id;
}

Access::Access(const Request& request)
    : method(request.method), path(request.target.substr(0, std::min(request.target.find('?'), longest_path))) {
  const std::string_view asked = request.header("X-Trace-Id");
  trace_id = trace_id_of(asked);
  traced = trace_id == asked;
  peer = changes(method) || log::enabled(log::Level::debug) ? request.peer.text() : request.peer.host;
}

void Access::log(int status, std::chrono::duration<double> took) const {
  const log::Level level = changes(method) || status >= 500 ? log::Level::info : log::Level::debug;
  if (!log::enabled(level)) return;
  const double ms = std::round(took.count() * 1e6) / 1e3;
  log::write(level, "request", {{"method", method}, {"path", path}, {"status", status}, {"duration_ms", ms}, {"trace_id", trace_id}, {"peer", peer}});
}

void Access::mark(Response& response) const {
  if (traced || !for_caches(response)) response.headers.emplace_back("X-Trace-Id", trace_id);
}

}  // namespace sluice::http
