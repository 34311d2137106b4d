#include <fmt/format.h>

#include "bus/unix_bus.hpp"

namespace sluice::bus {

Result<std::unique_ptr<Bus>> open_bus(std::string_view url) {
  constexpr std::string_view unix_scheme = "unix:";
  if (!url.starts_with(unix_scheme) || url.size() == unix_scheme.size())
    return fail(Errc::config, fmt::format("\"{}\" names no bus", url), "a bus is unix:DIR");
  return UnixBus::open(std::string(url.substr(unix_scheme.size())));
}

}  // namespace sluice::bus
