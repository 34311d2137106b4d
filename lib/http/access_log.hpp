#pragma once
// The access log: one line an answer, with the trace id that ties it to the caller's own logs. Methods that may change something
// and answers from 500 up are told at info, all others at debug: players ask several times a second.
#include <chrono>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace sluice::http {

// The caller's X-Trace-Id where it is 1 to 64 letters, digits, '.', '_' or '-'; else a new one of 15 hexadecimal digits.
std::string trace_id_of(std::string_view asked);

// What of a request outlives its handler.
struct Access {
  std::string method, path;  // the path as sent, without the query (queries may hold secrets), cut at 256 bytes
  std::string trace_id, peer;
  bool traced = false;       // the caller sent the trace id

  Access(const Request& request);
  void log(int status, std::chrono::duration<double> took) const;
  // Puts X-Trace-Id into the answer; not into one that a cache may give to others, unless the caller sent the id.
  void mark(Response& response) const;
};

}  // namespace sluice::http
