#include "each_user.hpp"

#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "app/input_lines.hpp"
#include "app/run.hpp"

namespace sluice::subctl {

namespace {
void tell_failure(const app::Settings& settings, const std::string& name, const Error& error) {
  if (settings.flag("json")) {
    app::print_json({{"user", name}, {"error", sluice::name(error.code)}, {"message", error.what}});
    return;
  }
  std::cerr << fmt::format("subctl: {}\n", error.what);
  if (!error.hint.empty()) std::cerr << fmt::format("subctl: hint: {}\n", error.hint);
}
}  // namespace

Result<std::vector<std::string>> named_users(const app::Settings& settings) {
  std::vector<std::string> names;
  for (const std::string& given : settings.positionals("USER")) {
    if (given != "-") {
      names.push_back(given);
      continue;
    }
    SLUICE_TRY(app::each_input_line(STDIN_FILENO, [&](const std::string& name, std::size_t) -> Result<> {
      names.push_back(name);
      return {};
    }));
  }
  return names;
}

Result<int> act_on_each(const app::Settings& settings, Platform& platform, const Act& act) {
  SLUICE_TRY_VALUE(const std::vector<std::string> names, named_users(settings));
  int code = app::exit_done;
  for (const std::string& name : names) {
    const auto user = named_user(platform, name);
    const auto outcome = user ? act(*user) : Result<Outcome>(std::unexpected(user.error()));
    if (outcome) {
      tell(settings, outcome->object, outcome->text);
    } else if (app::concerns_all(outcome.error().code)) {
      return std::unexpected(outcome.error());
    } else {
      tell_failure(settings, name, outcome.error());
      code = app::exit_failed;
    }
  }
  return code;
}

std::string key_for(const app::Settings& settings, const store::User& user) {
  const std::string key = settings.text("key");
  const auto given = settings.positionals("USER");
  return key.empty() || (given.size() == 1 && given.front() != "-") ? key : key + "/" + user.name;
}

}  // namespace sluice::subctl
