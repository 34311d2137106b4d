#include "srt/server.hpp"

#include <arpa/inet.h>
#include <srt/srt.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

// The callers' own hold on libsrt: a server that goes away must not clean up what callers in its process are still using (1.5.1 then
// waits for ever).
const int libsrt = srt_startup();

const std::string phrase = "a-phrase-of-ten";

struct Recorder : srt::Session::Handler {
  std::string received;
  bool closed = false;
  std::function<void()> changed = [] {};
  void on_data(ByteView bytes) override {
    received += as_text(bytes);
    changed();
  }
  void on_closed(const Error&) override {
    closed = true;
    changed();
  }
};

// A caller with libsrt's own calls, on a thread of its own while it connects.
struct Client {
  SRTSOCKET socket = srt_create_socket();
  int rejected = 0;
  std::thread thread;
  std::atomic<bool> done = false;

  Client(std::uint16_t port, const std::string& stream_id, const std::string& passphrase, std::function<void()> then) {
    srt_setsockflag(socket, SRTO_STREAMID, stream_id.data(), static_cast<int>(stream_id.size()));
    if (!passphrase.empty()) srt_setsockflag(socket, SRTO_PASSPHRASE, passphrase.data(), static_cast<int>(passphrase.size()));
    thread = std::thread([this, port, then = std::move(then)] {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(port);
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      if (srt_connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) rejected = srt_getrejectreason(socket);
      done = true;
      then();
    });
  }
  ~Client() {
    thread.join();
    srt_close(socket);
  }
};

struct Rig {
  net::Loop loop;
  std::vector<std::shared_ptr<srt::Session>> sessions;
  std::vector<std::shared_ptr<Recorder>> recorders;
  std::vector<std::string> failed;
  unsigned poll_failures = 0;
  bool start_at_once = true;
  std::unique_ptr<srt::Server> server;
  std::uint16_t port = 0;
  std::function<void()> check = [] {};

  Rig() {
    auto made = srt::Server::start(loop, {.latency = 20ms},
                                   {.ask =
                                        [](const srt::Caller& caller) {
                                          srt::Verdict verdict{.guest = std::make_shared<const std::string>(caller.stream_id)};
                                          if (caller.stream_id == "conflict") verdict.refusal = srt::Refusal::conflict;
                                          if (caller.stream_id == "secret") verdict.passphrase = phrase;
                                          return verdict;
                                        },
                                    .connected =
                                        [this](std::shared_ptr<srt::Session> session) {
                                          sessions.push_back(std::move(session));
                                          recorders.push_back(std::make_shared<Recorder>());
                                          recorders.back()->changed = [this] { check(); };
                                          if (start_at_once) sessions.back()->start(recorders.back());
                                          check();
                                        },
                                    .failed =
                                        [this](const net::Endpoint&, std::shared_ptr<const void> guest) {
                                          failed.push_back(*static_cast<const std::string*>(guest.get()));
                                          check();
                                        },
                                    .poll_failed =
                                        [this](const Error&) {
                                          ++poll_failures;
                                          check();
                                        }});
    REQUIRE(made);
    server = std::move(*made);
    const auto bound = server->listen({"127.0.0.1", 0, ""});
    REQUIRE(bound);
    port = bound->port;
  }
  std::unique_ptr<Client> call(const std::string& stream_id, const std::string& passphrase = "") {
    return std::make_unique<Client>(port, stream_id, passphrase, [this] { loop.post([this] { check(); }); });
  }
  void run_until(std::function<bool()> done) {
    check = [this, done] {
      if (done()) loop.stop();
    };
    bool late = false;
    net::Timer limit(loop);
    limit.after(15s, [&] {
      late = true;
      loop.stop();
    });
    if (!done()) loop.run();
    check = [] {};
    REQUIRE_FALSE(late);
  }
};

}  // namespace

TEST_CASE("what a caller sends arrives in order, and its end is told once") {
  Rig rig;
  auto client = rig.call("someone");
  rig.run_until([&] { return client->done && rig.sessions.size() == 1; });
  CHECK(client->rejected == 0);
  CHECK(*static_cast<const std::string*>(rig.sessions[0]->guest().get()) == "someone");
  CHECK(rig.sessions[0]->peer().host == "127.0.0.1");
  std::string sent;
  for (int i = 0; i < 50; ++i) {
    const std::string message(1316, static_cast<char>('a' + i % 26));
    REQUIRE(srt_send(client->socket, message.data(), static_cast<int>(message.size())) == 1316);
    sent += message;
  }
  rig.run_until([&] { return rig.recorders[0]->received.size() == sent.size(); });
  CHECK(rig.recorders[0]->received == sent);
  client.reset();
  rig.run_until([&] { return rig.recorders[0]->closed; });
}

TEST_CASE("a poll that fails is told of and made anew: who was there goes on, and others may come") {
  Rig rig;
  auto client = rig.call("someone");
  rig.run_until([&] { return client->done && rig.sessions.size() == 1; });
  for (int poll = 0; poll < 200; ++poll) srt_epoll_release(poll);  // the server's is one of them
  rig.run_until([&] { return rig.poll_failures > 0; });
  const std::string message(1316, 'x');
  REQUIRE(srt_send(client->socket, message.data(), static_cast<int>(message.size())) == 1316);
  auto second = rig.call("another");
  rig.run_until([&] { return rig.recorders[0]->received == message && second->done && rig.sessions.size() == 2; });
  CHECK(rig.server->polling());
}

TEST_CASE("what came before start() is kept") {
  Rig rig;
  rig.start_at_once = false;
  auto client = rig.call("someone");
  rig.run_until([&] { return client->done && rig.sessions.size() == 1; });
  REQUIRE(srt_send(client->socket, "early", 5) == 5);
  net::Timer later(rig.loop);
  later.after(100ms, [&] { rig.sessions[0]->start(rig.recorders[0]); });
  rig.run_until([&] { return rig.recorders[0]->received == "early"; });
}

TEST_CASE("a refusal reaches the caller with its code") {
  Rig rig;
  auto client = rig.call("conflict");
  rig.run_until([&] { return client->done.load(); });
  CHECK(client->rejected == 1409);
  CHECK(rig.sessions.empty());
  CHECK(rig.failed.empty());
}

TEST_CASE("a passphrase is asked of its caller, and one that fails is told of") {
  Rig rig;
  auto right = rig.call("secret", phrase);
  rig.run_until([&] { return right->done && rig.sessions.size() == 1; });
  CHECK(right->rejected == 0);
  for (const auto& [id, wrong] : {std::pair{"secret", "another-phrase"}, std::pair{"secret", ""}, std::pair{"clear", "some-passphrase"}}) {
    rig.failed.clear();
    auto client = rig.call(id, wrong);
    rig.run_until([&] { return client->done && !rig.failed.empty(); });
    CHECK((client->rejected == SRT_REJ_BADSECRET || client->rejected == SRT_REJ_UNSECURE));
    CHECK(rig.failed == std::vector<std::string>{id});
  }
  CHECK(rig.sessions.size() == 1);
}

TEST_CASE("a session that is closed here is closed there, and nothing is told any more") {
  Rig rig;
  auto client = rig.call("someone");
  rig.run_until([&] { return client->done && rig.sessions.size() == 1; });
  rig.sessions[0]->close();
  const char byte = 'x';
  while (srt_send(client->socket, &byte, 1) == 1) std::this_thread::yield();
  CHECK_FALSE(rig.recorders[0]->closed);
}

TEST_CASE("a server that goes away with sessions open leaves nothing behind") {
  Rig rig;
  auto first = rig.call("one"), second = rig.call("two");
  rig.run_until([&] { return first->done && second->done && rig.sessions.size() == 2; });
  rig.server.reset();
  rig.sessions[0]->close();
}

TEST_CASE("a server goes away while callers shake hands") {
  for (int round = 0; round < 5; ++round) {
    Rig rig;
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 8; ++i) {
      clients.push_back(rig.call(i % 2 ? "someone" : "secret", i % 4 ? phrase : ""));
      const int shortly = 300;  // ms: nobody answers any more
      srt_setsockflag(clients.back()->socket, SRTO_CONNTIMEO, &shortly, sizeof shortly);
    }
    rig.server.reset();
    clients.clear();
  }
}

TEST_CASE("a port that is taken is told of") {
  Rig rig;
  const int holder = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(holder, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  socklen_t size = sizeof at;
  ::getsockname(holder, reinterpret_cast<sockaddr*>(&at), &size);
  const auto taken = rig.server->listen({"127.0.0.1", ntohs(at.sin_port), ""});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == Errc::unavailable);
  CHECK(taken.error().hint.find(std::to_string(ntohs(at.sin_port))) != std::string::npos);
  ::close(holder);
}
