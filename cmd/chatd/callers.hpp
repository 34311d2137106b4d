#pragma once
// Callers: sockets of the WebSocket port whose request has not come, or is being answered, by address.
// Whoever opens many and says nothing keeps out nobody else.
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

namespace sluice::chatd {

class Callers {
 public:
  // A place, held as long as it lives. Null: there are `most` of that address, as platform::counted_as() has
  // it, already; loopback may have any number.
  std::shared_ptr<void> come(const std::string& host, std::size_t most);

 private:
  using Counts = std::unordered_map<std::string, std::size_t>;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace sluice::chatd
