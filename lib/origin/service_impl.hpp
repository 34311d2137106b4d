#pragma once
// What the service's .cpp files share.
#include <utility>

#include "origin/instruments.hpp"
#include "origin/service.hpp"

namespace sluice::origin {

inline constexpr std::uint32_t over_max_age_s = 600;  // of playlists that will not change any more

inline http::Response not_found(std::string_view what) { return error_answer(404, "NOT_FOUND", what); }
inline http::Response unavailable(std::string_view what) { return error_answer(503, "UNAVAILABLE", what, 1); }

// Caches may keep it for a moment: behind one of them many wait for the same, and each would wait as long again.
inline http::Response waited_too_long(std::string_view what) { return error_answer(503, "UNAVAILABLE", what, 1, 1); }

inline std::size_t size_of(const http::Body& body) {
  if (const auto* text = std::get_if<std::string>(&body)) return text->size();
  if (const auto* shared = std::get_if<SharedBytes>(&body)) return *shared ? (*shared)->size() : 0;
  if (const auto* range = std::get_if<net::FileRange>(&body)) return range->size;
  return 0;
}

inline void finish(const Answer& answer, http::Response response) {
  instruments().bytes.Increment(static_cast<double>(size_of(response.body)));
  answer(std::move(response));
}

// Answers now if that is possible, else lets the request wait.
template <class AttemptNow>
void Service::settle(Presentation& presentation, const std::string& rendition, AttemptNow attempt, Answer answer) {
  if (auto response = attempt(std::chrono::milliseconds(0))) {
    finish(answer, *std::move(response));
  } else if (waiting_ >= options_.most_waiting) {
    instruments().refused.Increment();
    finish(answer, error_answer(503, "TOO_MANY_WAITING", "too many requests are waiting", 1));
  } else {
    instruments().waiting.Set(static_cast<double>(++waiting_));
    presentation.waiting.enter(
        rendition, std::move(attempt),
        [this, answer = std::move(answer)](http::Response response) {
          instruments().waiting.Set(static_cast<double>(--waiting_));
          finish(answer, std::move(response));
        },
        clock_.steady());
  }
}

}  // namespace sluice::origin
