// keep-sockets PATH: keeps the listening sockets of the platform's daemons while those are dead (lib/app/kept_sockets.hpp). `sluice up` runs it;
// nobody calls it. Ends by SIGTERM, and the sockets that no daemon has with it.
#include <poll.h>

#include <cstdio>

#include "app/kept_sockets.hpp"

int main(int argc, char** argv) {
  using namespace sluice;
  if (argc != 2) {
    std::fputs("keep-sockets: give it the path of its socket\n", stderr);
    return 2;
  }
  const auto complain = [](const Error& error) { std::fprintf(stderr, "keep-sockets: %s\n", error.what.c_str()); };
  const auto door = os::PacketSocket::listen(argv[1]);
  if (!door) {
    complain(door.error());
    return 1;
  }
  app::SocketKeeper keeper;
  for (;;) {
    pollfd waiting{.fd = door->fd(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, -1) <= 0) continue;
    const auto daemon = door->accept();
    if (!daemon)
      complain(daemon.error());
    else if (*daemon)
      if (const auto served = keeper.serve(**daemon); !served) complain(served.error());
  }
}
