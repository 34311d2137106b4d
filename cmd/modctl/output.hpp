#pragma once
// How modctl shows what the store has. Ids are texts in JSON, but those of audit entries.
#include <optional>
#include <string>

#include "app/options.hpp"
#include "app/print.hpp"
#include "chat/automod_lines.hpp"
#include "store/store.hpp"

namespace sluice::modctl {

using app::Json;
using app::print_json;
using app::print_line;
using app::print_table;

void tell(const app::Settings& settings, const Json& object,
          const std::string& text);  // the one or the other

std::string id_text(std::int64_t id);  // empty for 0
Json time_or_null(const std::optional<Wall>& at);
std::string time_or(const std::optional<Wall>& at, const char* otherwise);
Json json_of(const store::Actor& actor);  // {"id","name","address"}
Json json_of(const store::AuditEntry& entry);
Json json_of(const store::HeldMessage& message);
Json json_of(const chat::AutomodVerdict& verdict);  // of a blocked line, named as a held one's

}  // namespace sluice::modctl
