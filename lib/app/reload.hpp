#pragma once
// Reload: what a freshly read configuration comes to in a daemon that runs (SIGHUP). Options that reload get their new
// values; all others keep those the daemon was started with.
#include <string>
#include <vector>

#include "app/options.hpp"

namespace sluice::app {

struct Reload {
  Settings settings;                      // to run with from now on
  std::vector<std::string> changed;       // options whose value is another one now
  std::vector<std::string> need_restart;  // options whose new value waits for a restart

  static Reload of(const std::vector<Option>& options, const Settings& running, const Settings& fresh);
};

}  // namespace sluice::app
