#pragma once
// A program's options are data: one table feeds the parser (CLI11), --help, the man page's OPTIONS, the completions of
// three shells, the configuration file's keys, the environment and --print-config.
//
// Where a value comes from, first match wins: the command line; the environment (SLUICE_ + the name in capitals with
// _ for -: --key-file is SLUICE_KEY_FILE); the configuration file (--config FILE, `name = value` lines); the default.
// --config may name a folder, which may hold a file for each program, NAME.conf: where there is none yet, nothing is configured.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sluice::app {

enum class Kind {
  flag,      // no value
  text,
  integer,   // 64-bit, within [min, max]
  number,    // real
  duration,  // "500ms", "2s", "1.5s", "10m", "1h"; a bare number is seconds
  size,      // bytes: "64M", "1G", "4096"
  path,      // completes file names
  endpoint,  // address:port
  choice,    // one of choices
};

struct Option {
  std::string name;           // long name without dashes
  Kind kind = Kind::text;
  std::string metavar;        // "FILE", "TIME"
  std::string fallback;       // default, in the form it is typed; empty = unset
  std::string help;           // one sentence, no full stop, lower case
  char letter = 0;
  std::vector<std::string> choices;
  bool repeats = false;       // may be given several times; elsewhere than on the command line: separated by commas
  bool required = false;
  std::optional<std::int64_t> min, max;
  std::string environment;    // one more variable it is read from, after SLUICE_*: "LOG_LEVEL"
  bool reloads = false;       // a daemon swaps it at SIGHUP; others keep their value until a restart
  Result<> (*check)(const std::string& value) = nullptr;  // what a value must be beyond its kind
};

struct Positional {
  std::string name;           // "CHANNEL"
  std::string help;
  bool required = true;
  bool repeats = false;
};

// A command of a program ("user add"); a program without commands has only the root.
struct Command {
  std::string path;           // "" for the root, "user add" below it
  std::string summary;
  std::vector<Option> options;
  std::vector<Positional> positionals;
};

struct Program {
  std::string name;
  int section = 1;            // of the manual: 1 tool or filter, 8 daemon
  std::string summary;        // what whatis prints
  std::vector<Command> commands;  // the root's row (path "") first: its options go with every command
  bool daemon = false;        // adds the options every daemon has (daemon_options())
};

const std::vector<Option>& common_options();  // --help --version --config --print-config --log-format --log-level --json …
const std::vector<Option>& daemon_options();  // --ready-fd --bind --metrics --control --drain-time

// Every option that `command` of the program understands: its own, the root's, the daemon's, the common ones.
std::vector<Option> options_of(const Program& program, std::string_view command);
const Command* find_command(const Program& program, std::string_view path);

// What was asked for, after every layer has spoken.
class Settings {
 public:
  const std::string& command() const { return command_; }  // "user add"
  bool flag(std::string_view name) const;
  bool has(std::string_view name) const;  // set anywhere, or has a default
  std::string text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  std::chrono::milliseconds duration(std::string_view name) const;
  std::uint64_t size(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;
  std::string positional(std::string_view name) const;             // empty when absent
  std::vector<std::string> positionals(std::string_view name) const;
  std::string origin(std::string_view name) const;  // "command line", "environment SLUICE_X", "FILE:3", "default"

  struct Value {
    std::vector<std::string> values;
    std::string origin;
  };
  const std::map<std::string, Value, std::less<>>& values() const { return options_; }

 private:
  friend class Parser;
  friend struct Reload;
  const Value* find(std::string_view name) const;
  std::string command_;
  std::map<std::string, Value, std::less<>> options_;
  std::map<std::string, std::vector<std::string>, std::less<>> positionals_;
};

// Parses without touching the world beyond reading the configuration file. Errc::usage or Errc::config on error, with a hint.
using Environment = std::function<std::optional<std::string>(const std::string& variable)>;
Result<Settings> parse(const Program& program, const std::vector<std::string>& arguments, const Environment& environment);
Environment process_environment();

std::string help_text(const Program& program, std::string_view command);
std::string config_text(const Program& program, const Settings& settings);  // what --print-config prints
std::string options_json(const Program& program);  // the table, for the generator of man pages and completions
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace sluice::app
