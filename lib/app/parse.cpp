// The four layers of a setting: command line (CLI11), environment, configuration file, default.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <set>

#include "app/options.hpp"
#include "app/values.hpp"
#include "base/masked.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "os/file.hpp"

namespace sluice::app {

namespace {

std::string variable_of(const Option& option) {
  std::string name = "SLUICE_" + option.name;
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

// Options that only make sense typed by hand.
bool typed_only(const Option& option) {
  return option.name == "help" || option.name == "version" || option.name == "print-config" || option.name == "options-json";
}

struct ConfigLine {
  std::string value, origin;
};
using ConfigFile = std::map<std::string, ConfigLine>;

Result<ConfigFile> read_config(const std::string& path) {
  SLUICE_TRY_VALUE(const std::string content, os::read_file(path));
  ConfigFile file;
  int number = 0;
  for (std::string_view line : split(content, '\n')) {
    ++number;
    line = trim(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
      return fail(Errc::config, fmt::format("{}:{}: no '=' in '{}'", path, number, legible(without_passwords(line))), "write 'name = value'; comments begin with #");
    std::string_view value = trim(line.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    const std::string key(trim(line.substr(0, equals)));
    if (file.contains(key)) return fail(Errc::config, fmt::format("{}:{}: '{}' stands twice", path, number, legible(key)), "keep one line; separate several values by commas");
    file[key] = {std::string(value), fmt::format("{}:{}", path, number)};
  }
  return file;
}

// A folder may hold a file for each program; one that is named must be there.
Result<ConfigFile> config_at(const std::string& path, const std::string& program) {
  std::error_code unknown;
  if (!std::filesystem::is_directory(path, unknown)) return read_config(path);
  const std::string own = path + (path.ends_with('/') ? "" : "/") + program + ".conf";
  if (!std::filesystem::exists(own, unknown) && !unknown) return ConfigFile{};
  return read_config(own);
}

// The fewest single-letter edits from a to b.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j)
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])}));
  }
  return row.back();
}

}  // namespace

class Parser {
 public:
  Parser(const Program& program, const Environment& environment) : program_(program), environment_(environment) {}

  Result<Settings> parse(std::vector<std::string> arguments) {
    SLUICE_TRY(parse_command_line(std::move(arguments)));
    // --help and its like answer whatever else is wrong
    for (const char* name : {"help", "version", "options-json"}) {
      if (typed_.contains(name)) {
        settings_.options_[name] = {{"true"}, "command line"};
        return std::move(settings_);
      }
    }
    SLUICE_TRY(check_command());
    SLUICE_TRY(layer());
    return std::move(settings_);
  }

 private:
  struct Node {
    CLI::App* app;
    const Command* command;
    std::map<std::string, std::vector<std::string>> positionals;
  };

  std::string see_help() const {
    return fmt::format("see '{}{}{} --help'", program_.name, settings_.command_.empty() ? "" : " ", settings_.command_);
  }

  Result<> parse_command_line(std::vector<std::string> arguments) {
    CLI::App root;
    root.set_help_flag();
    root.require_subcommand(0, 1);  // what stands behind a command is its argument, even if it is another's name
    std::map<std::string, CLI::App*> apps{{"", &root}};
    std::vector<std::unique_ptr<Node>> nodes;
    for (const Command& command : program_.commands) {
      CLI::App* app = &root;
      std::string path;
      for (std::string_view word : split(command.path, ' ')) {
        if (word.empty()) continue;
        path += (path.empty() ? "" : " ") + std::string(word);
        auto [at, fresh] = apps.try_emplace(path, nullptr);
        if (fresh) {
          at->second = app->add_subcommand(std::string(word));
          at->second->set_help_flag();
          at->second->fallthrough();
          at->second->require_subcommand(0, 1);
        }
        app = at->second;
      }
      nodes.push_back(std::make_unique<Node>(Node{app, &command, {}}));
      std::vector<Option> own = command.options;
      if (command.path.empty()) own = options_of(program_, "");
      for (const Option& option : own) add_option(*app, option);
      for (const Positional& positional : command.positionals) {
        auto* added = app->add_option(positional.name, nodes.back()->positionals[positional.name]);
        added->expected(positional.repeats ? -1 : 1)->required(false)->allow_extra_args(positional.repeats);
      }
    }
    if (!find_command(program_, "")) {
      for (const Option& option : options_of(program_, "")) add_option(root, option);
    }
    root.add_flag("--options-json");
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
      root.parse(std::move(reversed));
    } catch (const CLI::ParseError& error) {
      choose(apps);
      // CLI11 may complain of the value that follows an unknown option; the option is the cause.
      for (const std::string& argument : arguments) {
        if (argument == "--") break;
        if (argument.starts_with("--") && !knows(argument))
          return fail(Errc::usage, fmt::format("unknown option {}", argument), suggestion(argument));
      }
      return fail(Errc::usage, error.what(), see_help());
    }
    choose(apps);
    for (const auto& [path, app] : apps) collect(*app);
    for (const auto& node : nodes) {
      if (node->command->path != settings_.command_) continue;
      for (auto& [name, values] : node->positionals)
        if (!values.empty()) settings_.positionals_[name] = values;
    }
    return {};
  }

  static void add_option(CLI::App& app, const Option& option) {
    std::string names = "--" + option.name;
    if (option.letter) names = fmt::format("-{},{}", option.letter, names);
    if (option.kind == Kind::flag)
      app.add_flag(names)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    else
      app.add_option(names)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  void choose(const std::map<std::string, CLI::App*>& apps) {
    for (const auto& [path, app] : apps)
      if (!path.empty() && app->parsed() && path.size() > settings_.command_.size()) settings_.command_ = path;
  }

  void collect(const CLI::App& app) {
    for (const CLI::Option* option : app.get_options()) {
      if (option->count() == 0 || option->get_lnames().empty()) continue;
      auto& values = typed_[option->get_lnames().front()];
      for (const std::string& value : option->results()) values.push_back(value);
    }
  }

  static std::string bare(const std::string& argument) { return argument.substr(2, argument.find('=') - 2); }

  bool knows(const std::string& argument) const {
    const auto options = options_of(program_, settings_.command_);
    return std::ranges::any_of(options, [&](const Option& option) { return option.name == bare(argument); });
  }

  std::string suggestion(const std::string& argument) const {
    const std::string word = bare(argument);
    const auto options = options_of(program_, settings_.command_);
    const Option* nearest = nullptr;
    std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const Option& option : options) {
      const std::size_t distance = edit_distance(word, option.name);
      if (distance < best) best = distance, nearest = &option;
    }
    return nearest ? fmt::format("did you mean --{}? {}", nearest->name, see_help()) : see_help();
  }

  Result<> check_command() {
    const bool has_commands = std::ranges::any_of(program_.commands, [](const Command& c) { return !c.path.empty(); });
    const Command* command = find_command(program_, settings_.command_);
    if (!command || (has_commands && settings_.command_.empty() && command->summary.empty())) {
      std::vector<std::string> names;
      for (const Command& c : program_.commands)
        if (!c.path.empty() && c.path.starts_with(settings_.command_)) names.push_back(c.path);
      return fail(Errc::usage, "no command given", fmt::format("one of: {}; {}", fmt::join(names, ", "), see_help()));
    }
    for (const Positional& positional : command->positionals)
      if (positional.required && !settings_.positionals_.contains(positional.name) && !typed_.contains("print-config"))
        return fail(Errc::usage, fmt::format("{} is missing", positional.name), see_help());
    return {};
  }

  Result<> layer() {
    const std::vector<Option> options = options_of(program_, settings_.command_);
    ConfigFile config;
    std::string config_path;
    if (auto typed = typed_.find("config"); typed != typed_.end()) config_path = typed->second.back();
    else if (auto set = environment_("SLUICE_CONFIG")) config_path = *set;
    if (!config_path.empty()) {
      SLUICE_TRY_VALUE(config, config_at(config_path, program_.name));
      SLUICE_TRY(check_config_names(config));
    }
    for (const Option& option : options) {
      Settings::Value value;
      if (auto typed = typed_.find(option.name); typed != typed_.end()) {
        if (typed->second.size() > 1 && !option.repeats && option.kind != Kind::flag)
          return fail(Errc::usage, fmt::format("--{} is given {} times", option.name, typed->second.size()), "give it once");
        value = {typed->second, "command line"};
        if (option.kind == Kind::flag) value.values.resize(1);
      } else if (auto variable = from_environment(option)) {
        value = *variable;
      } else if (auto line = config.find(option.name); line != config.end()) {
        value = {listed(option, line->second.value), line->second.origin};
      } else if (!option.fallback.empty()) {
        value = {listed(option, option.fallback), "default"};
      } else if (option.required && !typed_.contains("print-config")) {
        return fail(Errc::usage, fmt::format("--{} is missing", option.name),
                    fmt::format("give --{} {}, or set {}", option.name, option.metavar, variable_of(option)));
      } else {
        continue;
      }
      for (const std::string& text : value.values) {
        if (auto checked = check_value(option, text); !checked) {
          const bool typed = value.origin == "command line";
          return fail(typed ? Errc::usage : Errc::config,
                      fmt::format("--{}{}: {}", option.name, typed ? "" : " (" + value.origin + ")", legible(checked.error().what)),
                      legible(checked.error().hint));
        }
      }
      settings_.options_[option.name] = std::move(value);
    }
    return {};
  }

  // A file may serve several programs: a key is wrong only when no command of this one knows it.
  Result<> check_config_names(const ConfigFile& config) {
    std::set<std::string> known;
    for (const Command& command : program_.commands)
      for (const Option& option : options_of(program_, command.path)) known.insert(option.name);
    for (const auto& [name, line] : config)
      if (!known.contains(name))
        return fail(Errc::config, fmt::format("{}: {} has no option '{}'", line.origin, program_.name, legible(name)), see_help());
    return {};
  }

  std::optional<Settings::Value> from_environment(const Option& option) const {
    if (typed_only(option)) return std::nullopt;
    for (const std::string& variable : {variable_of(option), option.environment}) {
      if (variable.empty()) continue;
      if (auto text = environment_(variable)) return Settings::Value{listed(option, *text), "environment " + variable};
    }
    return std::nullopt;
  }

  static std::vector<std::string> listed(const Option& option, const std::string& text) {
    if (!option.repeats) return {text};
    std::vector<std::string> values;
    for (std::string_view part : split(text, ',')) values.emplace_back(trim(part));
    return values;
  }

  const Program& program_;
  const Environment& environment_;
  Settings settings_;
  std::map<std::string, std::vector<std::string>> typed_;
};

Result<Settings> parse(const Program& program, const std::vector<std::string>& arguments, const Environment& environment) {
  return Parser(program, environment).parse(arguments);
}

}  // namespace sluice::app
