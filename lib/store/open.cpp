#include <fmt/format.h>

#include "store/sqlite_engine.hpp"

namespace sluice::store {

Result<std::unique_ptr<Store>> open_store(std::string_view url, Clock& clock, Random& random) {
  constexpr std::string_view sqlite_scheme = "sqlite:";
  if (!url.starts_with(sqlite_scheme) || url.size() == sqlite_scheme.size())
    return fail(Errc::config, fmt::format("\"{}\" names no store", url), "a store is sqlite:PATH");
  return open_sqlite(std::string(url.substr(sqlite_scheme.size())), clock, random);
}

}  // namespace sluice::store
