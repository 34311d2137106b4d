#include "base/snapshot.hpp"

#include <fmt/format.h>

namespace sluice {

void SnapshotWriter::section(std::string_view name, std::uint16_t version) {
  put_bytes(as_bytes(name));
  write_.be64(version);
}

void SnapshotReader::section(std::string_view name, std::uint16_t version) {
  const std::string_view found = as_text(take_bytes());
  const std::uint64_t of = word();
  if (failed()) return;
  if (found != name) return check(false, fmt::format("the {} is not where it should be", name));
  check(of == version, fmt::format("the {} is of version {}, and version {} is understood", name, of, version));
}

void SnapshotReader::check(bool holds, std::string_view what) {
  if (holds || error_) return;
  error_ = Error{Errc::invalid, fmt::format("a snapshot cannot be used: {} (byte {})", what, read_.position()), ""};
}

std::uint64_t SnapshotReader::word() {
  if (error_) return 0;
  const std::uint64_t value = read_.be64();
  check(!read_.failed(), "it ends early");
  return error_ ? 0 : value;
}

std::uint64_t SnapshotReader::count() {
  const std::uint64_t items = word();
  check(items <= read_.remaining(), "more items than bytes");
  return error_ ? 0 : items;
}

ByteView SnapshotReader::take_bytes() {
  const std::uint64_t size = word();
  check(size <= read_.remaining(), "it ends early");
  return error_ ? ByteView() : read_.take(size);
}

Result<> SnapshotReader::finish() {
  check(read_.at_end(), "bytes are left over");
  if (error_) return std::unexpected(*error_);
  return {};
}

}  // namespace sluice
