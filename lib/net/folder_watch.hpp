#pragma once
// FolderWatch: tells of changes in folders, on the loop's thread. One inotify instance for all of a process's folders.
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "net/loop.hpp"
#include "os/inotify.hpp"

namespace sluice::net {

class FolderWatch : public std::enable_shared_from_this<FolderWatch> {
 public:
  static Result<std::shared_ptr<FolderWatch>> open(Loop& loop);
  // `changed` is called when a file directly in the folder was made or written: once for several changes, and also when the kernel had more
  // to tell than it keeps, since nobody knows then what has changed. The number ends the watch.
  Result<int> add(const std::string& folder, std::function<void()> changed);
  void remove(int watch);

 private:
  FolderWatch(Loop& loop, os::Inotify inotify);
  void read_events();
  os::Inotify inotify_;
  std::map<int, std::shared_ptr<std::function<void()>>> watches_;
  std::unique_ptr<FdWatch> readable_;
};

}  // namespace sluice::net
