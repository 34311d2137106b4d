#pragma once
// Follows the record of uploads beside a ledger's index. There may be none yet; who removes or replaces it begins anew.
#include <sys/types.h>

#include <string>

#include "base/result.hpp"
#include "hls/uploads.hpp"

namespace sluice::hls {

class UploadsFeed {
 public:
  explicit UploadsFeed(const std::string& ledger) : path_(ledger + "/" + uploads_name) {}

  // True when something has changed. Without the file nothing has been uploaded: no error.
  Result<bool> poll();
  const Uploads& uploads() const { return uploads_; }

 private:
  Result<bool> read_on(int fd);

  std::string path_;
  Uploads uploads_;
  ino_t inode_ = 0;
};

}  // namespace sluice::hls
