#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <optional>
#include <thread>

#include "net/tcp.hpp"
#include "os/file.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

// Collects what arrives; calls `changed` after each event.
struct Recorder : net::Connection::Handler {
  std::string received, why;
  bool eof = false, closed = false, stay_open = false;
  int drained = 0;
  std::function<void()> changed = [] {};
  void on_data(ByteView bytes) override {
    received += as_text(bytes);
    changed();
  }
  bool on_eof() override {
    eof = true;
    changed();
    return stay_open;
  }
  void on_drained() override {
    ++drained;
    changed();
  }
  void on_closed(const Error& error) override {
    closed = true;
    why = error.what;
    changed();
  }
};

struct Pair {
  net::Loop loop;
  std::shared_ptr<Recorder> left = std::make_shared<Recorder>(), right = std::make_shared<Recorder>();
  std::shared_ptr<net::Connection> a, b;
  net::Timer limit{loop};

  Pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    a = net::Connection::adopt(loop, os::UniqueFd(fds[0]), left);
    b = net::Connection::adopt(loop, os::UniqueFd(fds[1]), right);
  }
  void run_until(std::function<bool()> done) {
    auto check = [this, done] {
      if (done()) loop.stop();
    };
    left->changed = right->changed = check;
    bool late = false;
    limit.after(60s, [&] {
      late = true;
      loop.stop();
    });
    if (!done()) loop.run();
    limit.cancel();
    REQUIRE_FALSE(late);
  }
};

}  // namespace

TEST_CASE("what one end sends in a turn reaches the other in order") {
  Pair pair;
  pair.a->send_copy(as_bytes("one "));
  pair.a->send(to_bytes("two "));
  pair.a->send(std::make_shared<const Bytes>(to_bytes("three")));
  CHECK(pair.a->queued() == 13);
  pair.run_until([&] { return pair.right->received == "one two three"; });
  CHECK(pair.a->queued() == 0);
}

TEST_CASE("more than a socket holds arrives whole, and on_drained tells") {
  Pair pair;
  Bytes big(8 << 20);
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<std::byte>(i * 31 >> 3);
  const Bytes copy = big;
  pair.a->send(std::move(big));
  pair.run_until([&] { return pair.right->received.size() == copy.size(); });
  CHECK(pair.right->received == as_text(copy));
  pair.run_until([&] { return pair.left->drained == 1; });
}

TEST_CASE("close() delivers what is queued first") {
  Pair pair;
  pair.a->send_copy(as_bytes("last words"));
  pair.a->close();
  pair.a->send_copy(as_bytes("never sent"));
  pair.run_until([&] { return pair.right->closed && pair.left->closed; });
  CHECK(pair.right->received == "last words");
  CHECK(pair.right->eof);
}

TEST_CASE("a handler may stay open for sending after the peer's end of data") {
  Pair pair;
  pair.right->stay_open = true;
  ::shutdown(pair.a->fd(), SHUT_WR);
  pair.run_until([&] { return pair.right->eof; });
  CHECK_FALSE(pair.right->closed);
  pair.b->send_copy(as_bytes("answer"));
  pair.b->close();
  pair.run_until([&] { return pair.left->received == "answer" && pair.right->closed; });
}

TEST_CASE("a paused connection reads nothing until resumed") {
  Pair pair;
  pair.b->pause_reading();
  pair.a->send_copy(as_bytes("x"));
  pair.run_until([&] { return pair.left->drained == 1; });
  net::Timer turn(pair.loop);
  turn.after(20ms, [&] { pair.loop.stop(); });
  pair.loop.run();
  CHECK(pair.right->received.empty());
  pair.b->resume_reading();
  pair.run_until([&] { return pair.right->received == "x"; });
}

TEST_CASE("coalesce(): the first is told at once, and what is ready soon after it together, later") {
  constexpr auto interval = 300ms;
  Pair pair;
  pair.loop.coalesce(interval);
  net::Timer quiet(pair.loop);
  bool rested = false;
  const auto rest = [&] {
    quiet.after(interval, [&] {
      rested = true;
      pair.loop.stop();
    });
  };
  rest();  // both sockets became writable
  pair.loop.run();

  rested = false;
  rest();
  pair.a->send_copy(as_bytes("x"));
  pair.run_until([&] { return !pair.right->received.empty(); });
  CHECK_FALSE(rested);
  quiet.cancel();

  int turns = 0, told_in[2] = {-1, -1};
  pair.a->send_copy(as_bytes("y"));
  pair.b->send_copy(as_bytes("y"));
  const auto sent = std::chrono::steady_clock::now();
  pair.run_until([&] {
    if (pair.right->received == "xy" && told_in[0] < 0) told_in[0] = turns;
    if (pair.left->received == "y" && told_in[1] < 0) told_in[1] = turns;
    pair.loop.post([&] { ++turns; });
    return told_in[0] >= 0 && told_in[1] >= 0;
  });
  CHECK(told_in[0] == told_in[1]);
  CHECK(std::chrono::steady_clock::now() - sent > interval / 3);
}

TEST_CASE("coalesce() of nothing tells at once what waits, and everything from then on") {
  Pair pair;
  pair.loop.coalesce(60s);
  pair.a->send_copy(as_bytes("x"));
  net::Timer moment(pair.loop);
  const auto pass = [&] {
    moment.after(20ms, [&] { pair.loop.stop(); });
    pair.loop.run();
  };
  pass();  // the sockets' being writable was told; what came since waits for a minute
  pair.b->send_copy(as_bytes("y"));
  pair.a->send_copy(as_bytes("x"));
  pass();
  const std::string before = pair.right->received;
  CHECK(before.size() < 2);
  pair.loop.coalesce({});
  CHECK(pair.right->received == "xx");
  CHECK(pair.left->received == "y");
  pair.a->send_copy(as_bytes("z"));
  pair.run_until([&] { return pair.right->received == "xxz"; });
}

TEST_CASE("abort() closes once and says why, outside the caller's stack") {
  Pair pair;
  pair.a->abort(Error{Errc::denied, "too much", ""});
  CHECK_FALSE(pair.left->closed);
  pair.run_until([&] { return pair.left->closed && pair.right->closed; });
  CHECK(pair.left->why == "too much");
}

TEST_CASE("a file range is sent between buffers") {
  Pair pair;
  char path[] = "/tmp/sluice-net-XXXXXX";
  auto file = std::make_shared<os::UniqueFd>(::mkstemp(path));
  REQUIRE(os::write_all(file->get(), as_bytes("0123456789")));
  pair.a->send_copy(as_bytes("<"));
  pair.a->send(net::FileRange{file, 2, 5});
  pair.a->send_copy(as_bytes(">"));
  pair.run_until([&] { return pair.right->received == "<23456>"; });
  ::unlink(path);
}

TEST_CASE("listen, connect, talk; a refused connection is an error") {
  net::Loop loop;
  std::shared_ptr<Recorder> server = std::make_shared<Recorder>(), client = std::make_shared<Recorder>();
  auto listener = net::Listener::bind(loop, {"127.0.0.1", 0, ""}, [&](os::UniqueFd fd, net::Endpoint peer) {
    CHECK(peer.host == "127.0.0.1");
    net::Connection::adopt(loop, std::move(fd), server)->send_copy(as_bytes("hello"));
  });
  REQUIRE(listener);
  const net::Endpoint at = (*listener)->local();
  CHECK(at.port != 0);
  client->changed = [&] {
    if (client->received == "hello") loop.stop();
  };
  net::Connection::connect(loop, at, client, [](auto connected) { REQUIRE(connected); });
  loop.run();
  CHECK(client->received == "hello");

  CHECK_FALSE(net::Listener::bind(loop, at, [](os::UniqueFd, net::Endpoint) {}));
  listener->reset();
  bool refused = false;
  net::Connection::connect(loop, at, std::make_shared<Recorder>(), [&](auto connected) {
    refused = !connected;
    loop.stop();
  });
  loop.run();
  CHECK(refused);
}

TEST_CASE("who connects to a listener that was stopped is refused, and does not wait in its queue") {
  net::Loop loop;
  auto listener = *net::Listener::bind(loop, {"127.0.0.1", 0, ""}, [](os::UniqueFd, net::Endpoint) {});
  const net::Endpoint at = listener->local();
  listener->stop();
  CHECK(listener->fd() == -1);
  CHECK(listener->local().port == at.port);
  listener->pause();
  listener->resume();
  bool refused = false;
  net::Connection::connect(loop, at, std::make_shared<Recorder>(), [&](auto connected) {
    refused = !connected;
    loop.stop();
  });
  loop.run();
  CHECK(refused);
}

TEST_CASE("a listener may be stopped by the connection that it accepts") {
  net::Loop loop;
  int accepted = 0;
  std::unique_ptr<net::Listener> listener = *net::Listener::bind(loop, {"127.0.0.1", 0, ""}, [&](os::UniqueFd, net::Endpoint) {
    ++accepted;
    listener->stop();
  });
  const auto client = std::make_shared<Recorder>();
  client->changed = [&] {
    if (client->closed) loop.stop();
  };
  net::Connection::connect(loop, listener->local(), client, [](auto connected) { REQUIRE(connected); });
  loop.run();
  CHECK(accepted == 1);
}

namespace {
// An address that takes no connection and refuses none: a queue for one that is full. What is dropped is asked for again after a second.
struct BlackHole {
  os::UniqueFd listening{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, first, second;
  net::Endpoint at{"127.0.0.1", 0, ""};
  BlackHole() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listening.get(), any, size) == 0);
    REQUIRE(::listen(listening.get(), 0) == 0);
    REQUIRE(::getsockname(listening.get(), any, &size) == 0);
    at.port = ntohs(address.sin_port);
    for (os::UniqueFd* each : {&first, &second}) {
      *each = os::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      ::connect(each->get(), any, size);
    }
  }
};
}  // namespace

TEST_CASE("connecting to an address that does not answer takes no longer than it may, and leaves nothing open") {
  const BlackHole hole;
  const auto next_descriptor = [] { return os::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)).get(); };
  std::optional<Error> why;
  {
    net::Loop loop;
    const int before = next_descriptor();
    net::Connection::connect(loop, hole.at, std::make_shared<Recorder>(), [&](auto connected) {
      REQUIRE_FALSE(connected);
      why = connected.error();
      loop.stop();
    }, 50ms);
    loop.run();
    CHECK(next_descriptor() == before);
    net::Connection::connect(loop, hole.at, std::make_shared<Recorder>(), [&](auto) { why.reset(); });
  }  // the loop forgets what is still being tried
  REQUIRE(why);
  CHECK(why->code == Errc::unavailable);
  CHECK(why->what.find(hole.at.text()) != std::string::npos);
}

TEST_CASE("endpoints are read and written") {
  CHECK(net::parse_endpoint("127.0.0.1:80")->text() == "127.0.0.1:80");
  CHECK(net::parse_endpoint("[::1]:80")->host == "::1");
  CHECK(net::parse_endpoint("[::1]:80")->text() == "[::1]:80");
  CHECK(net::parse_endpoint("unix:/a/b")->path == "/a/b");
  CHECK_FALSE(net::parse_endpoint("127.0.0.1"));
  CHECK_FALSE(net::parse_endpoint("127.0.0.1:99999"));
  CHECK_FALSE(net::parse_endpoint("::1:80"));
}

TEST_CASE("the first that is sent now in a turn is with the peer at once, what follows waits for the turn's end, all in order") {
  Pair pair;
  const auto shared = [](std::string_view text) { return std::make_shared<const Bytes>(to_bytes(text)); };
  pair.a->send_now(shared("one "));
  CHECK(pair.a->queued() == 0);
  pair.a->send_now(shared("two "));
  pair.a->send_copy(as_bytes("three "));
  CHECK(pair.a->queued() == 10);
  pair.run_until([&] { return pair.right->received == "one two three "; });
  CHECK(pair.left->drained == 1);
  pair.a->send_copy(as_bytes("four "));
  pair.a->send_now(shared("five"));  // behind what waits
  CHECK(pair.a->queued() == 9);
  pair.run_until([&] { return pair.right->received == "one two three four five"; });
  pair.a->send_now(shared("!"));  // another turn
  CHECK(pair.a->queued() == 0);
}

TEST_CASE("what a full socket does not take of what is sent now waits") {
  Pair pair;
  const auto much = std::make_shared<const Bytes>(Bytes(4 << 20, std::byte{'x'}));
  pair.a->send_now(much);
  CHECK(pair.a->queued() > 0);
  CHECK(pair.a->queued() < much->size());
  pair.run_until([&] { return pair.right->received.size() == much->size(); });
  CHECK(pair.a->queued() == 0);
}

TEST_CASE("what is pushed out is with the peer before the turn ends, and on_drained tells of it then") {
  Pair pair;
  CHECK(pair.a->push_out() == 0);
  pair.a->send_copy(as_bytes("one "));
  pair.a->send_copy(as_bytes("two"));
  CHECK(pair.a->queued() == 7);
  CHECK(pair.a->push_out() == 0);
  char got[16];
  CHECK(::recv(pair.b->fd(), got, sizeof got, MSG_DONTWAIT) == 7);
  CHECK(std::string_view(got, 7) == "one two");
  CHECK(pair.left->drained == 0);
  pair.run_until([&] { return pair.left->drained == 1; });
  pair.a->send_copy(as_bytes("three"));
  pair.run_until([&] { return pair.right->received == "three"; });
  CHECK(pair.left->drained == 2);
}

TEST_CASE("what a full socket does not take of what is pushed out waits, and arrives in order") {
  Pair pair;
  Bytes much(4 << 20);
  for (std::size_t i = 0; i < much.size(); ++i) much[i] = static_cast<std::byte>(i * 31 >> 3);
  pair.a->send_copy(much);
  const std::size_t rest = pair.a->push_out();
  CHECK(rest > 0);
  CHECK(rest < much.size());
  CHECK(pair.a->push_out() == rest);
  pair.run_until([&] { return pair.right->received.size() == much.size() && pair.left->drained == 1; });
  CHECK(pair.right->received == as_text(much));
}

TEST_CASE("pushing out to a peer that has gone closes the connection, from outside of the call") {
  Pair pair;
  pair.b->abort(Error{Errc::io, "gone", ""});
  pair.run_until([&] { return pair.right->closed; });
  pair.a->send_copy(as_bytes("late"));
  CHECK(pair.a->push_out() == 4);
  CHECK_FALSE(pair.left->closed);
  pair.run_until([&] { return pair.left->closed; });
  CHECK(pair.a->push_out() == 0);
}

TEST_CASE("sending now to a peer that has gone closes the connection, from outside of the call") {
  Pair pair;
  pair.b->abort(Error{Errc::io, "gone", ""});
  pair.run_until([&] { return pair.right->closed; });
  pair.a->send_now(std::make_shared<const Bytes>(to_bytes("late")));
  CHECK_FALSE(pair.left->closed);
  pair.run_until([&] { return pair.left->closed; });
  pair.a->send_now(std::make_shared<const Bytes>(to_bytes("later")));  // to nobody
}

TEST_CASE("what another thread writes beside is with the peer at once, and in order with what its own loop sends") {
  Pair pair;
  const auto shared = [](std::string_view text) { return std::make_shared<const Bytes>(to_bytes(text)); };
  const auto beside = [&](const SharedBytes& bytes) {
    std::size_t written = 0;
    pair.loop.expect_writes();
    std::thread([&] {
      const int socket = pair.a->begin_write();
      if (socket >= 0) written = static_cast<std::size_t>(std::max<ssize_t>(0, ::send(socket, bytes->data(), bytes->size(), MSG_NOSIGNAL)));
    }).join();
    pair.a->send_rest(bytes, written);
    return written;
  };
  CHECK(beside(shared("one ")) == 4);
  CHECK(pair.a->queued() == 0);
  CHECK(beside(shared("two ")) == 0);  // once a turn
  pair.a->send_now(shared("three "));
  CHECK(pair.a->queued() == 10);
  pair.run_until([&] { return pair.right->received == "one two three "; });
  CHECK(beside(shared("four ")) == 5);
  pair.run_until([&] { return pair.right->received == "one two three four "; });
  pair.a->send_copy(as_bytes("five "));
  CHECK(beside(shared("six")) == 0);  // behind what waits
  pair.run_until([&] { return pair.right->received == "one two three four five six"; });

  const auto much = std::make_shared<const Bytes>(Bytes(4 << 20, std::byte{'x'}));
  const std::size_t written = beside(much);
  CHECK(written > 0);
  CHECK(pair.a->queued() == much->size() - written);
  pair.run_until([&] { return pair.right->received.size() == 27 + much->size(); });

  pair.a->close();
  CHECK(pair.a->begin_write() == -1);  // nobody waits for it any more
  pair.a->send_rest(much, 0);
  CHECK(pair.a->queued() == 0);
  pair.run_until([&] { return pair.left->closed; });
}
