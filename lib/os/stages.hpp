#pragma once
// Stages: a shell's pipeline whose programs are children of ours, one by one, so that each one's end is known: a shell tells of its last program
// alone. A line that is no more than programs with '|' between them is taken apart, and each stage is given to a shell of its own, which becomes
// its program: one process less than with one shell for all. Any other line is one stage.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/spawn.hpp"

namespace sluice::os {

// "a | b" → {"exec a ", " exec b"}. Nothing for what a shell has to read as a whole, or to do itself: lists, groups, substitutions, comments, "here"
// documents, $$, negation, quotes that are not closed, commands such as read and cd.
std::optional<std::vector<std::string>> stages_of(std::string_view line);
// "A=1 exec /usr/bin/transcode --cores 2" → "transcode"; empty: none is named.
std::string program_of(std::string_view stage);

struct StageEnd {
  std::string program;
  ExitStatus status;
};
// What a pipeline died of: "segmenter: killed by signal 9 (Killed)". `ends` in the order in which they ended. Who ended well is left out, and who
// was ended by it that the one after it was gone (SIGPIPE), where another has failed; "exit 0" when none has.
std::string how_ended(const std::vector<StageEnd>& ends);
// The exit code of all who failed, by the same rule: 0 where none did; nothing where a signal ended one, or their codes differ.
std::optional<int> exit_code(const std::vector<StageEnd>& ends);

// How a pipeline ended, as above, and whether all of it did well.
struct PipelineEnd {
  std::string how;
  bool well = true;
  std::optional<int> code = 0;  // as exit_code()
};

class Stages {
 public:
  // As os::spawn; all of them in one process group. The death signal is for a shell that reads the whole line: a stage's process is its program.
  static Result<Stages> spawn(const ShellCommand& command);

  std::size_t size() const { return stages_.size(); }
  int pidfd(std::size_t stage) const { return stages_[stage].child.pidfd(); }  // readable when it has ended
  void ended(std::size_t stage);  // told for each, in their order
  bool all_ended() const { return order_.size() == stages_.size(); }
  void signal_group(int signal);
  PipelineEnd reap();  // once all have ended; whatever they have left is killed

 private:
  struct Stage {
    std::string program;
    Child child;
  };
  std::vector<Stage> stages_;
  std::vector<std::size_t> order_;  // of their ends
};

}  // namespace sluice::os
