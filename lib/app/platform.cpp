#include "app/platform.hpp"

#include <filesystem>

namespace sluice::app {

std::vector<Option> platform_options() {
  return {
      {.name = "dir",
       .kind = Kind::path,
       .metavar = "DIR",
       .help = "the platform's directory; without it XDG_STATE_HOME/sluice or ~/.local/state/sluice"},
      {.name = "store", .metavar = "URL", .help = "where the platform keeps its state; without it sqlite:DIR/store.db"},
      {.name = "bus", .metavar = "URL", .help = "how programs nudge each other; without it unix:DIR/bus"},
  };
}

Platform platform_of(const Settings& settings, const Environment& environment) {
  std::string dir;
  if (settings.has("dir")) {
    dir = settings.text("dir");
  } else if (auto state = environment("XDG_STATE_HOME")) {
    dir = *state + "/sluice";
  } else {
    dir = environment("HOME").value_or("/root") + "/.local/state/sluice";
  }
  std::error_code unknown_folder;
  dir = std::filesystem::absolute(dir, unknown_folder).lexically_normal().string();
  if (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
  return {.dir = dir,
          .store = settings.has("store") ? settings.text("store") : "sqlite:" + dir + "/store.db",
          .bus = settings.has("bus") ? settings.text("bus") : "unix:" + dir + "/bus"};
}

}  // namespace sluice::app
