#include "archive/uploads_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "hls/ledger_records.hpp"
#include "hls/record_line.hpp"
#include "hls/uploads_feed.hpp"

namespace sluice::archive {
namespace {

constexpr const char* unrecorded = "what is not recorded would be uploaded again";

}  // namespace

Result<UploadsFile> UploadsFile::open(const std::string& ledger, const std::string& place) {
  const std::string path = ledger + "/" + hls::uploads_name;
  SLUICE_TRY_VALUE(os::FileLock lock, os::FileLock::try_lock(path));
  struct stat held {}, named {};
  if (::fstat(lock.fd(), &held) != 0 || ::stat(path.c_str(), &named) != 0) return fail_errno("look at " + path);
  if (held.st_ino != named.st_ino) return fail(Errc::conflict, path + " is being replaced by another process");
  UploadsFile file(path, place, std::move(lock));
  SLUICE_TRY(file.read());
  return file;
}

Result<> UploadsFile::read() {
  SLUICE_TRY_VALUE(fd_, os::open_file(path_, O_RDWR | O_APPEND));
  SLUICE_TRY_VALUE(const std::string text, os::read_file(path_));
  uploads_->feed(as_bytes(text));
  // Begun anew it would take back what playlists list. A place that has nothing of the stream is none.
  if (!uploads_->place().empty() && uploads_->place() != place_) return uploads_->binds() ? elsewhere(path_, uploads_->place(), place_) : replace("");
  // What a killed writer left half written.
  if (text.size() > uploads_->believed() && ::ftruncate(fd_.get(), static_cast<off_t>(uploads_->believed())) != 0)
    return fail_errno("truncate " + path_);
  return {};
}

Result<> UploadsFile::append(const std::vector<hls::UploadRecord>& records) {
  if (records.empty()) return {};
  std::string lines = uploads_->place().empty() ? hls::format_upload_record(hls::UploadPlace{place_}) : "";
  for (const hls::UploadRecord& record : records) lines += hls::format_upload_record(record);
  if (torn_ && ::ftruncate(fd_.get(), static_cast<off_t>(uploads_->believed())) != 0) return fail_errno("truncate " + path_, unrecorded);
  ssize_t n = 0;
  do n = ::write(fd_.get(), lines.data(), lines.size());
  while (n < 0 && errno == EINTR);
  torn_ = n != static_cast<ssize_t>(lines.size());
  if (torn_) {
    const int errnum = n < 0 ? errno : ENOSPC;
    torn_ = ::ftruncate(fd_.get(), static_cast<off_t>(uploads_->believed())) != 0;
    const bool full = errnum == ENOSPC || errnum == EDQUOT;
    auto error = fail_errno(errnum, "append to " + path_, full ? std::string("free some space; ") + unrecorded : unrecorded);
    if (full) error.error().code = Errc::unavailable;
    return error;
  }
  if (uploads_->feed(as_bytes(lines)) != lines.size()) return fail(Errc::internal, "a line breaks the order of " + path_);
  return {};
}

Result<> UploadsFile::keep(const std::function<bool(const hls::UploadRecord&)>& holds) {
  SLUICE_TRY_VALUE(std::string text, os::read_file(path_));
  text.resize(std::min<std::size_t>(text.size(), uploads_->believed()));
  std::string kept;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string_view line = std::string_view(text).substr(at, end + 1 - at);
    const auto record = hls::parse_upload_record(line.substr(0, line.size() - 1));
    if (record && holds(*record)) kept += line;
  }
  return kept.size() == text.size() ? Result<>{} : replace(kept);
}

// Locked before it can be seen under its name.
Result<> UploadsFile::replace(const std::string& text) {
  const std::string fresh = path_ + ".new";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return fail_errno("remove " + fresh);
  SLUICE_TRY_VALUE(os::FileLock lock, os::FileLock::try_lock(fresh));
  SLUICE_TRY_VALUE(os::UniqueFd fd, os::open_file(fresh, O_RDWR | O_APPEND));
  SLUICE_TRY(os::write_all(fd.get(), as_bytes(text)));
  if (::fsync(fd.get()) != 0) return fail_errno("sync " + fresh);
  if (::rename(fresh.c_str(), path_.c_str()) != 0) return fail_errno("rename to " + path_);
  fd_ = std::move(fd);
  lock_ = std::move(lock);
  uploads_->begin_anew();
  if (uploads_->feed(as_bytes(text)) != text.size()) return fail(Errc::internal, "a line breaks the order of " + path_);
  return {};
}

bool uploaded_whole(const std::string& ledger) {
  const auto last = hls::parse_upload_record(hls::last_line_of(ledger + "/" + hls::uploads_name));
  const auto* whole = last ? std::get_if<hls::UploadsEnd>(&*last) : nullptr;
  if (!whole) return false;
  const auto closing = hls::parse_record(hls::last_line_of(ledger + "/index"));
  const auto* end = closing ? std::get_if<hls::EndRecord>(&*closing) : nullptr;
  return end && whole->ended_ms.value_or(end->wall_ms) == end->wall_ms;
}

std::string place_of(const std::string& ledger) {
  hls::UploadsFeed feed(ledger);
  return feed.poll() ? feed.uploads().place() : "";
}

std::unexpected<Error> elsewhere(const std::string& path, const std::string& there, const std::string& place) {
  return fail(Errc::conflict, path + " tells of uploads to " + there + ", not to " + place, "remove it to upload the stream anew");
}

}  // namespace sluice::archive
