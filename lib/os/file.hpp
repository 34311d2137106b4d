#pragma once
// Files: whole reads, atomic replacement, append-only writing, locks.
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "os/unique_fd.hpp"

namespace sluice::os {

// open(2) with O_CLOEXEC; the error names the path.
Result<UniqueFd> open_file(const std::string& path, int flags, unsigned mode = 0644);
Result<std::string> read_file(const std::string& path);
// Makes `path`, empty and for nobody else (0600), where there is nothing; what is there is not even opened: closing
// any descriptor of a file drops the locks that this process's other connections have on it, as SQLite's. A
// database's -wal and -shm follow its mode.
Result<> make_private_file(const std::string& path);
// Writes to a temporary name beside `path`, fsyncs, renames over it: readers see the old file or the new, never a part.
Result<> write_file_atomically(const std::string& path, std::string_view content, unsigned mode = 0644);
Result<> write_all(int fd, ByteView bytes);         // until done; EINTR handled
Result<> make_directories(const std::string& path, unsigned mode = 0755);
// Points the symbolic link `link` at `target`, replacing an older link atomically.
Result<> replace_symlink(const std::string& target, const std::string& link);
// What a link in folder `from` says that leads to `folder`: relative where both lie in one folder, which may then be moved; else absolute.
std::string link_text(const std::string& folder, const std::string& from);

// An flock(2) on a file, held while the object lives.
class FileLock {
 public:
  // Errc::conflict when another process holds it.
  static Result<FileLock> try_lock(const std::string& path);
  // A lock that another process passed on: both hold it, until both have let it go.
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  int fd() const { return fd_.get(); }  // borrowed

 private:
  UniqueFd fd_;
};

}  // namespace sluice::os
