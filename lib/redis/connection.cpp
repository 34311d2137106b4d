#include "redis/connection.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "net/resolve.hpp"
#include "net/tcp.hpp"

namespace sluice::redis {

namespace {
Error from_server(const std::string& text) {
  for (const char* word : {"NOAUTH", "WRONGPASS", "NOPERM"})
    if (text.starts_with(word)) return {Errc::denied, text, "give the password, or a user with the right to do this"};
  return {Errc::invalid, text, ""};
}
Error away(const std::string& text) { return {Errc::unavailable, text, "is the Redis server running and reachable?"}; }
}  // namespace

struct Connection::Impl : net::Connection::Handler, std::enable_shared_from_this<Impl> {
  Impl(net::Loop& l, Setup s) : loop(l), setup(std::move(s)), patience(l) {}

  struct Waiting {
    Answer answer;
    std::chrono::steady_clock::time_point due;
  };

  net::Loop& loop;
  Setup setup;
  net::Timer patience;
  std::shared_ptr<net::Connection> link;
  std::deque<net::Endpoint> addresses;
  ReplyReader reader;
  std::deque<Waiting> waiting;
  std::function<void(Result<std::shared_ptr<Connection>>)> opened;  // until it is told
  bool over = false;
  bool silent = false;  // closed by its owner

  // ---- opening

  void start(net::Offload& offload) {
    patience.after(setup.patience, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->breaks(away("connect to " + self->setup.url.text() + ": no answer in time"));
    });
    offload.run([host = setup.url.host, port = setup.url.port] { return net::resolve(host, port); },
                [self = shared_from_this()](Result<std::vector<net::Endpoint>> found) {
                  if (self->over) return;
                  if (!found) return self->breaks(found.error());
                  self->addresses.assign(found->begin(), found->end());
                  self->try_next(away("no address"));
                });
  }

  void try_next(const Error& last) {
    if (addresses.empty()) return breaks(away(last.what));
    const net::Endpoint to = addresses.front();
    addresses.pop_front();
    net::Connection::connect(loop, to, shared_from_this(), [self = shared_from_this()](Result<std::shared_ptr<net::Connection>> done) {
      if (self->over && done) return (*done)->abort(away("given up"));
      if (self->over) return;
      if (!done) return self->try_next(done.error());
      self->link = std::move(*done);
      self->log_in();
    });
  }

  void log_in() {
    const Url& url = setup.url;
    const auto check = [self = shared_from_this()](Result<Reply> answer) {
      if (!answer) self->breaks(answer.error());
    };
    if (!url.password.empty()) {
      std::vector<std::string> words{"AUTH"};
      if (!url.user.empty()) words.push_back(url.user);
      words.push_back(url.password);
      command(std::move(words), check, setup.patience);
    }
    if (url.database != 0) command({"SELECT", std::to_string(url.database)}, check, setup.patience);
    command({"PING"}, [self = shared_from_this()](Result<Reply> answer) {
      if (!answer) return self->breaks(answer.error());
      if (self->over) return;
      auto tell = std::exchange(self->opened, nullptr);
      self->watch_next();
      tell(std::shared_ptr<Connection>(new Connection(self)));
    }, setup.patience);
  }

  // ---- commands

  void command(std::vector<std::string> words, Answer answer, milliseconds time) {
    if (over) {
      loop.post([self = shared_from_this(), answer = std::move(answer)] {
        if (!self->silent) answer(std::unexpected(away("the connection to Redis is closed")));
      });
      return;
    }
    waiting.push_back({std::move(answer), std::chrono::steady_clock::now() + time});
    link->send(command_bytes(words));
    if (waiting.size() == 1 && !opened) watch_next();
  }

  void watch_next() {
    if (waiting.empty()) return patience.cancel();
    const auto left = waiting.front().due - std::chrono::steady_clock::now();
    patience.after(std::max(left, decltype(left)::zero()), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->breaks(away("Redis did not answer in time"));
    });
  }

  void on_data(ByteView bytes) override {
    const auto keep = shared_from_this();
    if (const auto fed = reader.feed(bytes); !fed) return breaks(fed.error());
    while (!over) {
      auto reply = reader.next();
      if (!reply) return breaks(reply.error());
      if (!*reply) break;
      if (waiting.empty()) return breaks({Errc::invalid, "Redis sent what was not asked for", ""});
      const Answer answer = std::move(waiting.front().answer);
      waiting.pop_front();
      if ((*reply)->is(Reply::Kind::error)) {
        answer(std::unexpected(from_server((*reply)->text)));
      } else {
        answer(std::move(**reply));
      }
    }
    if (!over && !opened) watch_next();
  }

  void on_closed(const Error& why) override {
    link.reset();
    breaks(away("the connection to Redis broke: " + why.what));
  }

  // ---- ending

  void breaks(Error why) {
    if (over) return;
    const auto self = shared_from_this();
    const auto answers = std::exchange(waiting, {});
    finish();
    if (const auto tell = std::exchange(opened, nullptr)) return loop.post([tell, why] { tell(std::unexpected(why)); });
    loop.post([self, answers, why] {
      for (const Waiting& each : answers)
        if (!self->silent) each.answer(std::unexpected(why));
      if (const auto tell = std::exchange(self->setup.broken, nullptr)) tell(why);
    });
  }

  void finish() {
    over = true;
    patience.cancel();
    if (const auto going = std::exchange(link, nullptr)) going->abort(away("closed"));
  }

  void close() {
    silent = true;
    opened = nullptr;
    setup.broken = nullptr;
    waiting.clear();
    if (!over) finish();
  }
};

Connection::Connection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() { impl_->close(); }

void Connection::open(net::Loop& loop, net::Offload& offload, Setup setup, std::function<void(Result<std::shared_ptr<Connection>>)> done) {
  const auto impl = std::make_shared<Impl>(loop, std::move(setup));
  impl->opened = std::move(done);
  impl->start(offload);
}

void Connection::command(std::vector<std::string> words, Answer answer, milliseconds patience) {
  impl_->command(std::move(words), std::move(answer), patience);
}
void Connection::close() { impl_->close(); }
bool Connection::open() const { return !impl_->over; }

}  // namespace sluice::redis
