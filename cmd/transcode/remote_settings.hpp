#pragma once
// What --dispatch and --worker share: the Redis server, the queue, the secret.
#include <string>

#include "app/options.hpp"
#include "base/clock.hpp"
#include "redis/url.hpp"
#include "relay/secret.hpp"

namespace sluice::transcode {

struct RemoteSettings {
  redis::Url url;
  std::string queue;
  relay::Secret secret;
  milliseconds peer_time;
};

// `option`: "dispatch" or "worker", which holds the URL.
Result<RemoteSettings> remote_settings(const app::Settings& settings, std::string_view option);

}  // namespace sluice::transcode
