#pragma once
// Names to addresses.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/tcp.hpp"

namespace sluice::net {

// getaddrinfo(3): may block for as long as a DNS server is silent. Numeric hosts come back at once. Errc::unavailable for names
// that are not known, for good or just now.
Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port);

// The addresses of one host, asked for again and again. A look-up cannot be called off, so it has a thread of its own that nobody waits
// for, and there is one at a time, however long it takes.
class Resolver {
 public:
  using Found = std::function<void(Result<std::vector<Endpoint>>)>;
  using LookUp = std::function<Result<std::vector<Endpoint>>(const std::string& host, std::uint16_t port)>;  // on that thread

  Resolver(Loop& loop, std::string host, std::uint16_t port, LookUp look_up = resolve);
  ~Resolver();  // at once; a look-up that goes on is forgotten
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `found` comes later, on the loop's thread. While a look-up goes on its answer is for who asked last; nobody else is called.
  void ask(Found found);

 private:
  struct Shared;
  Loop& loop_;
  std::string host_;
  std::uint16_t port_;
  LookUp look_up_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace sluice::net
