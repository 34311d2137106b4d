// What a program's table looks like to people (--help, --print-config) and to the generator (--options-json).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "app/options.hpp"
#include "base/masked.hpp"

namespace sluice::app {

namespace {

constexpr std::size_t help_column = 28;
constexpr std::size_t help_width = 100;

std::string usage_of(const Command& command) {
  std::string text = command.path;
  for (const Positional& positional : command.positionals) {
    std::string word = positional.name + (positional.repeats ? "..." : "");
    if (!positional.required) word = "[" + word + "]";
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

std::string option_words(const Option& option) {
  std::string words = option.letter ? fmt::format("-{}, --{}", option.letter, option.name) : fmt::format("    --{}", option.name);
  if (option.kind != Kind::flag) words += " " + option.metavar;
  return words;
}

std::string option_help(const Option& option, bool daemon) {
  std::string text = option.help;
  if (!option.choices.empty()) text += fmt::format(" ({})", fmt::join(option.choices, ", "));
  if (!option.fallback.empty()) text += fmt::format(" [{}]", option.fallback);
  if (option.repeats) text += "; may be repeated";
  if (daemon && option.reloads) text += "; reloads";
  return text;
}

// Two columns; the second is folded between words.
void append_row(std::string& out, const std::string& left, const std::string& right) {
  std::string line = "  " + left;
  if (line.size() + 2 > help_column) {
    out += line + "\n";
    line.assign(help_column, ' ');
  } else {
    line.resize(help_column, ' ');
  }
  std::string_view rest = right;
  while (line.size() + rest.size() > help_width) {
    const std::size_t room = help_width - help_column;
    std::size_t cut = rest.substr(0, room).rfind(' ');
    if (cut == std::string_view::npos) break;
    out += line.append(rest.substr(0, cut)) + "\n";
    rest.remove_prefix(cut + 1);
    line.assign(help_column, ' ');
  }
  out += line.append(rest) + "\n";
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::flag: return "flag";
    case Kind::text: return "text";
    case Kind::integer: return "integer";
    case Kind::number: return "number";
    case Kind::duration: return "duration";
    case Kind::size: return "size";
    case Kind::path: return "path";
    case Kind::endpoint: return "endpoint";
    case Kind::choice: return "choice";
  }
  return "text";
}

nlohmann::ordered_json json_of(const Option& option, bool daemon) {
  nlohmann::ordered_json row{{"name", option.name}, {"kind", kind_name(option.kind)}, {"help", option.help}};
  if (option.letter) row["letter"] = std::string(1, option.letter);
  if (!option.metavar.empty()) row["metavar"] = option.metavar;
  if (!option.fallback.empty()) row["default"] = option.fallback;
  if (!option.choices.empty()) row["choices"] = option.choices;
  if (option.repeats) row["repeats"] = true;
  if (!option.environment.empty()) row["environment"] = option.environment;
  if (daemon && option.reloads) row["reloads"] = true;
  return row;
}

nlohmann::ordered_json json_of(const std::vector<Option>& options, bool daemon) {
  auto rows = nlohmann::ordered_json::array();
  for (const Option& option : options) rows.push_back(json_of(option, daemon));
  return rows;
}

}  // namespace

std::string help_text(const Program& program, std::string_view path) {
  std::string out;
  const Command* chosen = find_command(program, path);
  const bool one_command = chosen && (!path.empty() || program.commands.size() == 1);
  if (one_command) {
    out += fmt::format("usage: {} [OPTION]... {}\n\n{}\n", program.name, usage_of(*chosen), path.empty() ? program.summary : chosen->summary);
  } else {
    out += fmt::format("usage: {} [OPTION]... {}COMMAND ...\n\n{}\n\nCommands:\n", program.name,
                       path.empty() ? "" : std::string(path) + " ", program.summary);
    for (const Command& command : program.commands)
      if (!command.path.empty() && command.path.starts_with(path)) append_row(out, usage_of(command), command.summary);
  }
  if (chosen && !chosen->positionals.empty()) {
    out += "\nArguments:\n";
    for (const Positional& positional : chosen->positionals) append_row(out, positional.name, positional.help);
  }
  out += "\nOptions:\n";
  for (const Option& option : options_of(program, path)) append_row(out, option_words(option), option_help(option, program.daemon));
  if (program.daemon) out += "\nOptions that reload are read again on SIGHUP; others keep their value until a restart.\n";
  out += fmt::format("\nAn option may also stand in the environment (--log-level as SLUICE_LOG_LEVEL) or in the --config file.\nManual: man {} {}\n",
                     program.section, program.name);
  return out;
}

std::string config_text(const Program& program, const Settings& settings) {
  std::string out;
  for (const Option& option : options_of(program, settings.command())) {
    if (option.kind == Kind::flag && (option.name == "help" || option.name == "version" || option.name == "print-config")) continue;
    if (settings.has(option.name))
      out += fmt::format("{} = {}  # {}\n", option.name, without_passwords(fmt::format("{}", fmt::join(settings.list(option.name), ","))), settings.origin(option.name));
    else
      out += fmt::format("# {} is unset\n", option.name);
  }
  return out;
}

std::string options_json(const Program& program) {
  nlohmann::ordered_json table{{"name", program.name}, {"section", program.section}, {"summary", program.summary}};
  auto commands = nlohmann::ordered_json::array();
  for (const Command& command : program.commands) {
    auto positionals = nlohmann::ordered_json::array();
    for (const Positional& p : command.positionals)
      positionals.push_back({{"name", p.name}, {"help", p.help}, {"required", p.required}, {"repeats", p.repeats}});
    commands.push_back({{"path", command.path}, {"summary", command.summary}, {"options", json_of(command.options, program.daemon)}, {"positionals", positionals}});
  }
  table["commands"] = commands;
  auto common = program.daemon ? json_of(daemon_options(), true) : nlohmann::ordered_json::array();
  for (const auto& row : json_of(common_options(), program.daemon)) common.push_back(row);
  table["common"] = common;
  return table.dump(1);
}

}  // namespace sluice::app
