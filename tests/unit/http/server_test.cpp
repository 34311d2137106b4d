#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "http/server.hpp"

using namespace sluice;
using namespace sluice::http;

namespace {

// A server on a loop in its own thread; clients are the other ends of socket pairs.
class Fixture {
 public:
  explicit Fixture(Handler handler, Limits limits = {}) {
    server_ = std::make_unique<Server>(loop_, std::move(handler), limits);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Fixture() {
    on_loop([this] { server_.reset(); });
    for (int i = 0; i < 3; ++i) on_loop([] {});  // connections end in a later turn
    loop_.stop();
    thread_.join();
  }
  void on_loop(std::function<void()> task) {
    std::promise<void> done;
    loop_.post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  os::UniqueFd client(std::string_view sent_before = {}) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    timeval limit{5, 0};
    ::setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    REQUIRE(::send(pair[0], sent_before.data(), sent_before.size(), 0) == static_cast<ssize_t>(sent_before.size()));
    on_loop([&] { server_->take(os::UniqueFd(pair[1]), {}); });
    return os::UniqueFd(pair[0]);
  }
  Server& server() { return *server_; }
  net::Loop& loop() { return loop_; }

 private:
  net::Loop loop_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

void say(const os::UniqueFd& fd, std::string_view text) {
  REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

// Reads until the text holds `end`, or the peer closes, or 5 s pass.
std::string hear(const os::UniqueFd& fd, std::string_view end) {
  std::string text;
  char buffer[65536];
  while (end.empty() || text.find(end) == text.npos) {
    ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (n <= 0) break;
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return text;
}
std::string hear_all(const os::UniqueFd& fd) { return hear(fd, ""); }

void echo(const Request& request, const Responder& responder) {
  responder.respond(Response::text(200, request.method + " " + request.path + " " + request.body + "\n"));
}

std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

int status_of(std::string_view answer) { return answer.size() > 12 ? std::stoi(std::string(answer.substr(9, 3))) : 0; }

}  // namespace

TEST_CASE("requests on one connection are answered in order") {
  Fixture fixture(echo);
  auto client = fixture.client();
  say(client, get("/1") + get("/2") + "POST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi" + get("/4", "Connection: close\r\n"));
  auto text = hear_all(client);
  auto first = text.find("GET /1 \n"), second = text.find("GET /2 \n"), third = text.find("POST /3 hi\n"),
       fourth = text.find("GET /4 \n");
  CHECK(first < second);
  CHECK(second < third);
  CHECK(third < fourth);
  REQUIRE(fourth != text.npos);
  CHECK(text.find("Connection: close") > third);
  CHECK(text.find("Content-Length: 8\r\n") != text.npos);
  CHECK(text.find("\r\nDate: ") != text.npos);
}

TEST_CASE("late answers keep the order and outlive a half-closed client") {
  std::vector<Responder> waiting;
  Fixture fixture([&](const Request& request, Responder responder) {
    if (request.path == "/late")
      waiting.push_back(responder);
    else
      echo(request, responder);
  });
  auto client = fixture.client();
  say(client, get("/late") + get("/quick"));
  ::shutdown(client.get(), SHUT_WR);
  fixture.on_loop([] {});
  std::atomic<bool> answered = false;
  while (!answered) fixture.on_loop([&] {
    if (waiting.empty()) return;
    waiting[0].respond(Response::text(200, "late\n"));
    waiting[0].respond(Response::text(200, "twice\n"));
    answered = true;
  });
  auto text = hear_all(client);
  CHECK(text.find("late\n") < text.find("GET /quick \n"));
  CHECK(text.find("GET /quick \n") != text.npos);
  CHECK(text.find("twice") == text.npos);
  waiting.clear();
}

TEST_CASE("HEAD, 304 and 204 have no body") {
  Fixture fixture([](const Request& request, const Responder& responder) {
    int status = request.path == "/304" ? 304 : request.path == "/204" ? 204 : 200;
    responder.respond(Response::text(status, "body"));
  });
  auto client = fixture.client();
  say(client, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + get("/304") + get("/204", "Connection: close\r\n"));
  auto text = hear_all(client);
  CHECK(text.find("body") == text.npos);
  CHECK(text.find("Content-Length: 4\r\n") != text.npos);
  CHECK(text.find("Content-Length: 4\r\n") == text.rfind("Content-Length"));
}

TEST_CASE("100-continue is sent when the body is awaited") {
  Fixture fixture(echo);
  auto client = fixture.client();
  say(client, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(hear(client, "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  say(client, "ok");
  CHECK(hear(client, "ok\n").starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("bad requests are told so, then the connection ends") {
  Fixture fixture(echo);
  for (auto [text, status] : std::vector<std::pair<std::string, int>>{
           {"\x16\x03\x01 hello", 400},
           {get("/", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), 400},
           {"GET / HTTP/1.1\r\n\r\n", 400},
           {get("/" + std::string(9000, 'x')), 414},
           {get("/", "a: " + std::string(17000, 'x') + "\r\n"), 431},
           {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n", 413}}) {
    auto client = fixture.client();
    say(client, text);
    auto answer = hear_all(client);
    CHECK(status_of(answer) == status);
    CHECK(answer.find("Connection: close\r\n") != answer.npos);
  }
}

TEST_CASE("slow requests get 408, idle connections are closed") {
  Limits limits;
  limits.header_time = std::chrono::milliseconds(60);
  limits.idle_time = std::chrono::milliseconds(60);
  Fixture fixture(echo, limits);
  auto slow = fixture.client(), idle = fixture.client();
  say(slow, "GET / HT");
  CHECK(status_of(hear_all(slow)) == 408);
  CHECK(hear_all(idle).empty());
}

TEST_CASE("connections beyond the limit get 503") {
  Limits limits;
  limits.connections = 1;
  Fixture fixture(echo, limits);
  auto first = fixture.client(), second = fixture.client();
  auto answer = hear_all(second);
  CHECK(status_of(answer) == 503);
  CHECK(answer.find("Retry-After: 1\r\n") != answer.npos);
  say(first, get("/"));
  CHECK(status_of(hear(first, "GET / \n")) == 200);
}

TEST_CASE("a handler that forgets or throws answers 500") {
  Fixture fixture([](const Request& request, const Responder&) {
    if (request.path == "/throw") throw std::runtime_error("no");
  });
  auto client = fixture.client();
  say(client, get("/forget") + get("/throw", "Connection: close\r\n"));
  auto text = hear_all(client);
  CHECK(status_of(text) == 500);
  CHECK(text.find("HTTP/1.1 500", 20) != text.npos);
}

TEST_CASE("streams are chunked and end, or are cut") {
  Fixture fixture([](const Request& request, const Responder& responder) {
    responder.begin_stream(Response{200, {{"Content-Type", "text/event-stream"}}, {}});
    responder.write(std::make_shared<Bytes>(to_bytes("data: 1\n\n")));
    responder.write(std::make_shared<Bytes>(Bytes(5000, std::byte{'x'})));
    if (request.path == "/end") responder.end();
  });
  auto client = fixture.client();
  say(client, get("/end") + get("/cut"));
  auto text = hear_all(client);
  CHECK(text.find("Transfer-Encoding: chunked\r\n") != text.npos);
  CHECK(text.find("\r\n\r\n9\r\ndata: 1\n\n\r\n1388\r\nxxx") != text.npos);
  CHECK(text.find("0\r\n\r\n") == text.rfind("0\r\n\r\n"));
}

TEST_CASE("a stream learns that its client has gone") {
  std::promise<void> gone;
  std::vector<Responder> streams;
  Fixture fixture([&](const Request&, Responder responder) {
    responder.begin_stream(Response{200, {}, {}});
    responder.on_gone([&] { gone.set_value(); });
    streams.push_back(responder);
  });
  {
    auto client = fixture.client();
    say(client, get("/"));
    CHECK(status_of(hear(client, "\r\n\r\n")) == 200);
  }
  CHECK(gone.get_future().wait_for(std::chrono::seconds(5)) == std::future_status::ready);
  fixture.on_loop([&] {
    CHECK(streams[0].gone());
    streams[0].write(std::make_shared<Bytes>(to_bytes("late")));
    streams[0].end();
    streams.clear();
  });
}

TEST_CASE("upgrades hand over the connection and the bytes behind the request") {
  struct Echo : net::Connection::Handler {
    std::shared_ptr<net::Connection> connection;
    void on_data(ByteView bytes) override { connection->send_copy(bytes); }
    void on_closed(const Error&) override { connection.reset(); }
  };
  Fixture fixture([](const Request&, const Responder& responder) {
    responder.upgrade({{"Upgrade", "echo"}, {"Connection", "Upgrade"}}, [](std::shared_ptr<net::Connection> connection) {
      auto handler = std::make_shared<Echo>();
      handler->connection = std::move(connection);
      return handler;
    });
  });
  auto client = fixture.client(get("/ws") + "first");
  auto text = hear(client, "first");
  CHECK(text.starts_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n"));
  CHECK(text.ends_with("\r\n\r\nfirst"));
  say(client, "second");
  CHECK(hear(client, "second") == "second");
}

TEST_CASE("draining finishes what is under way and closes the rest") {
  std::vector<Responder> waiting;
  std::promise<void> arrived, drained;
  Fixture fixture([&](const Request&, Responder responder) {
    waiting.push_back(responder);
    arrived.set_value();
  });
  auto idle = fixture.client(), busy = fixture.client();
  say(busy, get("/"));
  arrived.get_future().wait();
  fixture.on_loop([&] { fixture.server().drain([&] { drained.set_value(); }); });
  CHECK(hear_all(idle).empty());
  fixture.on_loop([&] { waiting[0].respond(Response::text(200, "done\n")); });
  CHECK(hear_all(busy).ends_with("done\n"));
  CHECK(drained.get_future().wait_for(std::chrono::seconds(5)) == std::future_status::ready);
  waiting.clear();
}

TEST_CASE("pipelining more than fits is held back, not lost") {
  Fixture fixture([](const Request& request, const Responder& responder) {
    responder.respond(Response{200, {}, std::make_shared<const Bytes>(Bytes(100'000, static_cast<std::byte>(request.path.back())))});
  });
  auto client = fixture.client();
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) say(client, get("/" + std::to_string(i % 10)));
    say(client, get("/z", "Connection: close\r\n"));
  });
  auto text = hear_all(client);
  writer.join();
  CHECK(std::count(text.begin(), text.end(), 'z') == 100'000);
  CHECK(text.size() > 201u * 100'000);
}

TEST_CASE("no header value can add a header") {
  Fixture fixture([](const Request&, const Responder& responder) {
    responder.respond(Response::text(200, "x").with("Location", "/a\r\nSet-Cookie: b"));
  });
  auto client = fixture.client();
  say(client, get("/", "Connection: close\r\n"));
  CHECK(hear_all(client).find("Location: /a  Set-Cookie: b\r\n") != std::string::npos);
}

TEST_CASE("headers that answers share go before an answer's own, and count as its own") {
  const auto shared = std::make_shared<const SharedHeaders>(Headers{{"Cache-Control", "public, max-age=1"}, {"X-Two", "a\r\nX-Evil: 1"}});
  std::string cache_control, type;
  Fixture fixture([&](const Request&, const Responder& responder) {
    Response response = Response::text(200, "body");
    response.shared_headers = shared;
    cache_control = response.header("cache-control");
    type = response.header("Content-Type");
    responder.respond(std::move(response));
  });
  auto client = fixture.client();
  say(client, get("/", "Connection: close\r\n"));
  const auto text = hear_all(client);
  CHECK(cache_control == "public, max-age=1");
  CHECK(type.starts_with("text/plain"));
  CHECK(text.starts_with("HTTP/1.1 200 OK\r\nCache-Control: public, max-age=1\r\nX-Two: a  X-Evil: 1\r\nContent-Type: "));
  CHECK(text.find("X-Trace-Id") == text.npos);  // a cache may keep it
  CHECK(text.ends_with("\r\n\r\nbody"));
}

TEST_CASE("a trace id is taken when it is plain, made when it is not, and comes back where no cache may keep it") {
  std::string seen;
  Fixture fixture([&](const Request& request, const Responder& responder) {
    seen = request.trace_id;
    auto response = Response::text(200, "x");
    if (request.path == "/kept") response.with("Cache-Control", "public, max-age=9");
    responder.respond(std::move(response));
  });
  auto ask = [&](const std::string& path, const std::string& id) {
    auto client = fixture.client();
    say(client, "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + (id.empty() ? "" : "x-trace-id: " + id + "\r\n") + "\r\n");
    return hear(client, "\r\n\r\nx");
  };
  CHECK_THAT(ask("/", "abc-1_2.Z"), Catch::Contains("X-Trace-Id: abc-1_2.Z\r\n"));
  CHECK(seen == "abc-1_2.Z");
  for (const std::string& hostile : {std::string("a b"), std::string("a\"}{"), std::string(65, 'a'), std::string()}) {
    const std::string answer = ask("/", hostile);
    CHECK(seen.size() == 15);
    CHECK_THAT(answer, Catch::Contains("X-Trace-Id: " + seen + "\r\n"));
  }
  const std::string first = seen;
  CHECK_THAT(ask("/kept", ""), !Catch::Contains("X-Trace-Id"));
  CHECK(seen != first);
  CHECK_THAT(ask("/kept", "mine"), Catch::Contains("X-Trace-Id: mine\r\n"));
}
