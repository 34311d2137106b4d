#include "os/stages.hpp"

#include <signal.h>

#include <algorithm>
#include <array>

namespace sluice::os {

namespace {
bool is_blank(char c) { return c == ' ' || c == '\t'; }

// What is no program of its own, and words that begin more than one command.
constexpr std::array<std::string_view, 43> shell_words{
    "!", ".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "do", "done", "elif", "else", "esac", "eval", "exit", "export", "fg", "fi", "for", "function", "getopts", "hash",
    "if", "jobs", "local", "read", "readonly", "return", "set", "shift", "source", "then", "times", "trap", "type", "ulimit", "umask", "unset", "until", "wait", "while"};

bool assigns(std::string_view word) {
  const std::size_t equals = word.find('=');
  return equals != std::string_view::npos && equals > 0 && word.substr(0, equals).find_first_of("/'\"$<>") == std::string_view::npos;
}

// Where the stage's first word stands that sets no variable: its program, or exec.
std::string_view command_word(std::string_view stage) {
  for (std::size_t at = 0; at < stage.size();) {
    if (is_blank(stage[at])) {
      ++at;
      continue;
    }
    const std::string_view word = stage.substr(at, std::min(stage.find_first_of(" \t", at), stage.size()) - at);
    if (!assigns(word)) return word;
    at += word.size();
  }
  return stage.substr(stage.size());
}

// Reads the line as sh(1) would, as far as it is needed to know where a stage ends.
class Scanner {
 public:
  explicit Scanner(std::string_view line) : line_(line) {}

  std::optional<std::vector<std::string>> run() {
    for (; at_ < line_.size(); ++at_) {
      if (!step(line_[at_])) return std::nullopt;
    }
    if (quote_ != 0 || !end_stage()) return std::nullopt;
    return std::move(stages_);
  }

 private:
  char ahead() const { return at_ + 1 < line_.size() ? line_[at_ + 1] : '\0'; }
  char before() const { return at_ > begin_ ? line_[at_ - 1] : ' '; }

  bool step(char c) {
    if (quote_ == '\'') return quote_ = c == '\'' ? '\0' : quote_, true;
    if (c == '\\') return skip_escaped();
    if (c == '$') return expand();
    if (c == '`') return false;
    if (quote_ == '"') return quote_ = c == '"' ? '\0' : quote_, true;
    switch (c) {
      case '\'':
      case '"': return quote_ = c, true;
      case '|': return ahead() != '|' && end_stage();
      case '&': return before() == '>' || before() == '<';  // 2>&1
      case '<': return ahead() != '<';
      case '#': return !is_blank(before());
      case ';': case '\n': case '(': case ')': case '{': case '}': return false;
      default: return true;
    }
  }

  bool skip_escaped() {
    if (ahead() == '\0' || ahead() == '\n') return false;
    ++at_;
    return true;
  }

  // $NAME and ${NAME…} are the same in any shell; $$ is not, nor is what $( ) leaves.
  bool expand() {
    if (ahead() == '(' || ahead() == '$' || ahead() == '!') return false;
    if (ahead() != '{') return true;
    const std::size_t end = line_.find('}', at_);
    if (end == std::string_view::npos || line_.substr(at_ + 2, end - at_ - 2).find_first_of("'\"`\\${") != std::string_view::npos) return false;
    at_ = end;
    return true;
  }

  bool end_stage() {
    const std::string_view stage = line_.substr(begin_, at_ - begin_);
    begin_ = at_ + 1;
    const std::string_view word = command_word(stage);
    // The first redirection may stand before the program.
    if (program_of(stage).empty() || word.find_first_of("<>") != std::string_view::npos || std::ranges::find(shell_words, word) != shell_words.end()) return false;
    stages_.emplace_back(stage);
    if (word != "exec") stages_.back().insert(static_cast<std::size_t>(word.data() - stage.data()), "exec ");
    return true;
  }

  std::string_view line_;
  std::size_t at_ = 0, begin_ = 0;
  char quote_ = 0;
  std::vector<std::string> stages_;
};

}  // namespace

std::optional<std::vector<std::string>> stages_of(std::string_view line) { return Scanner(line).run(); }

std::string program_of(std::string_view stage) {
  std::string_view word = command_word(stage);
  if (word == "exec") word = command_word(stage.substr(static_cast<std::size_t>(word.data() - stage.data()) + word.size()));
  std::string name(word.substr(word.rfind('/') + 1));
  std::erase_if(name, [](char c) { return c == '\'' || c == '"'; });
  return name;
}

namespace {
std::vector<const StageEnd*> failures(const std::vector<StageEnd>& ends) {
  const bool failed = std::ranges::any_of(ends, [](const StageEnd& end) { return !end.status.good() && end.status.signal != SIGPIPE; });
  std::vector<const StageEnd*> found;
  for (const StageEnd& end : ends)
    if (!end.status.good() && !(failed && end.status.signal == SIGPIPE)) found.push_back(&end);
  return found;
}
}  // namespace

std::string how_ended(const std::vector<StageEnd>& ends) {
  std::string how;
  for (const StageEnd* end : failures(ends)) how += (how.empty() ? "" : ", ") + (end->program.empty() ? "" : end->program + ": ") + end->status.text();
  return how.empty() ? ExitStatus{}.text() : how;
}

std::optional<int> exit_code(const std::vector<StageEnd>& ends) {
  const auto failed = failures(ends);
  if (failed.empty()) return 0;
  const ExitStatus& first = failed.front()->status;
  const bool one = std::ranges::all_of(failed, [&](const StageEnd* end) { return end->status.signal == 0 && end->status.code == first.code; });
  return one ? std::optional(first.code) : std::nullopt;
}

Result<Stages> Stages::spawn(const ShellCommand& command) {
  auto lines = stages_of(command.line);
  const bool whole = !lines;
  if (whole) lines.emplace({command.line});
  Stages out;
  UniqueFd input;
  for (std::size_t i = 0; i < lines->size(); ++i) {
    ShellCommand stage = command;
    stage.line = (*lines)[i];
    if (!whole) stage.death_signal = 0;
    if (i > 0) stage.input = input.get(), stage.group = out.stages_.front().child.pid();
    Pipe between;
    if (i + 1 < lines->size()) {
      SLUICE_TRY_VALUE(between, make_pipe());
      stage.output = between.write.get();
    }
    SLUICE_TRY_VALUE(Child child, os::spawn(stage));
    out.stages_.push_back({whole ? "sh" : program_of(stage.line), std::move(child)});
    input = std::move(between.read);
  }
  return out;
}

void Stages::ended(std::size_t stage) {
  if (std::ranges::find(order_, stage) == order_.end()) order_.push_back(stage);
}

void Stages::signal_group(int signal) {
  if (!stages_.empty()) stages_.front().child.signal_group(signal);
}

PipelineEnd Stages::reap() {
  signal_group(SIGKILL);  // members that outlived their shell; the zombies still hold the group's number
  std::vector<StageEnd> ends;
  for (const std::size_t at : order_) ends.push_back({stages_[at].program, stages_[at].child.reap().value_or(ExitStatus{})});
  return {how_ended(ends), std::ranges::all_of(ends, [](const StageEnd& end) { return end.status.good(); }), exit_code(ends)};
}

}  // namespace sluice::os
