#pragma once
// Router: "GET /api/channels/:name" to a handler. A segment that begins with ':' matches any one segment and is handed
// on, in order. The first route that fits wins; a path that fits under another method only is answered 405.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.hpp"

namespace sluice::http {

using Captured = std::vector<std::string_view>;  // parts of request.path, valid as long as it

class Router {
 public:
  using Answer = std::function<void(const Request&, const Responder&, const Captured&)>;

  // `pattern` must live for ever: it is the metrics' route label. GET serves HEAD too.
  void add(const char* method, const char* pattern, Answer answer);
  void otherwise(Answer answer) { otherwise_ = std::move(answer); }           // no route fits
  void wrong_method(Answer answer) { wrong_method_ = std::move(answer); }     // captured: the methods that would do

  void operator()(const Request& request, const Responder& responder) const;

 private:
  struct Route {
    std::string_view method;
    const char* pattern;
    std::vector<std::string_view> segments;
    Answer answer;
  };
  std::vector<Route> routes_;
  Answer otherwise_, wrong_method_;
};

}  // namespace sluice::http
