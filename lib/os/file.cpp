#include "os/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>

namespace sluice::os {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Result<UniqueFd> open_file(const std::string& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return fail_errno("open " + path);
  return UniqueFd(fd);
}

Result<> make_private_file(const std::string& path) {
  auto made = open_file(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (!made && made.error().code != Errc::exists) return std::unexpected(std::move(made).error());
  return {};
}

Result<std::string> read_file(const std::string& path) {
  SLUICE_TRY_VALUE(const UniqueFd fd, open_file(path, O_RDONLY));
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + path);
    if (n == 0) return content;
    content.append(buffer, static_cast<std::size_t>(n));
  }
}

Result<> write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("write");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

namespace {
std::string temporary_beside(const std::string& path) {
  static std::atomic<unsigned> serial = 0;
  return fmt::format("{}.{}.{}.tmp", path, ::getpid(), serial++);
}
}  // namespace

Result<> write_file_atomically(const std::string& path, std::string_view content, unsigned mode) {
  const std::string temporary = temporary_beside(path);
  auto write = [&]() -> Result<> {
    SLUICE_TRY_VALUE(const UniqueFd fd, open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode));
    SLUICE_TRY(write_all(fd.get(), as_bytes(content)));
    if (::fsync(fd.get()) != 0) return fail_errno("fsync " + temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("rename to " + path);
    return {};
  };
  Result<> done = write();
  if (!done) ::unlink(temporary.c_str());
  return done;
}

Result<> make_directories(const std::string& path, unsigned mode) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error) return fail_errno(error.value(), "create directory " + path);
  if (made && ::chmod(path.c_str(), mode) != 0) return fail_errno("chmod " + path);
  return {};
}

Result<> replace_symlink(const std::string& target, const std::string& link) {
  const std::string temporary = temporary_beside(link);
  if (::symlink(target.c_str(), temporary.c_str()) != 0) return fail_errno("create link " + temporary);
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    const int errnum = errno;
    ::unlink(temporary.c_str());
    return fail_errno(errnum, "rename to " + link);
  }
  return {};
}

std::string link_text(const std::string& folder, const std::string& from) {
  std::error_code ignored;  // what cannot be resolved is taken as it is written
  const auto resolved = [&](const std::string& path) {
    std::filesystem::path whole = std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
    return whole.empty() ? std::filesystem::path(path) : whole.has_filename() ? whole : whole.parent_path();
  };
  const std::filesystem::path to = resolved(folder), there = resolved(from);
  return to.parent_path() == there.parent_path() ? "../" + to.filename().string() : to.string();
}

Result<FileLock> FileLock::try_lock(const std::string& path) {
  SLUICE_TRY_VALUE(UniqueFd fd, open_file(path, O_RDWR | O_CREAT));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail(Errc::conflict, path + " is locked by another process");
    return fail_errno("lock " + path);
  }
  return FileLock(std::move(fd));
}

}  // namespace sluice::os
