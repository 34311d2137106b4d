#include <map>

#include "app/run.hpp"
#include "commands.hpp"
#include "options.hpp"

using namespace sluice;

namespace {
const std::map<std::string, Result<int> (*)(const app::Settings&, modctl::Platform&), std::less<>> commands{
    {"ban", modctl::ban},
    {"timeout", modctl::timeout},
    {"unban", modctl::unban},
    {"bans", modctl::bans},
    {"delete", modctl::delete_messages},
    {"clear", modctl::clear},
    {"mod", modctl::mod},
    {"unmod", modctl::unmod},
    {"vip", modctl::vip},
    {"unvip", modctl::unvip},
    {"mods", modctl::mods},
    {"vips", modctl::vips},
    {"settings", modctl::settings},
    {"note add", modctl::note_add},
    {"note list", modctl::note_list},
    {"note remove", modctl::note_remove},
    {"queue list", modctl::queue_list},
    {"queue approve", modctl::queue_approve},
    {"queue deny", modctl::queue_deny},
    {"evasion list", modctl::evasion_list},
    {"evasion clear", modctl::evasion_clear},
    {"words add", modctl::words_add},
    {"words remove", modctl::words_remove},
    {"words list", modctl::words_list},
    {"words show", modctl::words_show},
    {"words put", modctl::words_put},
    {"words drop", modctl::words_drop},
    {"words subscribe", modctl::words_subscribe},
    {"words unsubscribe", modctl::words_unsubscribe},
    {"terms show", modctl::terms_show},
    {"terms put", modctl::terms_put},
    {"terms drop", modctl::terms_drop},
    {"log", modctl::log},
    {"audit list", modctl::audit_list},
    {"audit verify", modctl::audit_verify},
    {"audit head", modctl::audit_head},
    {"audit explain", modctl::audit_explain},
};
}  // namespace

int main(int argc, char** argv) {
  return app::run_main(argc, argv, modctl::program(), [](const app::Settings& settings) -> Result<int> {
    SLUICE_TRY_VALUE(modctl::Platform platform, modctl::open_platform(settings));
    return commands.at(settings.command())(settings, platform);
  });
}
