#include "each_line.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "app/input_lines.hpp"
#include "app/run.hpp"
#include "base/utf8.hpp"

namespace sluice::modctl {

namespace {
app::Json told(const char* what, const std::string& name, const Outcome& outcome) {
  app::Json object{{what, name}, {"result", outcome.changed ? "done" : "unchanged"}};
  if (outcome.more.is_object()) object.update(outcome.more);
  return object;
}

app::Json told(const char* what, const std::string& name, const Error& error) {
  app::Json object{{what, name}, {"result", "failed"}, {"error", error.what}};
  if (!error.hint.empty()) object["hint"] = error.hint;
  return object;
}

void print(const app::Settings& settings, const app::Json& object, const std::string& text) {
  settings.flag("json") ? app::print_json(object) : app::print_line(text);
}

class Lines {
 public:
  Lines(const app::Settings& settings, const char* what, const Act& act)
      : settings_(settings), what_(what), act_(act) {}

  Result<int> run() {
    if (::isatty(STDIN_FILENO)) fmt::print(stderr, "modctl: {}s from standard input, one a line:\n", what_);
    SLUICE_TRY(app::each_input_line(STDIN_FILENO, [this](const std::string& name, std::size_t number) {
      number_ = number;
      return take(name);
    }));
    if (failed_ == 0) return app::exit_done;
    fmt::print(stderr, "modctl: {} of {} failed\n", failed_, taken_);
    return app::exit_failed;
  }

 private:
  Result<> take(const std::string& name) {
    ++taken_;
    Result<Outcome> outcome = act_(name);
    if (outcome) {
      print(settings_, with_line(told(what_, name, *outcome)), outcome->text);
    } else {
      ++failed_;
      const Error& error = outcome.error();
      if (settings_.flag("json")) app::print_json(with_line(told(what_, name, error)));
      if (app::concerns_all(error.code))
        return fail(error.code, fmt::format("line {}: {}", number_, error.what),
                    "nothing was done from this line on: the same again does the rest");
      if (!settings_.flag("json"))
        fmt::print(stderr, "modctl: line {}: {}: {}\n", number_, legible(name), legible(error.what));
    }
    // What is told is done; what is done is told, also when this is ended.
    if (std::fflush(stdout) != 0)
      return fail(Errc::io, "write standard output: not everything could be written");
    return {};
  }

  app::Json with_line(const app::Json& object) const {
    app::Json numbered{{"line", number_}};
    numbered.update(object);
    return numbered;
  }

  const app::Settings& settings_;
  const char* what_;
  const Act& act_;
  std::size_t number_ = 0, taken_ = 0, failed_ = 0;
};
}  // namespace

Result<int> act_on_each(const app::Settings& settings, const char* what, const std::string& name,
                        const Act& act) {
  if (name == "-") return Lines(settings, what, act).run();
  SLUICE_TRY_VALUE(const Outcome outcome, act(name));
  print(settings, told(what, name, outcome), outcome.text);
  return app::exit_done;
}

}  // namespace sluice::modctl
