#pragma once
// run_main: the only main() there is. Parses, answers --help, --version, --print-config and --options-json, sets up logs, calls the program,
// and turns an error into a line on standard error with a hint and an exit code:
//   0    done; a daemon: stopped as told
//   1    failed, or the answer is no
//   2    usage or configuration: the same again will fail again
//   75   temporary, try again: a port is taken, another of its kind is running, the store is busy (EX_TEMPFAIL of sysexits.h)
//   130  interrupted
// Every manual page's EXIT STATUS is of this table.
#include <functional>

#include "app/options.hpp"
#include "base/result.hpp"

namespace sluice::app {

enum Exit : int { exit_done = 0, exit_failed = 1, exit_usage = 2, exit_temporary = 75, exit_interrupted = 130 };
int exit_code(Errc code);

using Run = std::function<Result<int>(const Settings&)>;  // the exit code, or the error that decides it

int run_main(int argc, char** argv, const Program& program, const Run& run);

// Reads the command line of run_main(), the environment and the configuration file again (SIGHUP).
Result<Settings> parse_again();
const Program& running_program();  // that run_main() was given
// The folder this executable is in: siblings of a pipeline are found there.
std::string executable_folder();

}  // namespace sluice::app
