// What a new writer does with what an earlier one left: takes the lock, cuts the torn tail of the index, and
// the media behind the last part.
#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "hls/ledger_writer.hpp"

namespace sluice::hls {
namespace {

constexpr milliseconds lock_retry{20};
// Parts whose media is looked at: those that may have been written since the last sync.
constexpr std::size_t unsynced_parts = 256;

Result<os::FileLock> take_lock(const std::string& directory, milliseconds wait) {
  const Steady until = std::chrono::steady_clock::now() + wait;
  for (;;) {
    Result<os::FileLock> held = os::FileLock::try_lock(directory + "/lock");
    if (held || held.error().code != Errc::conflict) return held;
    if (std::chrono::steady_clock::now() >= until)
      return fail(Errc::unavailable, "another writer holds the ledger " + directory,
                  "one writer at a time; try again");
    std::this_thread::sleep_for(lock_retry);
  }
}

// Blocks in which file systems keep, and lose, what is written.
constexpr std::uint64_t block = 4096;

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

// How many zeros at the end of a part are no media. H.264, HEVC and AAC frames end with a bit that is set; an Opus packet may end with
// padding, and nothing is longer than two of it.
std::uint64_t impossible_zeros(std::string_view codecs) {
  const bool mp3 = codecs == "mp4a.40.34";  // padded with zeros
  const bool ends_with_a_bit = codecs.starts_with("avc") || codecs.starts_with("hvc") || codecs.starts_with("hev") || (codecs.starts_with("mp4a") && !mp3);
  return ends_with_a_bit ? 64 : 2560;
}

// Whether a part's bytes are on the disk. After a power loss a file may be too short, or as long as it should be with zeros where a block
// was never written: no part begins with zeros, or holds a block of them.
bool media_is_there(const std::string& path, const Part& part, std::uint64_t zeros) {
  const Result<os::UniqueFd> fd = os::open_file(path, O_RDONLY);
  struct stat status {};
  if (!fd || ::fstat(fd->get(), &status) != 0) return false;
  const std::uint64_t end = part.offset + part.bytes;
  if (static_cast<std::uint64_t>(status.st_size) < end) return false;
  std::array<std::byte, block> buffer;
  const auto read = [&](std::uint64_t at, std::uint64_t size) {
    const ssize_t n = ::pread(fd->get(), buffer.data(), size, static_cast<off_t>(at));
    return ByteView(buffer).first(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  };
  constexpr std::uint64_t glance = 64, least_told = 8;
  for (std::uint64_t at = part.offset, next = 0; at < end; at = next) {
    next = std::min(end, (at / block + 1) * block);
    const std::uint64_t size = next - at;
    if (at == part.offset && size < least_told) continue;  // of a box's size, which begins with zeros
    if (size < block && next == end && at > part.offset && size < zeros) break;
    if (all_zero(read(at, std::min(glance, size))) && all_zero(read(at, size))) return false;
  }
  return true;
}

std::optional<std::uint64_t> file_size(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

Result<LedgerWriter> LedgerWriter::open(std::string directory, WriterSettings settings, const Clock& clock) {
  SLUICE_TRY(os::make_directories(directory));
  SLUICE_TRY_VALUE(os::FileLock held, take_lock(directory, settings.lock_wait));
  LedgerWriter writer(std::move(directory), std::move(settings), clock, std::move(held));
  SLUICE_TRY(writer.recover());
  return writer;
}

Result<> LedgerWriter::recover() {
  const std::string path = directory_ + "/index";
  SLUICE_TRY_VALUE(index_fd_, os::open_file(path, O_RDWR | O_CREAT | O_APPEND));
  SLUICE_TRY_VALUE(const std::string text, os::read_file(path));
  std::vector<std::pair<std::uint64_t, PartRecord>> recent;
  std::uint64_t believed = read_index(text, recent);
  // After a power loss a line may be there and its media not: belief ends before it.
  for (const auto& [at, record] : recent) {
    const Part& part = record.part;
    if (part.flags.gap || part.msn < index_.removed_before()) continue;
    const std::string path = directory_ + "/" + segment_path(record.rendition, part.msn, index_.header()->format);
    if (media_is_there(path, part, impossible_zeros(index_.find(record.rendition)->record.codecs))) continue;
    believed = read_index(std::string_view(text).substr(0, at), recent);
    break;
  }
  counters_.mended_index = text.size() - believed;
  index_bytes_ = believed;
  if (counters_.mended_index > 0 && ::ftruncate(index_fd_.get(), static_cast<off_t>(believed)) != 0)
    return fail_errno("truncate " + path);
  if (index_.ended_ms()) return fail(Errc::exists, "the stream of ledger " + directory_ + " has ended");
  return index_.header() ? cut_media() : Result<>{};
}

// Reads the whole index anew; how much of it is believed. `recent`: the last parts and where their lines
// begin.
std::uint64_t LedgerWriter::read_index(std::string_view text,
                                       std::vector<std::pair<std::uint64_t, PartRecord>>& recent) {
  index_ = LedgerIndex(Keep::tail);
  stored_.clear();
  retired_.clear();
  stored_bytes_ = retired_bytes_ = 0;
  std::int64_t now_ms = 0;
  std::vector<std::pair<std::uint64_t, PartRecord>> parts;
  std::size_t at = 0;
  for (std::size_t newline; (newline = text.find('\n', at)) != std::string_view::npos; at = newline + 1) {
    const Result<Record> record = parse_record(text.substr(at, newline - at));
    if (!record || !index_.apply(*record)) break;
    if (const auto* part = std::get_if<PartRecord>(&*record)) {
      count(*part);
      now_ms = std::max(now_ms, part->part.wall_ms);
      if (parts.size() >= 2 * unsynced_parts) parts.erase(parts.begin(), parts.begin() + unsynced_parts);
      parts.emplace_back(at, *part);
    }
    while (!stored_.empty() && stored_.front().msn < index_.removed_before()) retire_oldest(now_ms);
    while (!retired_.empty() && retired_.front().until_ms <= now_ms) forget_retired();
  }
  recent = std::move(parts);
  return at;
}

// Media that no line tells of: the tail of the last segment, and files beyond it or before what was removed, but for those that stay a while.
Result<> LedgerWriter::cut_media() {
  const MediaSequence first = retired_.empty() ? index_.removed_before() : retired_.front().msn;
  for (const Rendition& rendition : index_.renditions()) {
    std::error_code error;
    const std::filesystem::path folder = directory_ + "/" + rendition.record.name;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      const std::string stem = entry.path().stem().string();
      const auto msn = parse_number<MediaSequence>(stem);
      if (!msn || entry.path().extension() != "." + std::string(extension(index_.header()->format))) continue;
      const std::uint64_t size = file_size(entry.path().string()).value_or(0);
      if (!rendition.started || *msn > rendition.last.msn || *msn < first) {
        if (::unlink(entry.path().c_str()) != 0) return fail_errno("remove " + entry.path().string());
        if (*msn >= index_.removed_before()) counters_.mended_media += size;
      } else if (const std::uint64_t end = rendition.last.offset + rendition.last.bytes;
                 *msn == rendition.last.msn && size > end) {
        if (::truncate(entry.path().c_str(), static_cast<off_t>(end)) != 0)
          return fail_errno("truncate " + entry.path().string());
        counters_.mended_media += size - end;
      }
    }
  }
  return {};
}

}  // namespace sluice::hls
