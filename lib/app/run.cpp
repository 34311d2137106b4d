#include "app/run.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "app/control.hpp"
#include "app/input_lines.hpp"
#include "log/log.hpp"

#ifndef SLUICE_VERSION
#define SLUICE_VERSION "0"
#endif

namespace sluice::app {

namespace {

struct Invocation {
  const Program* program = nullptr;
  std::vector<std::string> arguments;
};
Invocation& invocation() {
  static Invocation the_one;
  return the_one;
}

log::Format format_of(const std::string& name) {
  if (name == "json") return log::Format::json;
  if (name == "journal") return log::Format::journal;
  if (name == "auto" && std::getenv("JOURNAL_STREAM")) return log::Format::journal;
  return log::Format::text;
}

int report(const Program& program, const Error& error) {
  fmt::print(stderr, "{}: {}\n", program.name, error.what);
  if (!error.hint.empty()) fmt::print(stderr, "{}: hint: {}\n", program.name, error.hint);
  return exit_code(error.code);
}

// Data that did not reach standard output (a full disk, a closed pipe) is a failure, not a success.
int finish_output(const Program& program, int code) {
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    return report(program, {Errc::io, "write standard output: not everything could be written", ""});
  return code;
}

}  // namespace

int exit_code(Errc code) {
  switch (code) {
    case Errc::usage:
    case Errc::config:
      return exit_usage;
    case Errc::unavailable:
      return exit_temporary;
    default:
      return exit_failed;
  }
}

int run_main(int argc, char** argv, const Program& program, const Run& run) {
  // What a parent blocked or ignored must not change how we end.
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  make_missing_input_unreadable();
  ::signal(SIGPIPE, program.daemon ? SIG_IGN : SIG_DFL);
  invocation() = {&program, std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc)};
  try {
    Result<Settings> settings = parse_again();
    if (!settings) return report(program, settings.error());
    if (settings->flag("help")) {
      std::fputs(help_text(program, settings->command()).c_str(), stdout);
      return finish_output(program, exit_done);
    }
    if (settings->flag("version")) {
      fmt::print("{} {}\n", program.name, SLUICE_VERSION);
      return finish_output(program, exit_done);
    }
    if (settings->flag("options-json")) {
      fmt::print("{}\n", options_json(program));
      return finish_output(program, exit_done);
    }
    if (settings->flag("print-config")) {
      std::fputs(config_text(program, *settings).c_str(), stdout);
      return finish_output(program, exit_done);
    }
    log::configure(program.name, settings->text("instance"), format_of(settings->text("log-format")),
                   log::level_named(settings->text("log-level")));
    if (settings->has("ask")) {
      const std::string by_default = settings->text("dir") + "/run/" + program.name + ".sock";
      const auto request = request_of(settings->text("ask"));
      if (!request) return report(program, request.error());
      const auto answer = ask(settings->has("control") ? settings->text("control") : by_default, *request);
      if (!answer) return report(program, answer.error());
      fmt::print("{}\n", *answer);
      return finish_output(program, answer->starts_with("{\"error\"") ? exit_failed : exit_done);
    }
    const Result<int> code = run(*settings);
    if (!code) return report(program, code.error());
    return finish_output(program, *code);
  } catch (const std::exception& exception) {
    return report(program, {Errc::internal, exception.what(), "this is a fault of the program: please report it"});
  }
}

Result<Settings> parse_again() { return parse(*invocation().program, invocation().arguments, process_environment()); }

const Program& running_program() { return *invocation().program; }

std::string executable_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

}  // namespace sluice::app
