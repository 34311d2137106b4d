#include "sockets.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.hpp"

namespace chat_load {

void die(const std::string& what) {
  std::fprintf(stderr, "chat_load: %s%s%s\n", what.c_str(), errno != 0 ? ": " : "",
               errno != 0 ? std::strerror(errno) : "");
  std::exit(1);
}

int dial(int port, int source) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("a socket");
  const int on = 1;
  ::setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(source));
  if (::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) die("bind to a loopback address");
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
    die("connect to port " + std::to_string(port));
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval silence{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
  return fd;
}

void put(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) die("send");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void read_until(int socket, std::string_view end) {
  std::string got;
  char buffer[4096];
  while (got.find(end) == std::string::npos) {
    errno = 0;
    const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
    if (n <= 0) die("waiting for \"" + std::string(end) + "\", after \"" + got.substr(0, 300) + "\"");
    got.append(buffer, static_cast<std::size_t>(n));
  }
}

void make_nonblocking(int socket) {
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
}

std::string frame(std::string_view text) {
  sluice::Bytes out;
  sluice::ByteWriter writer(out);
  writer.u8(0x81);
  if (text.size() < 126) {
    writer.u8(0x80 | text.size());
  } else {
    writer.u8(0x80 | 126).be16(text.size());
  }
  writer.zeros(4).text(text);
  return std::string(sluice::as_text(out));
}

}  // namespace chat_load
