// rooms: base
// Load on one chat room: MEMBERS readers on one thread (epoll), one writer at a steady rate, and what arrived
// when.
//   chat_load WIRE WS_PORT IRC_PORT CHATD_PID MEMBERS LINES_PER_SECOND SECONDS     (writer's token in
//   SLUICE_TOKEN)
// WIRE: json, irc (both by WebSocket) or tcp. Prints one JSON object: deliveries, server CPU time, latency,
// memory a member.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.hpp"

namespace {
using sluice::Bytes;
using sluice::ByteWriter;
using Clock = std::chrono::steady_clock;
constexpr std::string_view mark = "~t";  // followed by 16 digits: when the line was sent
constexpr std::size_t line_bytes = 160;

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
}

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int dial(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) die("connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void put(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) die("send");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void read_until(int fd, std::string_view end) {
  std::string got;
  char buffer[4096];
  while (got.find(end) == std::string::npos) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) die("recv");
    got.append(buffer, static_cast<std::size_t>(n));
  }
}

// A text frame of less than 126 bytes, masked with zeros.
std::string frame(std::string_view text) {
  Bytes out;
  ByteWriter(out).u8(0x81).u8(0x80 | text.size()).zeros(4).text(text);
  return std::string(sluice::as_text(out));
}

int member(std::string_view wire, int ws_port, int irc_port, int number) {
  const std::string irc = "NICK justinfan" + std::to_string(number + 1) + "\r\nJOIN #demo\r\n";
  if (wire == "tcp") {
    const int fd = dial(irc_port);
    put(fd, irc);
    read_until(fd, " 366 ");
    return fd;
  }
  const int fd = dial(ws_port);
  put(fd,
      std::string("GET ") + (wire == "json" ? "/json" : "/") +
          " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  read_until(fd, wire == "json" ? "\"hello\"" : "\r\n\r\n");
  put(fd, frame(wire == "json" ? R"({"type":"join","channel":"demo","history":0})" : irc));
  read_until(fd, wire == "json" ? "\"joined\"" : " 366 ");
  return fd;
}

double cpu_seconds(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string word, text((std::istreambuf_iterator<char>(stat)), {});
  double user = 0, system = 0;
  std::sscanf(text.c_str() + text.rfind(')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lf %lf", &user,
              &system);
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double resident_kb(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6);
  return 0;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 8) return 2;
  const std::string wire = argv[1];
  const int ws_port = std::atoi(argv[2]), irc_port = std::atoi(argv[3]), pid = std::atoi(argv[4]),
            members = std::atoi(argv[5]);
  const double rate = std::atof(argv[6]), seconds = std::atof(argv[7]);
  const char* token = std::getenv("SLUICE_TOKEN");
  if (token == nullptr) return 2;
  rlimit files{20000, 20000};
  ::setrlimit(RLIMIT_NOFILE, &files);

  const double memory_before = resident_kb(pid);
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < members; ++i) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = member(wire, ws_port, irc_port, i)}};
    ::fcntl(event.data.fd, F_SETFL, O_NONBLOCK);
    ::epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
  }
  const double memory_after = resident_kb(pid);
  const int writer = dial(irc_port);
  put(writer, "PASS oauth:" + std::string(token) + "\r\nNICK ada\r\n");
  read_until(writer, " 376 ");

  std::string head = ":ada!ada@ada.tmi.twitch.tv PRIVMSG #demo :";
  const std::string padding(line_bytes - head.size() - mark.size() - 16, 'x');
  std::vector<std::uint32_t> latency_us;
  std::vector<char> buffer(256 * 1024);
  std::uint64_t reads = 0;
  const double cpu_before = cpu_seconds(pid);
  const auto begun = Clock::now();
  const auto total = static_cast<std::uint64_t>(rate * seconds);
  const std::uint64_t expected = total * static_cast<std::uint64_t>(members);
  latency_us.reserve(expected);
  std::uint64_t sent = 0;
  const auto deadline =
      begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds + 15));
  while (latency_us.size() < expected && Clock::now() < deadline) {
    const double passed = std::chrono::duration<double>(Clock::now() - begun).count();
    for (; sent < total && static_cast<double>(sent) <= passed * rate; ++sent) {
      char stamp[32];
      std::snprintf(stamp, sizeof stamp, "%016lld", static_cast<long long>(now_us()));
      put(writer, "PRIVMSG #demo :" + std::string(mark) + stamp + padding + "\r\n");
    }
    epoll_event ready[256];
    const int count = ::epoll_wait(poll, ready, 256, 1);
    for (int i = 0; i < count; ++i) {
      const ssize_t n = ::recv(ready[i].data.fd, buffer.data(), buffer.size(), 0);
      if (n <= 0) die("a member was dropped");
      ++reads;
      const std::int64_t at = now_us();
      std::string_view got(buffer.data(), static_cast<std::size_t>(n));
      for (std::size_t found = got.find(mark); found != std::string_view::npos;
           found = got.find(mark, found + 1))
        if (found + mark.size() + 16 <= got.size())
          latency_us.push_back(static_cast<std::uint32_t>(
              at - std::atoll(std::string(got.substr(found + mark.size(), 16)).c_str())));
    }
  }
  const double cpu = cpu_seconds(pid) - cpu_before;
  const double took = std::chrono::duration<double>(Clock::now() - begun).count();
  std::ranges::sort(latency_us);
  const auto percentile = [&](double p) {
    return latency_us.empty()
               ? 0.0
               : latency_us[static_cast<std::size_t>(p * static_cast<double>(latency_us.size() - 1))] /
                     1000.0;
  };
  std::printf(
      "{\"wire\":\"%s\",\"members\":%d,\"lines_per_second\":%.0f,\"seconds\":%.1f,\"expected\":%llu,"
      "\"deliveries\":%zu,"
      "\"reads\":%llu,\"server_cpu_seconds\":%.2f,\"deliveries_per_cpu_second\":%.0f,\"p50_ms\":%.1f,\"p99_"
      "ms\":%.1f,\"kb_per_member\":%.2f}\n",
      wire.c_str(), members, rate, took, static_cast<unsigned long long>(expected), latency_us.size(),
      static_cast<unsigned long long>(reads), cpu, cpu > 0 ? static_cast<double>(latency_us.size()) / cpu : 0,
      percentile(0.5), percentile(0.99), (memory_after - memory_before) / members);
  return latency_us.size() == expected ? 0 : 1;
}
