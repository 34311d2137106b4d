#pragma once
// What a child wrote into a pipe, until nobody holds its other end.
#include <unistd.h>

#include <string>

namespace sluice::os::test {

inline std::string read_to_end(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = ::read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

}  // namespace sluice::os::test
