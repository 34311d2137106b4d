#pragma once
// inotify(7): which watched files have changed. Non-blocking; wait for fd() to become readable.
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "os/unique_fd.hpp"

namespace sluice::os {

class Inotify {
 public:
  static Result<Inotify> open();

  // A watch number; the same path twice gives the same number. `mask`: IN_MODIFY, IN_CREATE, …
  Result<int> watch(const std::string& path, std::uint32_t mask);
  void unwatch(int number);
  // Everything that has happened: the watch, its mask, the name within a watched directory (else empty). Several events of one
  // watch may arrive as one. A mask of IN_Q_OVERFLOW (watch -1) means that events were lost: look everywhere.
  void read(const std::function<void(int watch, std::uint32_t mask, const std::string& name)>& event);
  int fd() const { return fd_.get(); }

 private:
  explicit Inotify(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace sluice::os
