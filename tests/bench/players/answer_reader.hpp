#pragma once
// Reads one HTTP/1.1 answer from bytes as they come: status, the few headers a load client looks at, a body by length, in chunks or until
// the connection closes. Trusting: for servers under test, not for strangers.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace players {

class AnswerReader {
 public:
  void start(bool keep_body) {
    *this = AnswerReader();
    keep_ = keep_body;
  }

  void feed(std::string_view bytes) {
    if (state_ == State::head) {
      const std::size_t before = head_.size();
      head_ += bytes;
      const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
      if (end == head_.npos) return;
      bytes.remove_prefix(end + 4 - before);
      head_.resize(end + 2);
      read_head();
    }
    while (!bytes.empty() && state_ != State::done) {
      if (state_ == State::body) {
        const std::size_t n = chunked_ || length_known_ ? std::min<std::uint64_t>(left_, bytes.size()) : bytes.size();
        if (keep_) body_ += bytes.substr(0, n);
        body_bytes_ += n;
        left_ -= n;
        bytes.remove_prefix(n);
        if (left_ == 0 && chunked_) state_ = State::chunk_line;
        if (left_ == 0 && length_known_) state_ = State::done;
      } else {
        const char c = bytes.front();
        bytes.remove_prefix(1);
        if (c == '\n') {
          read_chunk_line();
        } else if (c != '\r') {
          line_ += c;
        }
      }
    }
  }

  bool fresh() const { return state_ == State::head && head_.empty(); }
  bool done() const { return state_ == State::done; }
  bool complete_at_close() const { return state_ == State::body && !chunked_ && !length_known_; }
  bool closes() const { return closes_ || complete_at_close(); }
  int status() const { return status_; }
  const std::string& body() const { return body_; }
  std::uint64_t body_bytes() const { return body_bytes_; }
  bool gzipped() const { return gzipped_; }
  const std::string& cache() const { return cache_; }  // X-Cache

 private:
  enum class State { head, body, chunk_line, done };

  void read_head() {
    if (head_.size() > 12) std::from_chars(head_.data() + 9, head_.data() + 12, status_);
    std::string_view rest = head_;
    while (!rest.empty()) {
      const std::size_t end = rest.find("\r\n");
      field(rest.substr(0, end));
      rest.remove_prefix(end + 2);
    }
    const bool bodiless = status_ == 204 || status_ == 304 || (length_known_ && left_ == 0);
    state_ = bodiless ? State::done : chunked_ ? State::chunk_line : State::body;
    if (!chunked_ && !length_known_) left_ = ~0ULL;
  }

  void field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return;
    const auto name = line.substr(0, colon), value = sluice::trim(line.substr(colon + 1));
    using sluice::ascii_iequals;
    if (ascii_iequals(name, "Content-Length")) {
      length_known_ = true;
      std::from_chars(value.data(), value.data() + value.size(), left_);
    } else if (ascii_iequals(name, "Transfer-Encoding")) {
      chunked_ = ascii_iequals(value, "chunked");
    } else if (ascii_iequals(name, "Content-Encoding")) {
      gzipped_ = ascii_iequals(value, "gzip");
    } else if (ascii_iequals(name, "Connection")) {
      closes_ = ascii_iequals(value, "close");
    } else if (ascii_iequals(name, "X-Cache")) {
      cache_ = value;
    }
  }

  void read_chunk_line() {
    const std::string line = std::exchange(line_, {});
    if (line.empty()) {
      if (last_chunk_) state_ = State::done;
      return;
    }
    if (last_chunk_) return;  // a trailer
    left_ = 0;
    std::from_chars(line.data(), line.data() + line.size(), left_, 16);
    last_chunk_ = left_ == 0;
    if (!last_chunk_) state_ = State::body;
  }

  State state_ = State::head;
  bool keep_ = false, chunked_ = false, length_known_ = false, gzipped_ = false, closes_ = false, last_chunk_ = false;
  int status_ = 0;
  std::uint64_t left_ = 0, body_bytes_ = 0;
  std::string head_, body_, line_, cache_;
};

}  // namespace players
