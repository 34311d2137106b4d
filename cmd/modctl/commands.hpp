#pragma once
// modctl's commands: each takes what was asked for and the open platform, prints its answer on standard
// output and returns the exit code, or the error.
#include "app/options.hpp"
#include "base/result.hpp"
#include "platform.hpp"

namespace sluice::modctl {

Result<int> ban(const app::Settings&, Platform&);
Result<int> timeout(const app::Settings&, Platform&);
Result<int> unban(const app::Settings&, Platform&);
Result<int> bans(const app::Settings&, Platform&);
Result<int> delete_messages(const app::Settings&, Platform&);
Result<int> clear(const app::Settings&, Platform&);
Result<int> mod(const app::Settings&, Platform&);
Result<int> unmod(const app::Settings&, Platform&);
Result<int> vip(const app::Settings&, Platform&);
Result<int> unvip(const app::Settings&, Platform&);
Result<int> mods(const app::Settings&, Platform&);
Result<int> vips(const app::Settings&, Platform&);
Result<int> settings(const app::Settings&, Platform&);
Result<int> note_add(const app::Settings&, Platform&);
Result<int> note_list(const app::Settings&, Platform&);
Result<int> note_remove(const app::Settings&, Platform&);
Result<int> queue_list(const app::Settings&, Platform&);
Result<int> queue_approve(const app::Settings&, Platform&);
Result<int> queue_deny(const app::Settings&, Platform&);
Result<int> evasion_list(const app::Settings&, Platform&);
Result<int> evasion_clear(const app::Settings&, Platform&);
Result<int> words_add(const app::Settings&, Platform&);
Result<int> words_remove(const app::Settings&, Platform&);
Result<int> words_list(const app::Settings&, Platform&);
Result<int> words_show(const app::Settings&, Platform&);
Result<int> words_put(const app::Settings&, Platform&);
Result<int> words_drop(const app::Settings&, Platform&);
Result<int> words_subscribe(const app::Settings&, Platform&);
Result<int> words_unsubscribe(const app::Settings&, Platform&);
Result<int> terms_show(const app::Settings&, Platform&);
Result<int> terms_put(const app::Settings&, Platform&);
Result<int> terms_drop(const app::Settings&, Platform&);
Result<int> log(const app::Settings&, Platform&);
Result<int> audit_list(const app::Settings&, Platform&);
Result<int> audit_verify(const app::Settings&, Platform&);
Result<int> audit_head(const app::Settings&, Platform&);
Result<int> audit_explain(const app::Settings&, Platform&);

}  // namespace sluice::modctl
