#pragma once
// GapWriter: `segmenter --gaps` on a stream's ledger. While a publisher is away gap parts take the place of what it would have sent, so that
// playlists go on and players with them (8216bis 6.2.1). Playlists of the whole stream list such gaps when media follows, so that no recording
// ends with them.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/loop.hpp"
#include "os/spawn.hpp"

namespace sluice::ingestd {

class GapWriter {
 public:
  // `environment` names the ledger. `on_exit` is called when it has ended; the object may be destroyed in the call.
  static Result<std::unique_ptr<GapWriter>> start(net::Loop& loop, std::vector<std::pair<std::string, std::string>> environment,
                                                  std::function<void(os::ExitStatus)> on_exit);

  void fill_until(std::int64_t us);  // source time
  void close() { input_.reset(); }   // it ends by itself, with what it was asked for written

 private:
  GapWriter() = default;
  os::Child child_;
  os::UniqueFd input_;
  std::unique_ptr<net::FdWatch> ended_;
  std::function<void(os::ExitStatus)> on_exit_;
};

}  // namespace sluice::ingestd
