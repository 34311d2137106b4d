#include "http/router.hpp"

#include "base/text.hpp"

namespace sluice::http {
namespace {

bool fits(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path, Captured& captured) {
  if (pattern.size() != path.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].starts_with(':')) {
      if (path[i].empty()) return false;
      captured.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

void Router::add(const char* method, const char* pattern, Answer answer) {
  routes_.push_back({method, pattern, split(pattern, '/'), std::move(answer)});
}

void Router::operator()(const Request& request, const Responder& responder) const {
  auto path = split(request.path, '/');
  Captured allowed;
  for (const auto& route : routes_) {
    Captured captured;
    if (!fits(route.segments, path, captured)) continue;
    if (request.method != route.method && !(request.method == "HEAD" && route.method == "GET")) {
      allowed.push_back(route.method);
      continue;
    }
    responder.route(route.pattern);
    return route.answer(request, responder, captured);
  }
  responder.route("other");
  const auto& answer = allowed.empty() ? otherwise_ : wrong_method_;
  if (answer) return answer(request, responder, allowed);
  responder.respond(allowed.empty() ? Response::text(404, "not found\n") : Response::text(405, "method not allowed\n"));
}

}  // namespace sluice::http
