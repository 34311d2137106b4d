#include "hls/record_line.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "hls/crc32c.hpp"
#include "os/file.hpp"

namespace sluice::hls {
namespace {

constexpr std::size_t crc_digits = 8;

}  // namespace

Result<std::string_view> checked_body(std::string_view line) {
  if (line.size() < crc_digits + 2 || line[line.size() - crc_digits - 1] != ' ')
    return fail(Errc::invalid, "ledger line without a checksum");
  const std::string_view body = line.substr(0, line.size() - crc_digits - 1);
  if (fmt::format("{:08x}", crc32c(as_bytes(body))) != line.substr(body.size() + 1))
    return fail(Errc::invalid, "ledger line with a wrong checksum");
  return body;
}

std::string checked_line(std::string body) {
  body += fmt::format(" {:08x}\n", crc32c(as_bytes(body)));
  return body;
}

std::string last_line_of(const std::string& path) {
  const auto fd = os::open_file(path, O_RDONLY);
  if (!fd) return {};
  std::string tail(512, 0);
  const off_t size = ::lseek(fd->get(), 0, SEEK_END);
  const ssize_t n = ::pread(fd->get(), tail.data(), tail.size(), std::max<off_t>(0, size - static_cast<off_t>(tail.size())));
  tail.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  if (tail.empty() || tail.back() != '\n') return {};
  tail.pop_back();
  return tail.substr(tail.rfind('\n') + 1);
}

}  // namespace sluice::hls
