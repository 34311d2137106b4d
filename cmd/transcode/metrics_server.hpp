#pragma once
// MetricsServer: /metrics of this process over HTTP, on a loop and a thread of its own, for as long as it lives.
#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace sluice::transcode {

class MetricsServer {
 public:
  static Result<std::unique_ptr<MetricsServer>> open(std::string_view endpoint);  // "127.0.0.1:9100"
  ~MetricsServer();

 private:
  MetricsServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::transcode
