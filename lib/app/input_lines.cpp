#include "app/input_lines.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::app {

namespace {
constexpr std::size_t most_shown = 40;  // bytes of a line that is too long

Result<> check_length(std::string_view line, std::size_t number) {
  if (line.size() <= longest_input_line) return {};
  return fail(Errc::invalid,
              fmt::format("standard input: line {} is longer than {} bytes: \"{}...\"", number,
                          longest_input_line, legible(to_valid_utf8(line.substr(0, most_shown)))),
              "give one a line; this is no list");
}

// The lines as they are, without their ends.
template <class Take>
Result<> each_line(int fd, const Take& take) {
  std::string rest;  // begins with the line `number`
  std::array<char, 65536> bytes;
  for (std::size_t number = 1;;) {
    const ssize_t n = ::read(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read standard input", "give a file, or a pipe, that can be read");
    rest.append(bytes.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1, ++number) {
      const std::string_view line = std::string_view(rest).substr(begin, end - begin);
      SLUICE_TRY(check_length(line, number));
      SLUICE_TRY(take(line, number));
    }
    rest.erase(0, begin);
    SLUICE_TRY(check_length(rest, number));
    if (n == 0) return rest.empty() ? Result<>() : take(std::string_view(rest), number);
  }
}
}  // namespace

Result<> each_input_line(int fd, const TakeLine& take) {
  return each_line(fd, [&](std::string_view line, std::size_t number) -> Result<> {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view name = trim(line);
    return name.empty() || name.starts_with('#') ? Result<>() : take(std::string(name), number);
  });
}

Result<std::string> read_input(int fd) {
  std::string text;
  SLUICE_TRY(each_line(fd, [&](std::string_view line, std::size_t) -> Result<> {
    text.append(line).append("\n");
    return {};
  }));
  return text;
}

void make_missing_input_unreadable() {
  // The lowest descriptor that is free is 0; it is left to the program's children.
  if (::fcntl(STDIN_FILENO, F_GETFD) >= 0) return;
  [[maybe_unused]] const int fd = ::open("/dev/null", O_WRONLY);
}

bool concerns_all(Errc code) {
  return code == Errc::unavailable || code == Errc::io || code == Errc::internal;
}

}  // namespace sluice::app
