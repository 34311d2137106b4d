#include "archive/uploads_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "hls/record_line.hpp"

namespace sluice::archive {

Result<UploadsFile> UploadsFile::open(const std::string& ledger, const std::string& place) {
  const std::string path = ledger + "/" + hls::uploads_name;
  SLUICE_TRY_VALUE(os::FileLock lock, os::FileLock::try_lock(path));
  UploadsFile file(path, std::move(lock));
  SLUICE_TRY(file.read(place));
  return file;
}

Result<> UploadsFile::read(const std::string& place) {
  SLUICE_TRY_VALUE(fd_, os::open_file(path_, O_RDWR | O_APPEND));
  SLUICE_TRY_VALUE(const std::string text, os::read_file(path_));
  uploads_->feed(as_bytes(text));
  // Begun anew it would take back what playlists list.
  if (!uploads_->place().empty() && uploads_->place() != place)
    return fail(Errc::conflict, path_ + " tells of uploads to " + uploads_->place() + ", not to " + place, "remove it to upload the stream anew");
  // What a killed writer left half written.
  if (text.size() > uploads_->believed() && ::ftruncate(fd_.get(), static_cast<off_t>(uploads_->believed())) != 0)
    return fail_errno("truncate " + path_);
  return uploads_->place().empty() ? append({hls::UploadPlace{place}}) : Result<>{};
}

Result<> UploadsFile::append(const std::vector<hls::UploadRecord>& records) {
  std::string lines;
  for (const hls::UploadRecord& record : records) lines += hls::format_upload_record(record);
  if (lines.empty()) return {};
  ssize_t n = 0;
  do n = ::write(fd_.get(), lines.data(), lines.size());
  while (n < 0 && errno == EINTR);
  if (n != static_cast<ssize_t>(lines.size())) {
    const int errnum = n < 0 ? errno : ENOSPC;
    [[maybe_unused]] const int cut = ::ftruncate(fd_.get(), static_cast<off_t>(uploads_->believed()));
    return fail_errno(errnum, "append to " + path_, "free some space; what is not recorded is uploaded again");
  }
  if (uploads_->feed(as_bytes(lines)) != lines.size()) return fail(Errc::internal, "a line breaks the order of " + path_);
  return {};
}

bool uploaded_whole(const std::string& ledger) {
  const auto last = hls::parse_upload_record(hls::last_line_of(ledger + "/" + hls::uploads_name));
  return last && std::holds_alternative<hls::UploadsEnd>(*last);
}

}  // namespace sluice::archive
