#pragma once
// The uploads record on disk, as the one who writes it has it: locked, read, its torn tail cut off; lines are appended whole.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hls/uploads.hpp"
#include "os/file.hpp"

namespace sluice::archive {

class UploadsFile {
 public:
  // Errc::conflict while another process holds it, or when it tells of objects in another place; Errc::not_found when the ledger has gone.
  // Nothing is written before the first record, not even the place: it may be that there is no such bucket.
  static Result<UploadsFile> open(const std::string& ledger, const std::string& place);

  const hls::Uploads& uploads() const { return *uploads_; }
  // By one write(2). Errc::unavailable on a full disk; nothing of it is there then, and it may be tried again.
  Result<> append(const std::vector<hls::UploadRecord>& records);
  // Leaves out the lines, seen in order, that do not hold any more. The file is then another one, so that who follows it begins anew.
  Result<> keep(const std::function<bool(const hls::UploadRecord&)>& holds);

 private:
  UploadsFile(std::string path, std::string place, os::FileLock lock) : path_(std::move(path)), place_(std::move(place)), lock_(std::move(lock)) {}
  Result<> read();
  Result<> replace(const std::string& text);

  std::string path_, place_;
  bool torn_ = false;  // half a line may stand at its end
  os::FileLock lock_;
  os::UniqueFd fd_;
  std::unique_ptr<hls::Uploads> uploads_ = std::make_unique<hls::Uploads>();  // stays where it is when the file is moved
};

// Whether the record says that the whole stream has been uploaded, wherever to, and the ledger ends as it did then; by their last lines alone.
bool uploaded_whole(const std::string& ledger);
std::string place_of(const std::string& ledger);  // the record's; empty where there is none
// Errc::conflict: the record at `path` tells of uploads to `there`.
std::unexpected<Error> elsewhere(const std::string& path, const std::string& there, const std::string& place);

}  // namespace sluice::archive
