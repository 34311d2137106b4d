#include "hls/ledger_reader.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "os/file.hpp"

namespace sluice::hls {

LedgerReader::LedgerReader(std::string directory, Keep keep)
    : directory_(std::move(directory)), index_(keep) {}

Result<bool> LedgerReader::poll() {
  if (!fd_) {
    SLUICE_TRY_VALUE(fd_, os::open_file(index_path(), O_RDONLY));
  }
  bool news = false;
  Bytes buffer(16 * 1024);
  for (;;) {
    const ssize_t n = ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(index_.believed()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + index_path());
    if (n == 0) break;
    const std::size_t believed = index_.feed(ByteView(buffer).first(static_cast<std::size_t>(n)));
    news = news || believed > 0;
    const bool full = static_cast<std::size_t>(n) == buffer.size();
    if (index_.torn() || !full) return news;
    // Large reads when there is much to catch up with; a line longer than the buffer cannot be a record.
    if (believed == 0 && buffer.size() >= 1024 * 1024) return news;
    buffer.resize(1024 * 1024);
  }
  if (::lseek(fd_.get(), 0, SEEK_END) < static_cast<off_t>(index_.believed()))
    return fail(Errc::invalid, index_path() + " has become shorter than it was",
                "read the ledger from its start");
  return news;
}

microseconds LedgerReader::end_of(std::string_view rendition) const {
  const Rendition* found = find(rendition);
  return found ? found->source_end : microseconds(0);
}

}  // namespace sluice::hls
