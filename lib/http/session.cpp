#include "http/session.hpp"

#include "log/log.hpp"

namespace sluice::http {
namespace {

constexpr std::size_t backlog_limit = 32 * 1024;         // pipelined requests that wait
constexpr std::size_t unsent_limit = 512 * 1024;         // answers that wait: no further request is begun above it
constexpr std::size_t joined_body = 2 * 1024;            // smaller bodies are copied behind the head

}  // namespace

std::string_view Serving::date() {
  if (auto now = std::time(nullptr); now != date_second_) {
    date_second_ = now;
    date_ = http_date(now);
  }
  return date_;
}

void Session::start(const std::shared_ptr<Serving>& serving, os::UniqueFd fd, net::Endpoint peer, const net::TlsContext* tls,
                    bool crowded, std::shared_ptr<void> place) {
  auto session = std::make_shared<Session>(serving);
  session->place_ = std::move(place);
  serving->sessions.insert(session.get());
  session->since_ = session->progress_ = std::chrono::steady_clock::now();
  session->parser_.request().peer = std::move(peer);
  session->connection_ = net::Connection::adopt(serving->loop, std::move(fd), session, tls);
  if (crowded) session->refuse(503, "too many connections");
}

void Session::on_data(ByteView bytes) {
  auto keep = shared_from_this();
  if (phase_ == Phase::finished) return;
  if (phase_ != Phase::reading || processing_ || !backlog_.empty())
    keep_back(bytes);
  else
    process(bytes);
}

void Session::keep_back(ByteView bytes) {
  append(backlog_, bytes);
  if (backlog_.size() >= backlog_limit && !paused_) {
    paused_ = true;
    connection_->pause_reading();
  }
}

void Session::process(ByteView bytes) {
  processing_ = true;
  while (!bytes.empty() && phase_ == Phase::reading && queued() < unsent_limit) {
    if (parser_.fresh()) since_ = std::chrono::steady_clock::now();
    auto taken = parser_.feed(bytes);
    if (!taken) {
      refuse(taken.error().status, taken.error().why);
      break;
    }
    bytes = bytes.subspan(*taken);
    if (parser_.done()) {
      dispatch();
    } else if (parser_.head_done() && parser_.expects_continue() && !continued_) {
      continued_ = true;
      connection_->send_copy(as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
    }
  }
  processing_ = false;
  if (phase_ == Phase::finished) return;
  if (!bytes.empty())
    keep_back(bytes);
  else if (phase_ == Phase::reading && (ended_ || (serving_->draining && parser_.fresh())))
    finish();
}

void Session::dispatch() {
  auto& request = parser_.request();
  phase_ = Phase::answering;
  keep_alive_ = parser_.keep_alive() && !serving_->draining;
  head_only_ = request.method == "HEAD";
  continued_ = false;
  auto state = std::make_shared<Responder::State>(this, request);
  request.trace_id = state->access.trace_id;
  current_ = state.get();
  Responder responder(std::move(state));
  try {
    serving_->handler(request, responder);
  } catch (const std::exception& failure) {
    log::error("request failed", {{"method", request.method}, {"path", request.path}, {"trace_id", request.trace_id}, {"error", failure.what()}});
    responder.respond(Response::text(500, "internal error\n"));
  }
}

// A request that cannot be understood or served: answered here, and the connection ends with it.
void Session::refuse(int status, std::string_view why) {
  keep_alive_ = false;
  head_only_ = false;
  log::debug("request refused", {{"status", status}, {"why", why}, {"peer", parser_.request().peer.text()}});
  auto response = Response::text(status, std::string(why) + "\n");
  if (status == 405) response.with("Allow", "GET, HEAD");
  if (status == 503) response.with("Retry-After", "1");
  answer(std::move(response));
}

void Session::send_head(const Response& response, Framing framing, std::uint64_t length, Bytes& out) {
  HeadStyle style{framing, length, keep_alive_, parser_.http_1_0(), serving_->date()};
  append_head(out, response.status, response.shared_headers.get(), response.headers, style);
}

void Session::answer(Response response) {
  if (!connection_) return;
  std::size_t size = body_size(response.body);
  bool body = has_body(response.status);
  Bytes out;
  out.reserve(512 + (response.shared_headers ? response.shared_headers->lines.size() : 0) + (size <= joined_body ? size : 0));
  send_head(response, body ? Framing::length : Framing::none, size, out);
  if (!body || head_only_ || size == 0) {
    connection_->send(std::move(out));
  } else if (auto* text = std::get_if<std::string>(&response.body)) {
    append(out, as_bytes(*text));
    connection_->send(std::move(out));
  } else if (auto* shared = std::get_if<SharedBytes>(&response.body)) {
    if (size <= joined_body) append(out, **shared);
    connection_->send(std::move(out));
    if (size > joined_body) connection_->send(std::move(*shared));
  } else {
    connection_->send(std::move(out));
    connection_->send(std::get<net::FileRange>(std::move(response.body)));
  }
  answered();
}

void Session::begin_stream(Response head) {
  if (!connection_) return;
  const bool own = !head.header("Content-Length").empty();
  stream_framing_ = !has_body(head.status) ? Framing::none
                    : own                  ? Framing::own
                    : parser_.http_1_0()   ? Framing::close
                                           : Framing::chunked;
  if (stream_framing_ == Framing::close) keep_alive_ = false;
  Bytes out;
  send_head(head, stream_framing_, 0, out);
  connection_->send(std::move(out));
  phase_ = Phase::streaming;
}

void Session::stream(SharedBytes bytes) {
  if (!connection_ || phase_ != Phase::streaming || head_only_ || !bytes || bytes->empty()) return;
  if (stream_framing_ != Framing::chunked) return connection_->send(std::move(bytes));
  static constexpr char digits[] = "0123456789abcdef";
  char size[18];
  char* at = size + sizeof size;
  *--at = '\n';
  *--at = '\r';
  for (std::size_t n = bytes->size(); n > 0; n >>= 4) *--at = digits[n & 15];
  std::string_view line(at, static_cast<std::size_t>(size + sizeof size - at));
  if (bytes->size() <= joined_body) {
    Bytes chunk;
    chunk.reserve(line.size() + bytes->size() + 2);
    append(chunk, as_bytes(line));
    append(chunk, *bytes);
    append(chunk, as_bytes("\r\n"));
    connection_->send(std::move(chunk));
  } else {
    connection_->send_copy(as_bytes(line));
    connection_->send(std::move(bytes));
    connection_->send_copy(as_bytes("\r\n"));
  }
}

void Session::end_stream() {
  if (!connection_ || phase_ != Phase::streaming) return;
  if (stream_framing_ == Framing::chunked && !head_only_) connection_->send_copy(as_bytes("0\r\n\r\n"));
  answered();
}

void Session::cut_stream() {
  if (!connection_ || phase_ != Phase::streaming) return;
  keep_alive_ = false;
  answered();
}

void Session::upgrade(const Response& head, const Responder::Upgraded& take_over) {
  if (!connection_) return;
  auto keep = shared_from_this();
  Bytes out;
  send_head(head, Framing::none, 0, out);
  connection_->send(std::move(out));
  phase_ = Phase::upgrading;
  if (current_) current_->session = nullptr;
  current_ = nullptr;
  place_.reset();
  serving_->sessions.erase(this);
  // Later, when process() has put aside what came behind the request.
  serving_->loop.post([keep, take_over] {
    auto connection = std::exchange(keep->connection_, nullptr);
    if (!connection || connection->closed()) return;
    auto handler = take_over(connection);
    keep->phase_ = Phase::finished;
    if (!handler) return connection->close();
    connection->set_handler(handler);
    if (keep->paused_) connection->resume_reading();
    if (!keep->backlog_.empty()) handler->on_data(keep->backlog_);
    if (keep->ended_ && !handler->on_eof()) connection->close();
    if (keep->serving_->on_empty) keep->serving_->on_empty();
  });
}

// The answer is on its way: close, or go on with the next request.
void Session::answered() {
  if (current_) current_->session = nullptr;
  current_ = nullptr;
  bool no_more = (ended_ || serving_->draining) && backlog_.empty() && !processing_;
  if (!keep_alive_ || no_more) return finish();
  parser_.reset();
  phase_ = Phase::reading;
  since_ = std::chrono::steady_clock::now();
  // Not from inside the caller's stack: it may be walking the list of those who wait.
  if (!processing_ && !backlog_.empty())
    serving_->loop.post([keep = shared_from_this()] { keep->process_backlog(); });
}

void Session::finish() {
  phase_ = Phase::finished;
  Bytes().swap(backlog_);
  connection_->close();
}

void Session::process_backlog() {
  if (!connection_ || phase_ != Phase::reading || processing_ || backlog_.empty()) return;
  auto waiting = std::exchange(backlog_, {});
  process(waiting);
  if (connection_ && paused_ && backlog_.size() < backlog_limit && phase_ != Phase::finished) {
    paused_ = false;
    connection_->resume_reading();
  }
}

bool Session::on_eof() {
  ended_ = true;
  if (phase_ == Phase::answering || phase_ == Phase::upgrading) return true;  // it has asked all it wants, and waits
  if (phase_ == Phase::reading && !backlog_.empty()) return true;
  auto keep = shared_from_this();
  if (phase_ == Phase::streaming) lose_client();
  phase_ = Phase::finished;
  return false;
}

void Session::on_drained() {
  last_queued_ = 0;
  if (phase_ == Phase::reading && !backlog_.empty() && !processing_) {
    auto keep = shared_from_this();
    process_backlog();
  }
}

void Session::on_closed(const Error&) {
  auto keep = shared_from_this();
  phase_ = Phase::finished;
  connection_.reset();
  place_.reset();
  lose_client();
  serving_->sessions.erase(this);
  if (serving_->on_empty) serving_->on_empty();
}

void Session::lose_client() {
  if (auto* state = std::exchange(current_, nullptr)) state->lose_client();
}

void Session::forget(Responder::State* state) {
  if (current_ == state) current_ = nullptr;
}

void Session::abort(std::string why) {
  if (connection_) connection_->abort({Errc::io, std::move(why), ""});
}

void Session::abandon() {
  if (auto* state = std::exchange(current_, nullptr)) {
    state->session = nullptr;
    state->on_gone = nullptr;
  }
  phase_ = Phase::finished;
  abort("the server stops");
}

void Session::close_when_idle() {
  if (connection_ && phase_ == Phase::reading && parser_.fresh() && backlog_.empty()) finish();
}

void Session::check_time(Steady now) {
  if (!connection_) return;
  const auto& limits = serving_->limits;
  std::size_t unsent = connection_->queued();
  if (unsent == 0 || unsent < last_queued_ || last_queued_ == 0) progress_ = now;
  last_queued_ = unsent;
  if (unsent > 0 && now - progress_ > limits.write_time) return abort("the client takes no bytes");
  if (phase_ != Phase::reading) return;
  if (parser_.fresh()) {
    if (now - since_ > limits.idle_time) close_when_idle();
  } else if (now - since_ > limits.header_time) {
    refuse(408, "the request took too long");
  }
}

}  // namespace sluice::http
