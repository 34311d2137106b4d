// optgen --program PATH --prose FILE --out DIR: runs PATH --options-json and renders from that one table the man page
// (prose with its @OPTIONS@ line replaced) and the completions of bash, zsh and fish.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

namespace {

using Json = nlohmann::ordered_json;

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string output_of(const std::string& program) {
  std::FILE* pipe = ::popen(("'" + program + "' --options-json").c_str(), "r");
  if (!pipe) throw Failure("cannot run " + program);
  std::string text;
  std::array<char, 4096> buffer;
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), n);
  if (::pclose(pipe) != 0) throw Failure(program + " --options-json failed");
  return text;
}

std::string read(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw Failure("cannot read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  if (!out.flush()) throw Failure("cannot write " + path);
}

bool is_flag(const Json& option) { return option["kind"] == "flag"; }
std::string text(const Json& row, const char* key) { return row.contains(key) ? row[key].get<std::string>() : ""; }

std::string replaced(std::string in, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = in.find(from, at)) != std::string::npos; at += to.size()) in.replace(at, from.size(), to);
  return in;
}

// ---- man page: mdoc

std::string man_text(const std::string& plain) {
  std::string out = replaced(plain, "\\", "\\e");
  if (!out.empty() && (out[0] == '.' || out[0] == '\'')) out = "\\&" + out;
  return out;
}

std::string man_option(const Json& option) {
  std::string out = ".It ";
  if (option.contains("letter")) out += fmt::format("Fl {} , ", text(option, "letter"));
  out += fmt::format("Fl \\-{}", text(option, "name"));
  if (!is_flag(option)) out += " Ar " + text(option, "metavar");
  out += "\n" + man_text(text(option, "help"));
  if (option.contains("choices")) out += fmt::format(":\n{}", fmt::join(option["choices"].get<std::vector<std::string>>(), ", "));
  out += ".\n";
  if (option.contains("default")) out += fmt::format("The default is {}.\n", man_text(text(option, "default")));
  if (option.contains("repeats")) out += "It may be repeated.\n";
  if (option.contains("reloads")) out += "It is read again on SIGHUP.\n";
  if (option.contains("environment")) out += fmt::format("It is also read from\n.Ev {} .\n", text(option, "environment"));
  return out;
}

std::string man_list(const Json& options) {
  std::string out = ".Bl -tag -width Ds\n";
  for (const Json& option : options) out += man_option(option);
  return out + ".El\n";
}

std::string man_options(const Json& table) {
  std::string out;
  Json shared = Json::array();
  for (const Json& command : table["commands"])
    if (command["path"] == "") shared = command["options"];
  for (const Json& option : table["common"]) shared.push_back(option);
  for (const Json& command : table["commands"]) {
    if (command["path"] == "") continue;
    out += ".Ss " + text(command, "path");
    for (const Json& p : command["positionals"]) out += " " + text(p, "name");
    out += "\n" + man_text(text(command, "summary")) + ".\n";
    if (!command["options"].empty()) out += man_list(command["options"]);
  }
  if (!out.empty()) out += ".Ss Options of every command\n";
  out += man_list(shared);
  out += "An option\n.Fl \\-some-name\nmay also be given as\n.Ev SLUICE_SOME_NAME\nin the environment, or as a line\n"
         ".Ql some-name = value\nin the\n.Fl \\-config\nfile.\n"
         "The command line wins over the environment, the environment over the file.\n";
  return out;
}

// ---- completions

struct Completed {
  Json options;
  std::vector<std::string> words;  // next words of the command path
};

// For each prefix of a command path: what may follow it.
std::map<std::string, Completed> by_path(const Json& table) {
  std::map<std::string, Completed> paths;
  Json shared = Json::array();
  for (const Json& command : table["commands"])
    if (command["path"] == "") shared = command["options"];
  for (const Json& option : table["common"]) shared.push_back(option);
  paths[""].options = shared;
  for (const Json& command : table["commands"]) {
    std::istringstream words(text(command, "path"));
    std::string prefix, word;
    while (words >> word) {
      auto& next = paths[prefix].words;
      if (std::find(next.begin(), next.end(), word) == next.end()) next.push_back(word);
      prefix += (prefix.empty() ? "" : " ") + word;
      if (!paths.contains(prefix)) paths[prefix].options = shared;
    }
    if (prefix.empty()) continue;
    Json own = command["options"];
    for (const Json& option : shared) own.push_back(option);
    paths[prefix].options = own;
  }
  return paths;
}

std::string shell_quoted(const std::string& text) { return "'" + replaced(text, "'", "'\\''") + "'"; }

std::string bash_completion(const std::string& name, const Json& table) {
  const std::string function = "_sluice_complete_" + replaced(name, "-", "_");
  std::string out = fmt::format("# bash completion of {}, made from its option table\n{}() {{\n", name, function);
  out += "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path='' word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case \"$path $word\" in\n";
  const auto paths = by_path(table);
  for (const auto& [path, completed] : paths)
    if (!path.empty()) out += fmt::format("      {}) path={} ;;\n", shell_quoted((path.find(' ') == std::string::npos ? " " : "") + path), shell_quoted(path));
  out += "      *) ;;\n    esac\n  done\n  case \"$previous\" in\n";
  std::map<std::string, std::string> values;
  for (const auto& [path, completed] : paths) {
    for (const Json& option : completed.options) {
      if (is_flag(option)) continue;
      std::string action = "return";
      if (option.contains("choices"))
        action = fmt::format("mapfile -t COMPREPLY < <(compgen -W {} -- \"$current\"); return",
                             shell_quoted(fmt::format("{}", fmt::join(option["choices"].get<std::vector<std::string>>(), " "))));
      else if (option["kind"] == "path")
        action = "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return";
      values["--" + text(option, "name")] = action;
    }
  }
  for (const auto& [option, action] : values) out += fmt::format("    {}) {} ;;\n", option, action);
  out += "    *) ;;\n  esac\n  case \"$path\" in\n";
  for (const auto& [path, completed] : paths) {
    std::string words = fmt::format("{}", fmt::join(completed.words, " "));
    for (const Json& option : completed.options) words += " --" + text(option, "name");
    out += fmt::format("    {}) words={} ;;\n", shell_quoted(path), shell_quoted(words));
  }
  out += "  esac\n  if [[ $current == -* || -n ${words%% -*} ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "  else\n    compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n  fi\n";
  out += fmt::format("}}\ncomplete -F {} {}\n", function, name);
  return replaced(out, "path='' word\n", "path='' word words=''\n");
}

std::string zsh_quoted(std::string text) {
  for (const char* special : {"\\", "[", "]", ":"}) text = replaced(text, special, std::string("\\") + special);
  return replaced(text, "'", "'\\''");
}

std::string zsh_option(const Json& option) {
  std::string out = fmt::format("'{}--{}{}[{}]", option.contains("repeats") ? "*" : "", text(option, "name"), is_flag(option) ? "" : "=",
                                zsh_quoted(text(option, "help")));
  if (option.contains("choices"))
    out += fmt::format(":{}:({})", text(option, "metavar"), fmt::join(option["choices"].get<std::vector<std::string>>(), " "));
  else if (option["kind"] == "path")
    out += ":" + text(option, "metavar") + ":_files";
  else if (!is_flag(option))
    out += ":" + zsh_quoted(text(option, "metavar")) + ": ";
  return out + "'";
}

std::string zsh_completion(const std::string& name, const Json& table) {
  std::string out = fmt::format("#compdef {}\n# zsh completion of {}, made from its option table\n\nlocal path='' word\nlocal -a own\n"
                                "for word in ${{words[2,CURRENT-1]}}; do\n  case \"$path $word\" in\n", name, name);
  out = replaced(out, "local path=''", "local command_path=''");
  out = replaced(out, "\"$path $word\"", "\"$command_path $word\"");
  const auto paths = by_path(table);
  for (const auto& [path, completed] : paths)
    if (!path.empty()) out += fmt::format("    {}) command_path={} ;;\n", shell_quoted((path.find(' ') == std::string::npos ? " " : "") + path), shell_quoted(path));
  out += "  esac\ndone\ncase \"$command_path\" in\n";
  for (const auto& [path, completed] : paths) {
    out += fmt::format("  {})\n    own=(", shell_quoted(path));
    for (const Json& option : completed.options) out += "\n      " + zsh_option(option);
    if (completed.words.empty())
      out += "\n      '*: :_files'";
    else
      out += fmt::format("\n      '*: :({})'", fmt::join(completed.words, " "));
    out += ") ;;\n";
  }
  return out + "esac\n_arguments -s $own\n";
}

std::string fish_completion(const std::string& name, const Json& table) {
  std::string out = fmt::format("# fish completion of {}, made from its option table\n", name);
  const auto paths = by_path(table);
  auto condition = [](const std::string& path) {
    std::string words;
    std::istringstream in(path);
    for (std::string word; in >> word;) words += (words.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
    return words;
  };
  for (const auto& [path, completed] : paths) {
    for (const std::string& word : completed.words) {
      std::string when = condition(path);
      if (!when.empty()) when += "; and ";
      when += fmt::format("not __fish_seen_subcommand_from {}", fmt::join(completed.words, " "));
      out += fmt::format("complete -c {} -f -n {} -a {}\n", name, shell_quoted(when), word);
    }
    for (const Json& option : completed.options) {
      bool shared = !path.empty() && std::any_of(paths.at("").options.begin(), paths.at("").options.end(),
                                                 [&](const Json& other) { return other["name"] == option["name"]; });
      if (shared) continue;
      out += fmt::format("complete -c {}", name);
      if (!path.empty()) out += " -n " + shell_quoted(condition(path));
      out += fmt::format(" -l {} -d {}", text(option, "name"), shell_quoted(text(option, "help")));
      if (option.contains("letter")) out += " -s " + text(option, "letter");
      if (option.contains("choices"))
        out += " -x -a " + shell_quoted(fmt::format("{}", fmt::join(option["choices"].get<std::vector<std::string>>(), " ")));
      else if (option["kind"] == "path")
        out += " -r -F";
      else if (!is_flag(option))
        out += " -x";
      out += "\n";
    }
  }
  return out;
}

void generate(const std::string& program, const std::string& prose_path, const std::string& out) {
  const Json table = Json::parse(output_of(program));
  const std::string name = table["name"];
  const std::string prose = read(prose_path);
  const std::string mark = "@OPTIONS@\n";
  const std::size_t at = prose.find(mark);
  if (at == std::string::npos) throw Failure(prose_path + " has no line @OPTIONS@");
  write(fmt::format("{}/bash/{}", out, name), bash_completion(name, table));
  write(fmt::format("{}/zsh/_{}", out, name), zsh_completion(name, table));
  write(fmt::format("{}/fish/{}.fish", out, name), fish_completion(name, table));
  write(fmt::format("{}/man/{}.{}", out, name, table["section"].get<int>()),
        prose.substr(0, at) + man_options(table) + prose.substr(at + mark.size()));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Man page and completions from a program's option table");
  std::string program, prose, out;
  app.add_option("--program", program)->required();
  app.add_option("--prose", prose)->required();
  app.add_option("--out", out)->required();
  CLI11_PARSE(app, argc, argv);
  try {
    generate(program, prose, out);
  } catch (const std::exception& error) {
    std::cerr << "optgen: " << error.what() << '\n';
    return 1;
  }
}
