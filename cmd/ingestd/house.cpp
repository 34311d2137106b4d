#include "house.hpp"

#include "measures.hpp"

namespace sluice::ingestd {

House::House(net::Loop& l, Config c, std::unique_ptr<Platform> p, std::shared_ptr<net::FolderWatch> f, std::string programs)
    : loop(l),
      config(std::move(c)),
      platform(std::move(p)),
      folders(std::move(f)),
      doorstep(config.limits),
      refusals(loop),
      around{loop, config, *platform, *folders, std::move(programs), {}} {}

void House::enter(const std::shared_ptr<Publisher>& publisher, const std::string& host) {
  doorstep.entered(host);
  publishers.insert(publisher);
  measures().connections.Set(static_cast<double>(publishers.size()));
}

void House::leave(Publisher& publisher) {
  doorstep.left(publisher.host());
  publishers.erase(publisher.shared_from_this());
  measures().connections.Set(static_cast<double>(publishers.size()));
}

}  // namespace sluice::ingestd
