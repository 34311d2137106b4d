#pragma once
// Acts upon users that the command line names, or that stand on standard input.
#include <functional>
#include <string>
#include <vector>

#include "commands.hpp"

namespace sluice::subctl {

// The names that were given; where one is "-", those of standard input, but blank lines and those that begin
// with #. Errc::usage for none at all.
Result<std::vector<std::string>> named_users(const app::Settings& settings);

// What became of one: told at once.
struct Outcome {
  std::string text;
  app::Json object;
};
using Act = std::function<Result<Outcome>(const store::User& user)>;

// Each on its own: those that fail are told on standard error and make the exit code 1. A store that is busy,
// or a full disk, ends it with the error.
Result<int> act_on_each(const app::Settings& settings, Platform& platform, const Act& act);

// Of several users each has a key of its own.
std::string key_for(const app::Settings& settings, const store::User& user);

}  // namespace sluice::subctl
