#include "app/options.hpp"

#include <cstdlib>

namespace sluice::app {

const std::vector<Option>& common_options() {
  static const std::vector<Option> options = {
      {.name = "help", .kind = Kind::flag, .help = "print this help and exit", .letter = 'h'},
      {.name = "version", .kind = Kind::flag, .help = "print the version and exit"},
      {.name = "config", .kind = Kind::path, .metavar = "FILE", .help = "read options from FILE, one 'name = value' a line, or from the program's own NAME.conf in a folder"},
      {.name = "print-config", .kind = Kind::flag, .help = "print every option's value, without the passwords of URLs, and where it came from, and exit"},
      {.name = "json", .kind = Kind::flag, .help = "write output as JSON, one object a line"},
      {.name = "log-format",
       .kind = Kind::choice,
       .metavar = "FORMAT",
       .fallback = "auto",
       .help = "format of log lines on standard error; auto is journal under systemd, else text",
       .choices = {"auto", "text", "json", "journal"}},
      {.name = "log-level",
       .kind = Kind::choice,
       .metavar = "LEVEL",
       .fallback = "info",
       .help = "least severity that is logged",
       .choices = {"debug", "info", "warn", "error"},
       .environment = "LOG_LEVEL",
       .reloads = true},
      {.name = "instance",
       .metavar = "NAME",
       .help = "name of this instance in logs and metrics",
       .environment = "INSTANCE_ID"},
  };
  return options;
}

const std::vector<Option>& daemon_options() {
  static const std::vector<Option> options = {
      {.name = "bind",
       .metavar = "ADDRESS",
       .fallback = "127.0.0.1,::1",
       .help = "numeric address to listen on",
       .repeats = true},
      {.name = "metrics",
       .kind = Kind::endpoint,
       .metavar = "ADDRESS:PORT",
       .help = "serve /metrics, /health, /health/live and /health/ready there"},
      {.name = "control", .kind = Kind::path, .metavar = "SOCKET", .help = "Unix socket for control requests"},
      {.name = "ask",
       .metavar = "COMMAND",
       .help = "send COMMAND, with its arguments as NAME=VALUE or NAME=\"A VALUE\", to the running daemon's control socket, print its JSON answer, and exit"},
      {.name = "ready-fd",
       .kind = Kind::integer,
       .metavar = "FD",
       .help = "write a newline to this descriptor once ready, then close it",
       .min = 1,
       .max = 1 << 20},
      {.name = "drain-time",
       .kind = Kind::duration,
       .metavar = "TIME",
       .fallback = "10s",
       .help = "how long SIGTERM waits for what is under way",
       .reloads = true},
  };
  return options;
}

const Command* find_command(const Program& program, std::string_view path) {
  for (const Command& command : program.commands)
    if (command.path == path) return &command;
  return nullptr;
}

std::vector<Option> options_of(const Program& program, std::string_view command) {
  std::vector<Option> all;
  auto add = [&all](const std::vector<Option>& more) { all.insert(all.end(), more.begin(), more.end()); };
  const Command* own = find_command(program, command);
  if (own && !command.empty()) add(own->options);
  if (const Command* root = find_command(program, "")) add(root->options);
  if (program.daemon) add(daemon_options());
  add(common_options());
  return all;
}

Environment process_environment() {
  return [](const std::string& variable) -> std::optional<std::string> {
    const char* value = std::getenv(variable.c_str());
    if (!value || !*value) return std::nullopt;
    return value;
  };
}

}  // namespace sluice::app
