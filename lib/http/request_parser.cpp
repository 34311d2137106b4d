#include "http/request_parser.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "http/url.hpp"

namespace sluice::http {
namespace {

using Refusal = RequestParser::Refusal;
constexpr std::size_t max_fields = 100;
constexpr std::size_t max_target = 8 * 1024;
constexpr std::size_t max_chunk_overhead = 4 * 1024;  // a chunk's extensions; all trailers

constexpr std::array<bool, 256> token_table = [] {  // RFC 9110 5.6.2
  std::array<bool, 256> table{};
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = true;
  return table;
}();

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return token_table[c]; });
}

bool is_field_value(std::string_view text) {  // RFC 9110 5.5: visible, obs-text, spaces and tabs
  return std::ranges::all_of(text, [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
}

bool lists(std::string_view value, std::string_view token) {
  for (auto part : split(value, ','))
    if (ascii_iequals(trim(part), token)) return true;
  return false;
}

std::unexpected<Refusal> refuse(int status, std::string_view why) { return std::unexpected(Refusal{status, why}); }

template <class Text>
void let_go_when_large(Text& text) {
  if (text.capacity() > 1024)
    Text().swap(text);
  else
    text.clear();
}

}  // namespace

std::expected<std::size_t, Refusal> RequestParser::feed(ByteView bytes) {
  std::string_view text = as_text(bytes);
  std::size_t taken = 0;
  if (state_ == State::head) {
    auto head = feed_head(text);
    if (!head) return head;
    taken = *head;
    text.remove_prefix(taken);
  }
  if (state_ == State::length_body) {
    std::size_t n = std::min<std::uint64_t>(remaining_, text.size());
    request_.body.append(text.substr(0, n));
    remaining_ -= n;
    taken += n;
    if (remaining_ == 0) state_ = State::done;
  } else if (state_ > State::length_body && state_ < State::done) {
    auto body = feed_chunked(text);
    if (!body) return body;
    taken += *body;
  }
  return taken;
}

std::expected<std::size_t, Refusal> RequestParser::feed_head(std::string_view text) {
  std::size_t skipped = 0;
  if (head_.empty()) {  // RFC 9112 2.2: empty lines before a request are ignored
    while (text.starts_with("\r\n")) {
      text.remove_prefix(2);
      skipped += 2;
    }
    if (text.empty()) return skipped;
    if (text != "\r" && !token_table[static_cast<unsigned char>(text[0])]) return refuse(400, "not an HTTP request");
    auto end = text.find("\r\n\r\n");
    if (end != text.npos) {
      if (end > limits_->header_bytes) return refuse(431, "request head too large");
      if (auto step = parse_head(text.substr(0, end)); !step) return std::unexpected(step.error());
      return skipped + end + 4;
    }
  }
  std::size_t before = head_.size();
  std::size_t room = limits_->header_bytes + 4 - std::min(before, limits_->header_bytes + 4);
  head_.append(text.substr(0, room));
  if (head_.starts_with("\r") && head_.size() > 1) {  // an empty line that came in two pieces
    if (head_[1] != '\n') return refuse(400, "not an HTTP request");
    head_.clear();
    auto rest = feed_head(text.substr(2 - before));
    if (!rest) return rest;
    return skipped + 2 - before + *rest;
  }
  auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == head_.npos) {
    auto line = head_.find("\r\n");
    if (std::min(line, head_.size()) > max_target + 64) return refuse(414, "request target too long");
    if (head_.size() > limits_->header_bytes) return refuse(431, "request head too large");
    return skipped + text.size();
  }
  std::string head = std::move(head_);
  head_.clear();
  if (auto step = parse_head(std::string_view(head).substr(0, end)); !step) return std::unexpected(step.error());
  return skipped + end + 4 - before;
}

RequestParser::Step RequestParser::parse_head(std::string_view head) {
  auto line_end = std::min(head.find("\r\n"), head.size());
  if (auto step = parse_request_line(head.substr(0, line_end)); !step) return step;
  while (line_end < head.size()) {
    head.remove_prefix(line_end + 2);
    line_end = std::min(head.find("\r\n"), head.size());
    if (auto step = parse_field(head.substr(0, line_end)); !step) return step;
  }
  return interpret();
}

RequestParser::Step RequestParser::parse_request_line(std::string_view line) {
  auto space = line.find(' ');
  auto method = line.substr(0, space);
  if (space == line.npos || method.size() > 32 || !is_token(method)) return refuse(400, "bad method");
  line.remove_prefix(space + 1);
  space = line.find(' ');
  if (space == line.npos) return refuse(400, "bad request line");
  auto target = line.substr(0, space), version = line.substr(space + 1);
  if (target.size() > max_target) return refuse(414, "request target too long");
  if (target.empty() || std::ranges::any_of(target, [](unsigned char c) { return c <= 0x20 || c >= 0x7f; }))
    return refuse(400, "bad request target");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return version.size() == 8 && version.starts_with("HTTP/") ? refuse(505, "HTTP version not supported") : refuse(400, "bad request line");
  http_1_0_ = version.back() == '0';
  keep_alive_ = !http_1_0_;
  if (method == "CONNECT") return refuse(405, "no proxy here");
  auto parsed = parse_target(target);
  if (!parsed) return refuse(400, "bad request target");
  request_.method = method;
  request_.target = target;
  request_.path = std::move(parsed->path);
  request_.query = std::move(parsed->query);
  return {};
}

RequestParser::Step RequestParser::parse_field(std::string_view line) {
  auto colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon))) return refuse(400, "bad header field");
  auto name = line.substr(0, colon), value = trim(line.substr(colon + 1));
  if (!is_field_value(value)) return refuse(400, "bad header value");
  if (request_.headers.size() == max_fields) return refuse(431, "too many header fields");
  if (auto step = coding_field(name, value); !step) return step;
  request_.headers.emplace_back(name, value);
  return {};
}

// The fields that decide where the request ends and whether another may follow (RFC 9112 6, 9.3).
RequestParser::Step RequestParser::coding_field(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (ascii_iequals(name, "Host") && ++hosts_ > 1) return refuse(400, "more than one Host");
      break;
    case 6:
      if (ascii_iequals(name, "Expect")) expects_continue_ = ascii_iequals(value, "100-continue");
      break;
    case 10:
      if (ascii_iequals(name, "Connection")) {
        if (lists(value, "close"))
          keep_alive_ = false;
        else if (http_1_0_ && lists(value, "keep-alive"))
          keep_alive_ = true;
      }
      break;
    case 14:
      if (ascii_iequals(name, "Content-Length")) {
        auto length = parse_number<std::uint64_t>(value);
        if (!length || has_length_) return refuse(400, "bad Content-Length");
        has_length_ = true;
        remaining_ = *length;
      }
      break;
    case 17:
      if (ascii_iequals(name, "Transfer-Encoding")) {
        if (chunked_) return refuse(400, "more than one Transfer-Encoding");
        if (!ascii_iequals(value, "chunked")) return refuse(501, "transfer coding not supported");
        chunked_ = true;
      }
      break;
    default:
      break;
  }
  return {};
}

RequestParser::Step RequestParser::interpret() {
  if (hosts_ == 0 && !http_1_0_) return refuse(400, "Host is missing");
  if (chunked_ && (has_length_ || http_1_0_)) return refuse(400, "ambiguous length");
  if (has_length_ && remaining_ > limits_->body_bytes) return refuse(413, "body too large");
  if (chunked_) {
    state_ = State::chunk_size;
  } else if (remaining_ > 0) {
    request_.body.reserve(std::min<std::uint64_t>(remaining_, 16 * 1024));
    state_ = State::length_body;
  } else {
    state_ = State::done;
  }
  expects_continue_ = expects_continue_ && !http_1_0_ && state_ != State::done;
  return {};
}

// RFC 9112 7.1. Extensions and trailers are read past, within a bound.
std::expected<std::size_t, Refusal> RequestParser::feed_chunked(std::string_view text) {
  std::size_t at = 0;
  for (; at < text.size() && state_ != State::done; ++at) {
    char c = text[at];
    switch (state_) {
      case State::chunk_size: {
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit >= 0) {
          if (++size_digits_ > 15) return refuse(400, "bad chunk size");
          remaining_ = remaining_ * 16 + static_cast<unsigned>(digit);
          break;
        }
        if (size_digits_ == 0) return refuse(400, "bad chunk size");
        if (remaining_ > limits_->body_bytes - std::min(limits_->body_bytes, request_.body.size()))
          return refuse(413, "body too large");
        if (c != '\r' && c != ';') return refuse(400, "bad chunk size");
        state_ = c == '\r' ? State::chunk_size_lf : State::chunk_extension;
        break;
      }
      case State::chunk_extension:
        if (c == '\r') {
          state_ = State::chunk_size_lf;
        } else if (!is_field_value({&c, 1}) || ++overhead_ > max_chunk_overhead) {
          return refuse(400, "bad chunk extension");
        }
        break;
      case State::chunk_size_lf:
        if (c != '\n') return refuse(400, "bad chunk size");
        state_ = remaining_ == 0 ? State::trailer_start : State::chunk_data;
        break;
      case State::chunk_data: {
        std::size_t n = std::min<std::uint64_t>(remaining_, text.size() - at);
        request_.body.append(text.substr(at, n));
        remaining_ -= n;
        at += n - 1;
        if (remaining_ == 0) state_ = State::chunk_data_cr;
        break;
      }
      case State::chunk_data_cr:
        if (c != '\r') return refuse(400, "bad chunk");
        state_ = State::chunk_data_lf;
        break;
      case State::chunk_data_lf:
        if (c != '\n') return refuse(400, "bad chunk");
        state_ = State::chunk_size;
        size_digits_ = 0;
        break;
      case State::trailer_start:
        state_ = c == '\r' ? State::last_lf : State::trailer;
        [[fallthrough]];
      case State::trailer:
        if (state_ == State::last_lf) break;
        if (c == '\r') {
          state_ = State::trailer_lf;
        } else if (!is_field_value({&c, 1}) || ++overhead_ > max_chunk_overhead) {
          return refuse(400, "bad trailer");
        }
        break;
      case State::trailer_lf:
        if (c != '\n') return refuse(400, "bad trailer");
        state_ = State::trailer_start;
        break;
      case State::last_lf:
        if (c != '\n') return refuse(400, "bad trailer");
        state_ = State::done;
        break;
      default:
        return refuse(400, "bad request");
    }
  }
  return at;
}

void RequestParser::reset() {
  state_ = State::head;
  let_go_when_large(head_);
  request_.query.clear();
  request_.headers.clear();
  if (request_.headers.capacity() > 32) request_.headers.shrink_to_fit();
  let_go_when_large(request_.target);
  let_go_when_large(request_.path);
  let_go_when_large(request_.body);
  remaining_ = 0;
  overhead_ = 0;
  chunked_ = has_length_ = expects_continue_ = http_1_0_ = false;
  keep_alive_ = true;
  hosts_ = size_digits_ = 0;
}

}  // namespace sluice::http
