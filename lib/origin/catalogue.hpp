#pragma once
// Which streams there are: a channel's live link names its ledger; ledgers are opened when first asked for, followed by inotify, and
// closed when nobody has asked for a while.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "os/inotify.hpp"
#include "origin/presentation.hpp"

namespace sluice::origin {

struct Places {
  std::string live;     // DIR/live: CHANNEL is a ledger, or a link to one
  std::string ledgers;  // DIR/ledgers/STREAM; empty when there is none
};

class Catalogue {
 public:
  // A presentation's renditions that have grown.
  using Grown = std::function<void(Presentation&, const std::vector<std::string>& renditions)>;

  // `elsewhere`: with an address, the record of uploads is followed too.
  Catalogue(Places places, hls::LiveOptions options, Elsewhere elsewhere, Clock& clock, os::Inotify inotify, Grown grown);

  // The stream the channel shows now. Errc::not_found: it is offline. Errc::unavailable: it is just beginning.
  Result<std::shared_ptr<Presentation>> live(const std::string& channel);
  // A stream of the channel by its id, live or not; one that is open is found without looking at the disk.
  Result<std::shared_ptr<Presentation>> stream(const std::string& channel, const std::string& id);

  void change(const hls::LiveOptions& options);  // for open ledgers too

  int inotify_fd() const { return inotify_.fd(); }
  void read_changes();                          // inotify_fd() is readable
  void close_idle(std::chrono::seconds idle);   // but none that is waited for
  const std::map<std::string, std::shared_ptr<Presentation>>& open() const { return open_; }  // by directory

 private:
  Result<std::shared_ptr<Presentation>> open(const std::string& directory);
  Result<std::shared_ptr<Presentation>> find_stream(const std::string& channel, const std::string& id);
  void poll(const std::shared_ptr<Presentation>& presentation);
  void poll_uploads(const std::shared_ptr<Presentation>& presentation);
  void close(const std::shared_ptr<Presentation>& presentation);

  Places places_;
  hls::LiveOptions options_;
  Elsewhere elsewhere_;
  Clock& clock_;
  os::Inotify inotify_;
  Grown grown_;
  std::map<std::string, std::shared_ptr<Presentation>> open_;
  struct Found {
    std::string channel;  // under which it was asked for
    std::shared_ptr<Presentation> presentation;
  };
  std::map<std::string, Found> found_;  // by stream id, those of open_ that have been asked for by it
  std::map<int, std::weak_ptr<Presentation>> watched_;
};

}  // namespace sluice::origin
