#include "redis/connection.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "net/tcp.hpp"

namespace sluice::redis {

namespace {
Error from_server(const std::string& text) {
  for (const char* word : {"NOAUTH", "WRONGPASS", "NOPERM"})
    if (text.starts_with(word)) return {Errc::denied, text, "give the password, or a user with the right to do this"};
  return {Errc::invalid, text, ""};
}
Error away(const std::string& text) { return {Errc::unavailable, text, "is the Redis server running and reachable?"}; }
bool is_push(const Reply& reply) {
  if (!reply.is(Reply::Kind::array) || reply.items.size() != 3) return false;
  const std::string& kind = reply.items[0].text;
  return kind == "message" || kind == "subscribe" || kind == "unsubscribe";
}
constexpr milliseconds least_share{250};  // of the patience: a name with a thousand addresses is not tried to its end
}  // namespace

struct Connection::Impl : std::enable_shared_from_this<Impl> {
  Impl(net::Loop& l, Setup s) : loop(l), setup(std::move(s)), patience(l) {}

  struct Waiting {
    Answer answer;
    std::chrono::steady_clock::time_point due;
  };

  // The connection to one address, as long as it is the one in use.
  struct Line final : net::Connection::Handler {
    explicit Line(std::shared_ptr<Impl> i) : impl(std::move(i)) {}
    void on_data(ByteView bytes) override {
      if (const auto in_use = impl) in_use->on_data(bytes);
    }
    void on_closed(const Error& why) override {
      if (const auto in_use = std::exchange(impl, nullptr)) in_use->on_closed(why);
    }
    std::shared_ptr<Impl> impl;
  };

  net::Loop& loop;
  Setup setup;
  net::Timer patience;
  std::shared_ptr<Line> line;
  std::shared_ptr<net::Connection> link;
  std::deque<net::Endpoint> addresses;  // to be tried yet
  std::chrono::steady_clock::time_point try_until;
  std::optional<Error> said;            // by one that we could not make use of
  ReplyReader reader;
  std::deque<Waiting> waiting;
  std::function<void(Result<std::shared_ptr<Connection>>)> opened;  // until it is told
  bool over = false;
  bool silent = false;  // closed by its owner

  // ---- opening

  void start(net::Resolver& resolver) {
    patience.after(setup.patience, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->breaks(away("look up " + self->setup.url.host + ": no answer in time"));
    });
    resolver.ask([self = shared_from_this()](Result<std::vector<net::Endpoint>> found) {
      if (self->over) return;
      if (!found) return self->breaks(found.error());
      self->addresses.assign(found->begin(), found->end());
      self->try_until = std::chrono::steady_clock::now() + self->setup.patience;
      self->try_next();
    });
  }

  // Each address has its share of the time that is left: one that swallows what it is sent does not cost the others theirs.
  void try_next() {
    const net::Endpoint to = addresses.front();
    const auto left = std::chrono::ceil<milliseconds>(try_until - std::chrono::steady_clock::now());
    const milliseconds share = std::max(left / static_cast<int>(addresses.size()), least_share);
    addresses.pop_front();
    leave_line();
    line = std::make_shared<Line>(shared_from_this());
    patience.after(share, [weak = weak_from_this(), to] {
      if (const auto self = weak.lock()) self->breaks(away("connect to " + to.text() + ": no answer in time"));
    });
    net::Connection::connect(loop, to, line, [line = line](Result<std::shared_ptr<net::Connection>> done) {
      const auto self = line->impl;
      if (!self) return done ? (*done)->abort(away("given up")) : void();
      if (!done) return self->breaks(away(done.error().what));
      self->link = std::move(*done);
      self->log_in();
    }, share);
  }

  // Whatever it still says is nothing to us.
  void leave_line() {
    reader = ReplyReader();
    if (const auto gone = std::exchange(line, nullptr)) gone->impl = nullptr;
    if (const auto going = std::exchange(link, nullptr)) going->abort(away("closed"));
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
      self->said.reset();
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

  void on_data(ByteView bytes) {
    if (const auto fed = reader.feed(bytes); !fed) return breaks(fed.error());
    while (!over) {
      auto reply = reader.next();
      if (!reply) return breaks(reply.error());
      if (!*reply) break;
      if (setup.pushed && is_push(**reply)) {
        setup.pushed(std::move(**reply));
        continue;
      }
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

  void on_closed(const Error& why) {
    link.reset();
    breaks(away("the connection to Redis broke: " + why.what));
  }

  // ---- ending

  // While it is being opened the next address is tried, unless a server has refused us. What a server said tells more than silence.
  void breaks(Error why) {
    if (over) return;
    const auto self = shared_from_this();
    const auto answers = std::exchange(waiting, {});
    if (why.code == Errc::unavailable && said) why = *said;
    else if (opened && why.code == Errc::invalid) said = why;
    if (opened && why.code != Errc::denied && !addresses.empty() && std::chrono::steady_clock::now() < try_until) return try_next();
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
    leave_line();
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

void Connection::open(net::Loop& loop, net::Resolver& addresses, Setup setup, std::function<void(Result<std::shared_ptr<Connection>>)> done) {
  const auto impl = std::make_shared<Impl>(loop, std::move(setup));
  impl->opened = std::move(done);
  impl->start(addresses);
}

void Connection::command(std::vector<std::string> words, Answer answer, milliseconds patience) {
  impl_->command(std::move(words), std::move(answer), patience);
}
void Connection::tell(const std::vector<std::string>& words) {
  if (!impl_->over) impl_->link->send(command_bytes(words));
}
std::size_t Connection::waiting() const { return impl_->waiting.size(); }
void Connection::close() { impl_->close(); }
bool Connection::open() const { return !impl_->over; }

}  // namespace sluice::redis
