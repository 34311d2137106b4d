// A connection over TLS, against OpenSSL's own client on the other end of a socket.
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "net/tcp.hpp"
#include "net/tls.hpp"
#include "os/file.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/sluice-tls-connection-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

// A blocking client; every call is made on a thread of its own.
struct Client {
  int fd;
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  explicit Client(int socket) : fd(socket) {
    SSL_set_fd(ssl, fd);
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  }
  ~Client() {
    SSL_free(ssl);
    SSL_CTX_free(context);
    ::close(fd);
  }
  bool connect() { return SSL_connect(ssl) == 1; }
  void write(const std::string& text) { SSL_write(ssl, text.data(), static_cast<int>(text.size())); }
  // Until so many bytes have come, or the end.
  std::string read(std::size_t size) {
    std::string got;
    char buffer[65536];
    while (got.size() < size) {
      const int n = SSL_read(ssl, buffer, sizeof buffer);
      if (n <= 0) break;
      got.append(buffer, static_cast<std::size_t>(n));
    }
    return got;
  }
  bool told_of_the_end() {
    char byte;
    const int n = SSL_read(ssl, &byte, 1);
    return n <= 0 && SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN;
  }
};

struct Server : net::Connection::Handler {
  std::string received, why;
  bool eof = false, closed = false;
  int drained = 0;
  std::function<void()> changed = [] {};
  void on_data(ByteView bytes) override {
    received += as_text(bytes);
    changed();
  }
  bool on_eof() override {
    eof = true;
    return false;
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

struct Scene {
  Folder folder;
  std::shared_ptr<const net::TlsContext> context;
  net::Loop loop;
  net::Timer limit{loop};
  std::shared_ptr<Server> server = std::make_shared<Server>();
  std::shared_ptr<net::Connection> connection;
  int other = -1;
  std::thread thread;

  Scene() {
    REQUIRE(net::make_self_signed(folder.path / "cert", folder.path / "key"));
    auto loaded = net::TlsContext::load(folder.path / "cert", folder.path / "key");
    REQUIRE(loaded);
    context = *loaded;
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    other = fds[1];
    connection = net::Connection::adopt(loop, os::UniqueFd(fds[0]), server, context.get());
    CHECK(connection->encrypted());
  }
  ~Scene() {
    if (thread.joinable()) thread.join();
  }
  void client(std::function<void(Client&)> act) {
    thread = std::thread([this, act] {
      Client client(other);
      act(client);
      loop.post([this] { server->changed(); });
    });
  }
  void run_until(std::function<bool()> done) {
    server->changed = [this, done] {
      if (done()) loop.stop();
    };
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

TEST_CASE("TLS: both ends hear each other, what was sent before the handshake too, and the end is told") {
  Scene scene;
  scene.connection->send_copy(as_bytes("early "));
  const std::string much = pattern(3'000'000);
  std::string heard;
  bool shaken = false, end = false, done = false;
  scene.client([&](Client& client) {
    shaken = client.connect();
    client.write("hello");
    heard = client.read(6 + much.size());
    end = client.told_of_the_end();
    done = true;
  });
  scene.run_until([&] { return scene.server->received == "hello"; });
  scene.connection->send(std::make_shared<const Bytes>(to_bytes(much)));
  scene.connection->close();
  scene.run_until([&] { return scene.server->closed && done; });
  CHECK(shaken);
  CHECK(heard == "early " + much);
  CHECK(end);
}

TEST_CASE("TLS: a file goes out whole, and one that was cut short ends the connection") {
  Scene scene;
  const std::string path = scene.folder.path / "media", much = pattern(200'000);
  std::ofstream(path) << much;
  const auto range = [&](std::uint64_t offset, std::uint64_t size) {
    auto file = os::open_file(path, O_RDONLY);
    REQUIRE(file);
    return net::FileRange{std::make_shared<os::UniqueFd>(std::move(*file)), offset, size};
  };
  std::string heard;
  std::atomic<bool> whole{false};
  scene.client([&](Client& client) {
    client.connect();
    heard = client.read(4 + 150'000);
    whole = true;
    scene.loop.post([&] { scene.server->changed(); });
    client.read(1'000'000);  // to the end
  });
  scene.connection->send_copy(as_bytes("head"));
  scene.connection->send(range(50'000, 150'000));
  scene.run_until([&] { return scene.server->drained > 0 && scene.connection->queued() == 0 && whole; });
  CHECK(heard == "head" + much.substr(50'000));
  scene.connection->send(range(150'000, 100'000));
  scene.run_until([&] { return scene.server->closed; });
  CHECK(scene.server->why.find("cut short") != std::string::npos);
}

TEST_CASE("TLS: the peer's own end ends the connection") {
  Scene scene;
  scene.client([&](Client& client) {
    client.connect();
    client.write("bye");
    SSL_shutdown(client.ssl);
    client.told_of_the_end();
  });
  scene.run_until([&] { return scene.server->closed; });
  CHECK(scene.server->received == "bye");
  CHECK(scene.server->eof);
}

TEST_CASE("TLS: what is no TLS is named, and nothing of it is passed on") {
  Scene scene;
  REQUIRE(::write(scene.other, "GET / HTTP/1.1\r\n", 16) == 16);
  scene.run_until([&] { return scene.server->closed; });
  CHECK(scene.server->received.empty());
  CHECK(scene.server->why.find("not TLS") != std::string::npos);
  ::close(scene.other);
}

TEST_CASE("TLS: closing does not wait for a handshake that never comes") {
  Scene scene;
  scene.connection->send_copy(as_bytes("for nobody"));
  scene.connection->close();
  char byte;
  bool over = false;
  scene.thread = std::thread([&] {
    over = ::read(scene.other, &byte, 1) == 0;
    ::close(scene.other);
  });
  scene.run_until([&] { return scene.server->closed; });
  scene.thread.join();
  CHECK(over);
}

TEST_CASE("TLS: a peer that does not read is waited for") {
  Scene scene;
  const std::string much = pattern(4'000'000);
  bool shaken = false;
  std::atomic<bool> read{false};
  std::string heard;
  scene.client([&](Client& client) {
    client.connect();
    client.write("!");
    shaken = true;
    while (!read) std::this_thread::yield();
    heard = client.read(much.size());
  });
  scene.run_until([&] { return !scene.server->received.empty(); });
  scene.connection->send(std::make_shared<const Bytes>(to_bytes(much)));
  net::Timer look(scene.loop);
  std::size_t waiting = 0;
  look.every(1ms, [&] {
    if (waiting != 0 && scene.connection->queued() == waiting) scene.loop.stop();
    waiting = scene.connection->queued();
  });
  scene.loop.run();
  look.cancel();
  CHECK(waiting > 1'000'000);
  read = true;
  scene.run_until([&] { return scene.connection->queued() == 0 && heard.size() == much.size(); });
  CHECK(heard == much);
  CHECK(scene.server->drained > 0);
}

TEST_CASE("TLS: what is pushed out is with the peer before the turn ends, once the handshake is done") {
  Scene scene;
  const std::string much = pattern(50'000);  // several records
  std::string heard;
  scene.client([&](Client& client) {
    client.connect();
    client.write("!");
    heard = client.read(much.size());
  });
  scene.connection->send_copy(as_bytes(std::string_view(much).substr(0, 1000)));
  CHECK(scene.connection->push_out() == 1000);
  scene.run_until([&] { return !scene.server->received.empty(); });
  scene.connection->send_copy(as_bytes(std::string_view(much).substr(1000)));
  CHECK(scene.connection->push_out() == 0);
  scene.thread.join();  // the loop does not turn meanwhile
  CHECK(heard == much);
}
