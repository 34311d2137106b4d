#include <map>
#include <tuple>

#include "http/session.hpp"
#include "metrics/metrics.hpp"

namespace sluice::http {
namespace {

// Looking a series up in the registry costs more than the request: keep the references.
prometheus::Histogram& duration_of(const char* route, const std::string& method, int status) {
  using Key = std::tuple<const char*, int, std::string>;
  thread_local std::map<Key, prometheus::Histogram*> known;
  std::string verb = method == "GET" || method == "POST" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
                             method == "PATCH" || method == "DELETE"
                         ? method
                         : "other";
  auto [at, fresh] = known.try_emplace(Key{route, status, verb}, nullptr);
  if (fresh)
    at->second = &metrics::histogram("http_request_duration_seconds", "Time to answer an HTTP request.",
                                     {{"method", verb}, {"route", route}, {"status_code", std::to_string(status)}},
                                     {.01, .05, .1, .5, 1, 2, 5});
  return *at->second;
}

}  // namespace

Responder::State::~State() {
  if (!session) return;
  auto* unanswered = std::exchange(session, nullptr);
  unanswered->forget(this);
  if (streaming)
    unanswered->cut_stream();
  else if (!answered)
    unanswered->answer(Response::text(500, "internal error\n"));
}

void Responder::State::observe(int status) const {
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  access.log(status, took);
  if (route) duration_of(route, access.method, status).Observe(took.count());
}

void Responder::State::lose_client() {
  session = nullptr;
  gone = true;
  if (auto tell = std::exchange(on_gone, nullptr)) tell();
}

void Responder::respond(Response response) const {
  if (state_->answered || !state_->session) return;
  state_->answered = true;
  state_->observe(response.status);
  state_->on_gone = nullptr;
  state_->session->answer(state_->session->finished(std::move(response), state_->access));
}

void Responder::begin_stream(Response head) const {
  if (state_->answered || !state_->session) return;
  state_->answered = state_->streaming = true;
  state_->observe(head.status);
  bool bodiless = state_->access.method == "HEAD" || !has_body(head.status);
  state_->session->begin_stream(state_->session->finished(std::move(head), state_->access));
  if (bodiless) end();
}

void Responder::write(SharedBytes bytes) const {
  if (state_->streaming && state_->session) state_->session->stream(std::move(bytes));
}

void Responder::end() const {
  if (!state_->streaming || !state_->session) return;
  state_->on_gone = nullptr;
  state_->session->end_stream();
}

std::size_t Responder::queued() const { return state_->session ? state_->session->queued() : 0; }

void Responder::on_gone(std::function<void()> gone) const {
  if (state_->session) state_->on_gone = std::move(gone);
}

bool Responder::gone() const { return state_->session == nullptr; }

void Responder::route(const char* pattern) const { state_->route = pattern; }

void Responder::upgrade(Headers headers, Upgraded take_over) const {
  if (state_->answered || !state_->session) return;
  state_->answered = true;
  state_->observe(101);
  Response head;
  head.status = 101;
  head.headers = std::move(headers);
  state_->access.mark(head);
  state_->session->upgrade(head, take_over);
}

}  // namespace sluice::http
