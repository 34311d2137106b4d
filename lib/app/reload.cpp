#include "app/reload.hpp"

namespace sluice::app {

Reload Reload::of(const std::vector<Option>& options, const Settings& running, const Settings& fresh) {
  Reload reload{.settings = running, .changed = {}, .need_restart = {}};
  for (const Option& option : options) {
    const auto now = fresh.options_.find(option.name);
    if (running.list(option.name) == fresh.list(option.name)) continue;
    if (!option.reloads) {
      reload.need_restart.push_back(option.name);
      continue;
    }
    reload.changed.push_back(option.name);
    if (now == fresh.options_.end())
      reload.settings.options_.erase(option.name);
    else
      reload.settings.options_[option.name] = now->second;
  }
  return reload;
}

}  // namespace sluice::app
