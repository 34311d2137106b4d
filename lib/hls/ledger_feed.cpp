#include "hls/ledger_feed.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "os/file.hpp"

namespace sluice::hls {

std::size_t LedgerFeed::feed(ByteView bytes, const Take& take) {
  std::string_view text = as_text(bytes);
  std::size_t taken = 0;
  while (!index_.torn()) {
    const std::size_t end = text.find('\n', taken);
    if (end == std::string_view::npos) break;
    const auto record = parse_record(text.substr(taken, end - taken));
    if (!record || !index_.apply(*record)) break;
    take(*record);
    taken = end + 1;
  }
  believed_ += taken;
  return taken;
}

Result<bool> LedgerFeed::poll(const Take& take) {
  const std::string path = directory_ + "/index";
  if (!fd_) {
    SLUICE_TRY_VALUE(fd_, os::open_file(path, O_RDONLY));
  }
  bool news = false;
  Bytes buffer(16 * 1024);
  for (;;) {
    const ssize_t n = ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(believed_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + path);
    const auto got = static_cast<std::size_t>(n);
    const std::size_t believed = feed(ByteView(buffer).first(got), take);
    news = news || believed > 0;
    if (index_.torn()) return fail(Errc::invalid, path + " holds a line that breaks its rules", "hlslint says more");
    if (got < buffer.size() || (believed == 0 && got >= 1024 * 1024)) break;
    buffer.resize(1024 * 1024);
  }
  if (::lseek(fd_.get(), 0, SEEK_END) < static_cast<off_t>(believed_)) {
    return fail(Errc::invalid, path + " has become shorter than it was", "read the ledger from its start");
  }
  return news;
}

}  // namespace sluice::hls
