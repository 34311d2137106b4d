#include "net/resolve.hpp"

#include <netdb.h>

#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "net/sockets.hpp"

namespace sluice::net {

Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found); error != 0)
    return fail(Errc::unavailable, "look up " + host + ": " + ::gai_strerror(error));
  std::vector<Endpoint> all;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    all.push_back(to_endpoint(address));
  }
  ::freeaddrinfo(found);
  if (all.empty()) return fail(Errc::unavailable, "look up " + host + ": it has no address");
  return all;
}

// What the asking thread and the looking one have in common.
struct Resolver::Shared {
  std::mutex mutex;
  Loop* loop;              // under the mutex; none: nobody asks any more
  Found found;             // on the loop's thread only, as the next
  bool looking = false;

  explicit Shared(Loop& l) : loop(&l) {}
  void tell(Result<std::vector<Endpoint>> result) {
    looking = false;
    if (const auto last = std::exchange(found, nullptr)) last(std::move(result));
  }
};

Resolver::Resolver(Loop& loop, std::string host, std::uint16_t port, LookUp look_up)
    : loop_(loop), host_(std::move(host)), port_(port), look_up_(std::move(look_up)), shared_(std::make_shared<Shared>(loop)) {}

Resolver::~Resolver() {
  const std::lock_guard lock(shared_->mutex);
  shared_->loop = nullptr;
  shared_->found = nullptr;
}

void Resolver::ask(Found found) {
  shared_->found = std::move(found);
  if (std::exchange(shared_->looking, true)) return;
  const auto tell = [](Loop& loop, const std::shared_ptr<Shared>& shared, Result<std::vector<Endpoint>> result) {
    loop.post([shared, result = std::move(result)]() mutable { shared->tell(std::move(result)); });
  };
  if (const Endpoint numeric{host_, port_, ""}; to_address(numeric)) return tell(loop_, shared_, std::vector{numeric});
  try {
    std::thread([shared = shared_, look_up = look_up_, host = host_, port = port_, tell] {
      auto result = look_up(host, port);
      const std::lock_guard lock(shared->mutex);
      if (shared->loop != nullptr) tell(*shared->loop, shared, std::move(result));
    }).detach();
  } catch (const std::system_error& error) {
    tell(loop_, shared_, fail(Errc::unavailable, "look up " + host_ + ": no thread: " + error.what()));
  }
}

}  // namespace sluice::net
