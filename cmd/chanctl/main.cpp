#include <map>

#include "app/run.hpp"
#include "commands.hpp"
#include "options.hpp"

using namespace sluice;

namespace {
const std::map<std::string, Result<int> (*)(const app::Settings&, chanctl::Platform&), std::less<>> commands{
    {"user add", chanctl::user_add},
    {"user list", chanctl::user_list},
    {"channel add", chanctl::channel_add},
    {"channel list", chanctl::channel_list},
    {"channel show", chanctl::channel_show},
    {"channel set-title", chanctl::channel_set_title},
    {"key rotate", chanctl::key_rotate},
    {"passphrase set", chanctl::passphrase_set},
    {"passphrase clear", chanctl::passphrase_clear},
    {"token issue", chanctl::token_issue},
    {"token revoke", chanctl::token_revoke},
    {"token list", chanctl::token_list},
    {"color", chanctl::color},
    {"bot", chanctl::bot},
    {"premium", chanctl::premium},
    {"emote add", chanctl::emote_add},
    {"emote remove", chanctl::emote_remove},
    {"emote list", chanctl::emote_list},
    {"emote grant", chanctl::emote_grant},
    {"emote revoke", chanctl::emote_revoke},
    {"emote grants", chanctl::emote_grants},
    {"events", chanctl::events},
};
}  // namespace

int main(int argc, char** argv) {
  return app::run_main(argc, argv, chanctl::program(), [](const app::Settings& settings) -> Result<int> {
    SLUICE_TRY_VALUE(chanctl::Platform platform, chanctl::open_platform(settings));
    return commands.at(settings.command())(settings, platform);
  });
}
