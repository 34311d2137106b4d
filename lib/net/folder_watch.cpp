#include "net/folder_watch.hpp"

#include <sys/inotify.h>

#include <set>

namespace sluice::net {

Result<std::shared_ptr<FolderWatch>> FolderWatch::open(Loop& loop) {
  SLUICE_TRY_VALUE(os::Inotify inotify, os::Inotify::open());
  return std::shared_ptr<FolderWatch>(new FolderWatch(loop, std::move(inotify)));
}

FolderWatch::FolderWatch(Loop& loop, os::Inotify inotify) : inotify_(std::move(inotify)) {
  readable_ = std::make_unique<FdWatch>(loop, inotify_.fd());
  readable_->on_readable([this] { read_events(); });
}

Result<int> FolderWatch::add(const std::string& folder, std::function<void()> changed) {
  auto watch = inotify_.watch(folder, IN_MODIFY | IN_CREATE);
  if (!watch) {
    watch.error().hint = "raise fs.inotify.max_user_watches";
    return watch;
  }
  watches_[*watch] = std::make_shared<std::function<void()>>(std::move(changed));
  return watch;
}

void FolderWatch::remove(int watch) {
  watches_.erase(watch);
  inotify_.unwatch(watch);
}

void FolderWatch::read_events() {
  std::set<int> changed;
  inotify_.read([&](int watch, std::uint32_t mask, const std::string&) {
    if (mask & IN_Q_OVERFLOW) {
      for (const auto& [each, call] : watches_) changed.insert(each);
    } else {
      changed.insert(watch);
    }
  });
  for (const int watch : changed) {
    const auto found = watches_.find(watch);
    if (found == watches_.end()) continue;
    const auto call = found->second;  // which may end the watch
    (*call)();
  }
}

}  // namespace sluice::net
