#include "app/input_lines.hpp"

#include "base/text.hpp"

namespace sluice::app {

Result<> each_input_line(std::istream& in, const TakeLine& take) {
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    const std::string_view name = trim(line);
    if (!name.empty() && !name.starts_with('#')) SLUICE_TRY(take(std::string(name), number));
  }
  if (in.bad()) return fail(Errc::io, "read standard input: not everything could be read");
  return {};
}

bool concerns_all(Errc code) {
  return code == Errc::unavailable || code == Errc::io || code == Errc::internal;
}

}  // namespace sluice::app
