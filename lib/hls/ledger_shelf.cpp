#include "hls/ledger_shelf.hpp"

#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "hls/record_line.hpp"
#include "os/file.hpp"

namespace sluice::hls {

namespace fs = std::filesystem;

namespace {
constexpr std::chrono::minutes abandoned_after{10};
constexpr std::string_view half_removed = ".removed-";

std::uint64_t blocks_of(const fs::path& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_blocks) * 512 : 0;
}

std::uint64_t size_on_disk(const fs::path& directory) {
  std::uint64_t bytes = blocks_of(directory);
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(directory, error); !error && at != fs::recursive_directory_iterator(); at.increment(error))
    bytes += blocks_of(at->path());
  return bytes;
}

// Nobody writes it, and nobody has for long.
bool abandoned(const std::string& directory, Wall now) {
  struct stat facts {};
  if (::stat((directory + "/index").c_str(), &facts) != 0) return false;
  const Wall written{seconds(facts.st_mtim.tv_sec)};
  if (now - written < abandoned_after) return false;
  if (::stat((directory + "/lock").c_str(), &facts) != 0) return errno == ENOENT;
  return os::FileLock::try_lock(directory + "/lock").has_value();
}
}  // namespace

std::optional<LedgerHeader> header_of(const std::string& ledger) {
  const auto fd = os::open_file(ledger + "/index", O_RDONLY);
  if (!fd) return std::nullopt;
  std::string head(1024, 0);
  const ssize_t n = ::pread(fd->get(), head.data(), head.size(), 0);
  head.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  const auto record = parse_record(std::string_view(head).substr(0, head.find('\n')));
  const auto* header = record ? std::get_if<LedgerHeader>(&*record) : nullptr;
  return header ? std::optional(*header) : std::nullopt;
}

bool says_end(const std::string& ledger) {
  const auto record = parse_record(last_line_of(ledger + "/index"));
  return record && std::holds_alternative<EndRecord>(*record);
}

Result<std::vector<LedgerSize>> LedgerShelf::survey(const std::set<std::string>& kept) {
  std::vector<LedgerSize> found;
  std::error_code error;
  std::map<std::string, std::uint64_t> ended;
  for (auto at = fs::directory_iterator(folder_, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string stream = at->path().filename().string();
    std::error_code ignored;
    if (stream.starts_with(half_removed)) {
      fs::remove_all(at->path(), ignored);
      continue;
    }
    if (!at->is_directory(ignored) || at->is_symlink(ignored)) continue;
    if (const auto known = ended_.find(stream); known != ended_.end()) {
      found.push_back({stream, known->second, true});
    } else {
      // Whatever else lies in the folder is nobody's to count or to remove.
      const std::string directory = at->path().string();
      const auto header = header_of(directory);
      if (!header || header->stream.value() != stream) continue;
      const bool over = !kept.contains(stream) && (says_end(directory) || abandoned(directory, clock_.wall()));
      found.push_back({stream, size_on_disk(at->path()), over});
    }
    if (found.back().ended) ended.emplace(stream, found.back().bytes);
  }
  if (error && error != std::errc::no_such_file_or_directory) return fail_errno(error.value(), "read " + folder_);
  ended_ = std::move(ended);
  return found;
}

Result<std::string> LedgerShelf::remove(const std::string& stream) {
  const auto header = header_of(folder_ + "/" + stream);
  const std::string going = folder_ + "/" + std::string(half_removed) + stream;
  if (::rename((folder_ + "/" + stream).c_str(), going.c_str()) != 0) return fail_errno("remove " + folder_ + "/" + stream);
  ended_.erase(stream);
  std::error_code later;  // what is left now, the next survey removes
  fs::remove_all(going, later);
  return header && header->channel != "-" ? header->channel : std::string();
}

Result<> LedgerShelf::cap(const std::string& stream, std::optional<std::uint64_t> bytes) {
  const std::string path = folder_ + "/" + stream + "/cap";
  if (bytes) return os::write_file_atomically(path, std::to_string(*bytes) + "\n");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("remove " + path);
  return {};
}

std::uint64_t LedgerShelf::free_bytes() const {
  struct statvfs facts {};
  return ::statvfs(folder_.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize : 0;
}

}  // namespace sluice::hls
