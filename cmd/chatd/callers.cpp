#include "callers.hpp"

#include "links.hpp"
#include "platform/addresses.hpp"

namespace sluice::chatd {

std::shared_ptr<void> Callers::come(const std::string& host, std::size_t most) {
  if (is_loopback(host)) return counts_;
  std::string address = platform::counted_as(host);
  std::size_t& count = (*counts_)[address];
  if (count >= most) return nullptr;
  ++count;
  return std::shared_ptr<void>(counts_.get(), [counts = counts_, address = std::move(address)](void*) {
    const auto found = counts->find(address);
    if (--found->second == 0) counts->erase(found);
  });
}

}  // namespace sluice::chatd
