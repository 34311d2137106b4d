#include "hls/uploads_feed.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "os/file.hpp"

namespace sluice::hls {

Result<bool> UploadsFeed::poll() {
  const auto fd = os::open_file(path_, O_RDONLY);
  if (!fd) {
    if (fd.error().code != Errc::not_found) return std::unexpected(fd.error());
    const bool had_any = uploads_.believed() > 0;
    if (had_any) uploads_.begin_anew();
    return had_any;
  }
  struct stat facts {};
  if (::fstat(fd->get(), &facts) != 0) return fail_errno("look at " + path_);
  const bool another = std::exchange(inode_, facts.st_ino) != facts.st_ino;
  const bool anew = (another || static_cast<std::uint64_t>(facts.st_size) < uploads_.believed()) && uploads_.believed() > 0;
  if (anew) uploads_.begin_anew();
  SLUICE_TRY_VALUE(const bool news, read_on(fd->get()));
  return news || anew;
}

Result<bool> UploadsFeed::read_on(int fd) {
  bool news = false;
  Bytes buffer(64 * 1024);
  for (;;) {
    const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(uploads_.believed()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + path_);
    const std::size_t believed = uploads_.feed(ByteView(buffer).first(static_cast<std::size_t>(n)));
    news = news || believed > 0;
    if (believed == 0) return news;
  }
}

}  // namespace sluice::hls
