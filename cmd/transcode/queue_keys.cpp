#include "queue_keys.hpp"

#include <utility>

namespace sluice::transcode {

void take_out(redis::Link& link, const QueueKeys& keys, const std::string& entry, redis::Connection::Answer done) {
  const auto queued = [](Result<redis::Reply>) {};
  link.command({"MULTI"}, queued);
  link.command({"XACK", keys.jobs, QueueKeys::group, entry}, queued);
  link.command({"XDEL", keys.jobs, entry}, queued);
  link.command({"EXEC"}, std::move(done));
}

}  // namespace sluice::transcode
