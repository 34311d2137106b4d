#pragma once
// Session: one connection's requests, one after another. A request under way holds the later ones back (answers go out
// in order); what the client sends meanwhile waits in a bounded backlog, then in the kernel.
#include <chrono>
#include <ctime>
#include <unordered_set>

#include "base/clock.hpp"
#include "http/access_log.hpp"
#include "http/request_parser.hpp"
#include "http/response_head.hpp"
#include "http/server.hpp"

namespace sluice::http {

class Session;

// What the sessions of one server share.
struct Serving {
  Serving(net::Loop& l, Handler h, Limits lim) : loop(l), handler(std::move(h)), limits(lim) {}
  net::Loop& loop;
  Handler handler;
  Limits limits;
  std::unordered_set<Session*> sessions;
  bool draining = false;
  std::function<void()> on_empty;  // a session has gone
  std::function<void(Response&)> finish;

  std::string_view date();  // of this second, for the Date header

 private:
  std::time_t date_second_ = 0;
  std::string date_;
};

class Session final : public net::Connection::Handler, public std::enable_shared_from_this<Session> {
 public:
  // Adopts the descriptor. `crowded`: there are too many connections already; answer 503 and close.
  static void start(const std::shared_ptr<Serving>& serving, os::UniqueFd fd, net::Endpoint peer, const net::TlsContext* tls,
                    bool crowded, std::shared_ptr<void> place);
  explicit Session(std::shared_ptr<Serving> serving) : serving_(std::move(serving)), parser_(serving_->limits) {}

  void on_data(ByteView bytes) override;
  bool on_eof() override;
  void on_drained() override;
  void on_closed(const Error& why) override;

  void check_time(Steady now);  // from the server's one timer
  void close_when_idle();       // draining
  void abort(std::string why);
  void abandon();               // the server goes first: nobody is told any more

  // For Responder::State.
  Response finished(Response response, const Access& access) const {
    if (serving_->finish) serving_->finish(response);
    access.mark(response);
    return response;
  }
  void answer(Response response);
  void begin_stream(Response head);
  void stream(SharedBytes bytes);
  void end_stream();
  void cut_stream();  // its owner let it go without ending it
  void upgrade(const Response& head, const Responder::Upgraded& take_over);
  std::size_t queued() const { return connection_ ? connection_->queued() : 0; }
  void forget(Responder::State* state);

 private:
  enum class Phase { reading, answering, streaming, upgrading, finished };

  void process(ByteView bytes);
  void dispatch();
  void refuse(int status, std::string_view why);
  void send_head(const Response& response, Framing framing, std::uint64_t length, Bytes& out);
  void answered();
  void finish();
  void process_backlog();
  void keep_back(ByteView bytes);
  void lose_client();

  std::shared_ptr<Serving> serving_;
  std::shared_ptr<net::Connection> connection_;
  std::shared_ptr<void> place_;  // see Server::take()
  RequestParser parser_;
  Responder::State* current_ = nullptr;  // owned by the responders
  Bytes backlog_;
  Phase phase_ = Phase::reading;
  Framing stream_framing_ = Framing::chunked;
  bool processing_ = false, paused_ = false, ended_ = false, keep_alive_ = true, head_only_ = false, continued_ = false;
  Steady since_{};            // the phase's clock: last activity when idle, the first byte when reading a request
  Steady progress_{};         // the last time the client took bytes
  std::size_t last_queued_ = 0;
};

struct Responder::State {
  State(Session* s, const Request& request) : session(s), access(request), start(std::chrono::steady_clock::now()) {}
  ~State();
  Session* session;  // null: the client has gone, or the answer is complete
  Access access;
  Steady start;
  const char* route = nullptr;
  bool answered = false, streaming = false, gone = false;
  std::function<void()> on_gone;

  void observe(int status) const;
  void lose_client();
};

}  // namespace sluice::http
