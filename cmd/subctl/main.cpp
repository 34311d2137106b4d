#include <map>

#include "app/run.hpp"
#include "commands.hpp"
#include "options.hpp"

using namespace sluice;

namespace {
const std::map<std::string, Result<int> (*)(const app::Settings&, subctl::Platform&), std::less<>> commands{
    {"tiers", subctl::tiers},         {"subscribe", subctl::subscribe}, {"renew", subctl::renew},
    {"share", subctl::share},         {"gift", subctl::gift},           {"cancel", subctl::cancel},
    {"list", subctl::list},           {"show", subctl::show},           {"follow", subctl::follow},
    {"unfollow", subctl::unfollow},   {"followers", subctl::followers}, {"bits grant", subctl::grant_bits},
    {"bits show", subctl::show_bits}, {"cheer", subctl::cheer},         {"cheerers", subctl::cheerers},
};
}  // namespace

int main(int argc, char** argv) {
  return app::run_main(argc, argv, subctl::program(), [](const app::Settings& settings) -> Result<int> {
    subctl::Platform platform;
    if (settings.command() != "tiers") {  // which needs no platform
      SLUICE_TRY_VALUE(platform, subctl::open_platform(settings));
    }
    return commands.at(settings.command())(settings, platform);
  });
}
