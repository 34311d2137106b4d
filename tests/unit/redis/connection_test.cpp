// A connection against a server that the test plays: answers in order, errors, silence, ends.
#include "redis/connection.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <atomic>
#include <future>
#include <optional>

#include "net/tcp.hpp"

using namespace sluice;
using namespace sluice::redis;

namespace {
// Says `script`'s next piece whenever something comes; then nothing more. It keeps what it was sent.
struct FakeServer : net::Connection::Handler {
  std::vector<std::string> script;
  std::string received;
  std::shared_ptr<net::Connection> link;
  std::size_t at = 0;
  void on_data(ByteView bytes) override {
    received += as_text(bytes);
    if (at < script.size()) link->send_copy(as_bytes(script[at++]));
  }
  void on_closed(const Error&) override { link.reset(); }
};

struct Scene {
  net::Loop loop;
  std::shared_ptr<FakeServer> server = std::make_shared<FakeServer>();
  std::unique_ptr<net::Listener> listener = *net::Listener::bind(loop, {"127.0.0.1", 0, ""}, [this](os::UniqueFd fd, net::Endpoint) {
    server->link = net::Connection::adopt(loop, std::move(fd), server);
  });
  std::shared_ptr<Connection> connection;
  std::vector<std::string> log;
  Url url{.host = "localhost", .port = listener->local().port};
  net::Resolver::LookUp look_up = net::resolve;
  std::optional<net::Resolver> resolver;
  std::function<void(Reply)> pushed{};

  void open(std::vector<std::string> script, milliseconds patience = seconds(5)) {
    server->script = std::move(script);
    resolver.emplace(loop, url.host, url.port, look_up);
    Connection::open(loop, *resolver, {.url = url, .patience = patience, .broken = [this](const Error& why) { note("broken", why); }, .pushed = pushed},
                     [this](Result<std::shared_ptr<Connection>> done) {
                       if (!done) {
                         note("not opened", done.error());
                       } else {
                         connection = *done;
                       }
                       loop.stop();
                     });
    loop.run();
  }
  void note(const std::string& what, const Error& why) { log.push_back(what + ": " + std::string(name(why.code))); }
  Connection::Answer answer(const std::string& name, bool last = false) {
    return [this, name, last](Result<Reply> reply) {
      if (reply) log.push_back(name + " " + reply->text);
      else note(name, reply.error());
      if (last) loop.stop();
    };
  }
  void run_until_idle() {
    loop.post([this] { loop.post([this] { loop.stop(); }); });
    loop.run();
  }
};
using Log = std::vector<std::string>;
}  // namespace

TEST_CASE("commands of one turn go out together, and their answers come in order") {
  Scene scene;
  scene.open({"+PONG\r\n", "+a\r\n-ERR no\r\n", "+c\r\n"});
  REQUIRE(scene.connection);
  CHECK(scene.connection->open());
  scene.connection->command({"ONE"}, scene.answer("one"));
  scene.connection->command({"TWO", "x"}, [&](Result<Reply> reply) {
    CHECK(reply.error().what == "ERR no");
    scene.answer("two")(reply);
    scene.connection->command({"THREE"}, scene.answer("three", true));
  });
  scene.loop.run();
  CHECK(scene.log == Log{"one a", "two: invalid", "three c"});
  CHECK(scene.server->received == "*1\r\n$4\r\nPING\r\n*1\r\n$3\r\nONE\r\n*2\r\n$3\r\nTWO\r\n$1\r\nx\r\n*1\r\n$5\r\nTHREE\r\n");
}

TEST_CASE("who subscribes is told what is published, and other answers still find their commands") {
  Scene scene;
  scene.pushed = [&](Reply reply) {
    scene.log.push_back(reply.items[0].text + " " + reply.items[1].text + " " + reply.items[2].text);
    if (reply.items[2].text == "last") scene.loop.stop();
  };
  scene.open({"+PONG\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$3\r\none\r\n"
                          "*2\r\n$4\r\npong\r\n$0\r\n\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\nlast\r\n"});
  REQUIRE(scene.connection);
  scene.connection->tell({"SUBSCRIBE", "a"});
  scene.connection->command({"PING"}, scene.answer("ping"));
  CHECK(scene.connection->waiting() == 1);
  scene.loop.run();
  CHECK(scene.connection->waiting() == 0);
  CHECK(scene.log == Log{"subscribe a ", "message a one", "ping ", "message a last"});
  CHECK(scene.server->received.find("*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n") != std::string::npos);
}

TEST_CASE("what is published to who subscribed to nothing breaks the connection") {
  Scene scene;
  scene.open({"+PONG\r\n", "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$3\r\none\r\n:1\r\n"});
  REQUIRE(scene.connection);
  scene.connection->command({"ONE"}, scene.answer("one", true));
  scene.loop.run();
  scene.run_until_idle();
  CHECK(scene.log.back() == "broken: invalid");
}

TEST_CASE("it logs in and selects its database before it is handed out") {
  Scene scene;
  scene.url.user = "me";
  scene.url.password = "secret";
  scene.url.database = 3;
  scene.open({"+OK\r\n+OK\r\n+PONG\r\n"});
  REQUIRE(scene.connection);
  CHECK(scene.server->received == "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$4\r\nPING\r\n");
}

TEST_CASE("a server that refuses us is told from one that is away") {
  Scene refused;
  refused.url.password = "wrong";
  refused.open({"-WRONGPASS invalid username-password pair\r\n-NOAUTH Authentication required.\r\n"});
  CHECK(refused.log == Log{"not opened: denied"});
  Scene closed;
  closed.listener.reset();
  closed.open({});
  CHECK(closed.log == Log{"not opened: unavailable"});
  Scene silent;
  silent.open({}, milliseconds(50));
  CHECK(silent.log == Log{"not opened: unavailable"});
  Scene unknown;
  unknown.url.host = "no-such-host.invalid";
  unknown.open({});
  CHECK(unknown.log == Log{"not opened: unavailable"});
  Scene other;
  other.open({"HTTP/1.1 400 Bad Request\r\n"});
  CHECK(other.log == Log{"not opened: invalid"});
}

namespace {
// An address that takes no connection and refuses none: a queue for one that is full.
struct BlackHole {
  os::UniqueFd listening{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)}, first, second;
  net::Endpoint at{"::1", 0, ""};
  BlackHole() {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listening.get(), any, size) == 0);
    REQUIRE(::listen(listening.get(), 0) == 0);
    REQUIRE(::getsockname(listening.get(), any, &size) == 0);
    at.port = ntohs(address.sin6_port);
    for (os::UniqueFd* each : {&first, &second}) {
      *each = os::UniqueFd(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      ::connect(each->get(), any, size);
    }
  }
};
}  // namespace

TEST_CASE("an address that swallows everything does not cost the others their time") {
  const BlackHole hole;
  Scene scene;
  // One that takes the connection and then says nothing.
  const auto silent = *net::Listener::bind(scene.loop, {"127.0.0.1", 0, ""}, [&](os::UniqueFd fd, net::Endpoint) {
    net::Connection::adopt(scene.loop, std::move(fd), std::make_shared<FakeServer>());
  });
  // And one that is no Redis server.
  const auto other = *net::Listener::bind(scene.loop, {"127.0.0.1", 0, ""}, [&](os::UniqueFd fd, net::Endpoint) {
    net::Connection::adopt(scene.loop, std::move(fd), std::make_shared<FakeServer>())->send_copy(as_bytes("HTTP/1.1 400 Bad Request\r\n"));
  });
  std::vector<net::Endpoint> all{hole.at, silent->local(), other->local(), scene.listener->local()};
  scene.look_up = [&](const std::string&, std::uint16_t) { return Result<std::vector<net::Endpoint>>(all); };
  SECTION("the last of four is reached") {
    scene.open({"+PONG\r\n", "+a\r\n"}, seconds(3));
    CHECK(scene.log.empty());
    REQUIRE(scene.connection);
    scene.connection->command({"ONE"}, scene.answer("one", true));
    scene.loop.run();
    CHECK(scene.log == Log{"one a"});
  }
  SECTION("none is, in bounded time, and the one that said something is told of") {
    all.pop_back();
    all.insert(all.end(), 1000, hole.at);
    const auto began = std::chrono::steady_clock::now();
    scene.open({}, seconds(1));
    CHECK(std::chrono::steady_clock::now() - began < seconds(30));
    CHECK(scene.log == Log{"not opened: invalid"});
  }
}

TEST_CASE("a name that is looked up for longer than it may be is given up, and its answer is for the next try") {
  std::promise<void> answer;
  const std::shared_future<void> answered = answer.get_future().share();
  std::atomic<int> looked = 0;
  Scene scene;
  const net::Endpoint at = scene.listener->local();
  scene.look_up = [&, at](const std::string&, std::uint16_t) -> Result<std::vector<net::Endpoint>> {
    ++looked;
    answered.wait();
    return std::vector<net::Endpoint>{at};
  };
  scene.open({"+PONG\r\n"}, milliseconds(50));
  CHECK(scene.log == Log{"not opened: unavailable"});
  Connection::open(scene.loop, *scene.resolver, {.url = scene.url, .broken = {}}, [&](Result<std::shared_ptr<Connection>> done) {
    REQUIRE(done);
    scene.connection = *done;
    scene.loop.stop();
  });
  answer.set_value();
  scene.loop.run();
  CHECK(scene.connection);
  CHECK(looked == 1);
}

TEST_CASE("an answer that does not come breaks the connection, and all that wait are told") {
  Scene scene;
  scene.open({"+PONG\r\n"});
  REQUIRE(scene.connection);
  scene.connection->command({"SLOW"}, scene.answer("slow"), milliseconds(50));
  scene.connection->command({"NEXT"}, scene.answer("next", true));
  scene.loop.run();
  scene.run_until_idle();
  CHECK(scene.log == Log{"slow: unavailable", "next: unavailable", "broken: unavailable"});
  CHECK_FALSE(scene.connection->open());
  scene.connection->command({"LATE"}, scene.answer("late", true));
  scene.loop.run();
  CHECK(scene.log.back() == "late: unavailable");
}

TEST_CASE("a server that goes, or says what was not asked for, breaks it") {
  Scene gone;
  gone.open({"+PONG\r\n"});
  gone.server->link->close();
  gone.connection->command({"ONE"}, gone.answer("one", true));
  gone.loop.run();
  gone.run_until_idle();
  CHECK(gone.log == Log{"one: unavailable", "broken: unavailable"});
  Scene talkative;
  talkative.open({"+PONG\r\n", "+a\r\n+b\r\n"});
  talkative.connection->command({"ONE"}, talkative.answer("one", true));
  talkative.loop.run();
  talkative.run_until_idle();
  CHECK(talkative.log == Log{"one a", "broken: invalid"});
}

TEST_CASE("after close() nothing is called any more") {
  Scene scene;
  scene.open({"+PONG\r\n", "+a\r\n"});
  scene.connection->command({"ONE"}, scene.answer("one"));
  scene.connection->close();
  scene.run_until_idle();
  scene.connection.reset();
  scene.run_until_idle();
  CHECK(scene.log.empty());
}
