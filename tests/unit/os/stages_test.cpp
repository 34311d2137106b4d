// A shell's pipeline taken apart, and what became of each of its programs.
#include "os/stages.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/bytes.hpp"
#include "os/file.hpp"
#include "unit/os/read_to_end.hpp"

using namespace sluice;
using os::test::read_to_end;
using os::stages_of;
using Lines = std::vector<std::string>;

namespace {

void wait_for(os::Stages& stages, std::size_t stage) {
  pollfd end{stages.pidfd(stage), POLLIN, 0};
  REQUIRE(::poll(&end, 1, 10'000) == 1);
  stages.ended(stage);
}

struct Run {
  std::string output, how;
  bool well = false;
  std::size_t stages = 0;
};
Run run(const std::string& line, const std::string& given = "") {
  auto input = os::make_pipe(), output = os::make_pipe();
  REQUIRE(os::write_all(input->write.get(), as_bytes(given)));
  input->write.reset();
  auto stages = os::Stages::spawn({.line = line, .input = input->read.get(), .output = output->write.get()});
  REQUIRE(stages);
  output->write.reset();
  Run result{.output = read_to_end(output->read.get()), .stages = stages->size()};
  for (std::size_t i = stages->size(); i-- > 0;) wait_for(*stages, i);
  const os::PipelineEnd end = stages->reap();
  result.how = end.how, result.well = end.well;
  return result;
}

}  // namespace

TEST_CASE("programs with bars between them are taken apart") {
  CHECK(stages_of("transcode | segmenter") == Lines{"exec transcode ", " exec segmenter"});
  CHECK(stages_of("segmenter") == Lines{"exec segmenter"});
  CHECK(stages_of("cat >/dev/null") == Lines{"exec cat >/dev/null"});
  CHECK(stages_of("A=1 b 2>&1 <c|d") == Lines{"A=1 exec b 2>&1 <c", "exec d"});
  CHECK(stages_of("a 'b | c; d' | \"e | $F\" | g\\|h") == Lines{"exec a 'b | c; d' ", " exec \"e | $F\" ", " exec g\\|h"});
  CHECK(stages_of("cat > \"$OUT/${NAME:-x}.nut\" | b#c") == Lines{"exec cat > \"$OUT/${NAME:-x}.nut\" ", " exec b#c"});
}

TEST_CASE("what a shell has to read as a whole is not") {
  for (const char* line : {"", " ", "|", "a |", "| a", "a | | b", "a || b", "a |& b", "a && b", "a & b", "a; b", "a\nb", "(a | b)", "{ a; } | b", "a $(b | c)", "a `b|c`",
                           "\"$(a | b)\"", "\"`a`\"", "a $$ | b", "a # | b", "a <<E | b", "! a | b", "a 'b | c", "a \"b | c", "a \\", "a ${B:-\"|\"} | c", "a ${B | c", "A=1 | b",
                           "read -r x | b", "a | exit 3", ">c a | b", "exec",
                           "while read -r x; do echo \"$x\"; done | b"}) {
    CAPTURE(line);
    CHECK_FALSE(stages_of(line));
  }
}

TEST_CASE("a stage is called by its program") {
  CHECK(os::program_of(" A=1 B='2' exec /usr/bin/transcode --cores 2") == "transcode");
  CHECK(os::program_of("segmenter") == "segmenter");
  CHECK(os::program_of("./a=b c") == "a=b");
  CHECK(os::program_of("\"$HOME/bin/transcode\" a") == "transcode");
  CHECK(os::program_of(" A=1 ").empty());
}

TEST_CASE("a pipeline's programs are joined, and each is a process of ours") {
  const Run three = run("cat | tr a-z A-Z | sed 's/O/0/; s/|/!/'", "to|do\n");
  CHECK(three.stages == 3);
  CHECK(three.output == "T0!DO\n");
  CHECK(three.how == "exit 0");
  const Run parents = run("grep -m1 PPid /proc/self/status | grep -m1 PPid - /proc/self/status");
  CHECK(parents.output == "(standard input):PPid:\t" + std::to_string(::getpid()) + "\n/proc/self/status:PPid:\t" + std::to_string(::getpid()) + "\n");
  const Run whole = run("echo a; cat | tr a-z A-Z", "b\n");
  CHECK(whole.stages == 1);
  CHECK(whole.output == "a\nB\n");
}

TEST_CASE("who failed is named, with how") {
  CHECK(run("cat | sh -c 'exit 75' | cat").how == "sh: exit 75");
  CHECK(run("exit 3; cat").how == "sh: exit 3");
  CHECK(run("no-such-program-at-all 2>/dev/null | cat").how == "no-such-program-at-all: exit 127");
  CHECK(run("true | cat").well);
  for (const char* line : {"false | cat", "cat | false", "sh -c 'kill -9 $$' | cat", "exit 3; cat"}) {
    CAPTURE(line);
    CHECK_FALSE(run(line).well);
  }
}

TEST_CASE("killed programs are told, and not those that only wrote to them") {
  auto input = os::make_pipe();
  auto stages = os::Stages::spawn({.line = "cat | cat >/dev/null", .input = input->read.get()});
  REQUIRE(stages);
  input->read.reset();
  pid_t second = 0;
  for (const char* pids : {"/proc/thread-self/children"}) {
    const auto text = os::read_file(pids);
    REQUIRE(text);
    second = static_cast<pid_t>(std::strtol(text->substr(text->find(' ')).c_str(), nullptr, 10));
  }
  REQUIRE(::kill(second, SIGKILL) == 0);
  wait_for(*stages, 1);
  REQUIRE(os::write_all(input->write.get(), as_bytes(std::string_view("a word"))));
  wait_for(*stages, 0);
  CHECK(stages->all_ended());
  CHECK(stages->reap().how == "cat: killed by signal 9 (Killed)");
}

TEST_CASE("how programs ended is told in their order") {
  using End = os::StageEnd;
  const os::ExitStatus good{}, one{.code = 1}, killed{.signal = SIGKILL}, pipe{.signal = SIGPIPE};
  CHECK(os::how_ended({}) == "exit 0");
  CHECK(os::how_ended({End{"a", good}, End{"b", good}}) == "exit 0");
  CHECK(os::how_ended({End{"segmenter", killed}, End{"transcode", pipe}}) == "segmenter: killed by signal 9 (Killed)");
  CHECK(os::how_ended({End{"transcode", killed}, End{"segmenter", one}}) == "transcode: killed by signal 9 (Killed), segmenter: exit 1");
  CHECK(os::how_ended({End{"head", good}, End{"cat", pipe}}) == "cat: killed by signal 13 (Broken pipe)");
}

TEST_CASE("programs that failed have one exit code where they agree, and no signal ended one") {
  using End = os::StageEnd;
  const os::ExitStatus good{}, one{.code = 1}, temporary{.code = 75}, killed{.signal = SIGKILL}, pipe{.signal = SIGPIPE};
  CHECK(os::exit_code({}) == 0);
  CHECK(os::exit_code({End{"transcode", good}, End{"segmenter", good}}) == 0);
  CHECK(os::exit_code({End{"transcode", temporary}, End{"segmenter", good}}) == 75);
  CHECK(os::exit_code({End{"transcode", temporary}, End{"tee", pipe}, End{"segmenter", good}}) == 75);
  CHECK_FALSE(os::exit_code({End{"transcode", temporary}, End{"segmenter", one}}));
  CHECK_FALSE(os::exit_code({End{"transcode", temporary}, End{"segmenter", killed}}));
  CHECK_FALSE(os::exit_code({End{"cat", pipe}, End{"head", good}}));
}

TEST_CASE("one signal ends all stages, and their owner leaves none behind") {
  pid_t leader = 0;
  {
    auto stages = os::Stages::spawn({.line = "sleep 1000 | sleep 1000 | sleep 1000"});
    REQUIRE(stages);
    stages->signal_group(SIGKILL);
    for (std::size_t i = 0; i < 3; ++i) wait_for(*stages, i);
    CHECK(stages->reap().how == "sleep: killed by signal 9 (Killed), sleep: killed by signal 9 (Killed), sleep: killed by signal 9 (Killed)");
    auto left = os::Stages::spawn({.line = "sleep 1000 | sleep 1000"});
    const auto text = os::read_file("/proc/thread-self/children");
    REQUIRE(text);
    leader = static_cast<pid_t>(std::strtol(text->c_str(), nullptr, 10));
    CHECK(::kill(-leader, 0) == 0);
  }
  CHECK(::kill(-leader, 0) == -1);
}
