#include "hls/ledger_shelf.hpp"

#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "hls/ledger_records.hpp"
#include "os/file.hpp"

namespace sluice::hls {

namespace fs = std::filesystem;

namespace {
constexpr std::chrono::hours abandoned_after{1};
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

std::string_view last_line(std::string_view text) {
  if (text.empty() || text.back() != '\n') return {};
  text.remove_suffix(1);
  return text.substr(text.rfind('\n') + 1);
}

// The last bytes of a file.
std::string tail_of(const std::string& path) {
  const auto fd = os::open_file(path, O_RDONLY);
  if (!fd) return {};
  std::string tail(512, 0);
  const off_t size = ::lseek(fd->get(), 0, SEEK_END);
  const ssize_t n = ::pread(fd->get(), tail.data(), tail.size(), std::max<off_t>(0, size - static_cast<off_t>(tail.size())));
  tail.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return tail;
}

bool says_end(const std::string& index) {
  const auto record = parse_record(last_line(tail_of(index)));
  return record && std::holds_alternative<EndRecord>(*record);
}

std::string channel_of(const std::string& index) {
  const auto text = os::read_file(index);
  if (!text) return {};
  const auto record = parse_record(std::string_view(*text).substr(0, text->find('\n')));
  const auto* header = record ? std::get_if<LedgerHeader>(&*record) : nullptr;
  return header && header->channel != "-" ? header->channel : std::string();
}

// Nobody writes it, and nobody has for long.
bool abandoned(const std::string& directory, Wall now) {
  struct stat facts {};
  if (::stat((directory + "/index").c_str(), &facts) != 0 && ::stat(directory.c_str(), &facts) != 0) return false;
  const Wall written{seconds(facts.st_mtim.tv_sec)};
  if (now - written < abandoned_after) return false;
  return !fs::exists(directory + "/lock") || os::FileLock::try_lock(directory + "/lock").has_value();
}
}  // namespace

Result<std::vector<LedgerSize>> LedgerShelf::survey(const std::set<std::string>& kept) {
  std::vector<LedgerSize> found;
  std::error_code error;
  std::map<std::string, std::uint64_t> ended;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string stream = entry.path().filename().string();
    std::error_code ignored;
    if (stream.starts_with(half_removed)) {
      fs::remove_all(entry.path(), ignored);
      continue;
    }
    if (!entry.is_directory(ignored) || entry.is_symlink(ignored)) continue;
    if (const auto known = ended_.find(stream); known != ended_.end()) {
      found.push_back({stream, known->second, true});
    } else {
      const std::string directory = entry.path().string();
      const bool over = !kept.contains(stream) && (says_end(directory + "/index") || abandoned(directory, clock_.wall()));
      found.push_back({stream, size_on_disk(entry.path()), over});
    }
    if (found.back().ended) ended.emplace(stream, found.back().bytes);
  }
  if (error && error != std::errc::no_such_file_or_directory) return fail_errno(error.value(), "read " + folder_);
  ended_ = std::move(ended);
  return found;
}

Result<std::string> LedgerShelf::remove(const std::string& stream) {
  const std::string channel = channel_of(folder_ + "/" + stream + "/index");
  const std::string going = folder_ + "/" + std::string(half_removed) + stream;
  if (::rename((folder_ + "/" + stream).c_str(), going.c_str()) != 0) return fail_errno("remove " + folder_ + "/" + stream);
  ended_.erase(stream);
  std::error_code error;
  fs::remove_all(going, error);
  if (error) return fail_errno(error.value(), "remove " + going);
  return channel;
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
