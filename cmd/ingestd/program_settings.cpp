#include "program_settings.hpp"

#include <filesystem>

#include "base/text.hpp"
#include "os/file.hpp"
#include "os/spawn.hpp"
#include "os/wait.hpp"

namespace sluice::ingestd {

namespace {
constexpr const char* programs_of_a_pipeline[] = {"transcode", "segmenter"};
constexpr seconds try_time{5};
constexpr std::size_t longest_complaint = 4096;

// "transcode: FILE:1: …\ntranscode: hint: …\n" as an error.
Error complaint(const std::string& program, std::string_view said) {
  Error error{Errc::config, program + " does not take its configuration", ""};
  for (std::string_view line : split(said, '\n')) {
    if (!line.starts_with(program + ": ")) continue;
    line.remove_prefix(program.size() + 2);
    if (line.starts_with("hint: "))
      error.hint = line.substr(6);
    else
      error.what = program + ": " + std::string(line);
  }
  return error;
}
}  // namespace

ProgramSettings::ProgramSettings(std::string folder, std::string programs)
    : folder_(std::move(folder)), programs_(std::move(programs)), known_(read()), seen_(known_) {}

std::string ProgramSettings::read() const {
  std::string all;
  if (folder_.empty()) return all;
  for (const char* program : programs_of_a_pipeline) all += os::read_file(folder_ + "/" + program + ".conf").value_or("") + '\0';
  return all;
}

Result<bool> ProgramSettings::changed() {
  seen_ = read();
  if (seen_ == known_) return false;
  SLUICE_TRY(check());
  return true;
}

Result<> ProgramSettings::check() const {
  std::error_code unknown;
  for (const char* program : programs_of_a_pipeline)
    if (!folder_.empty() && std::filesystem::exists(folder_ + "/" + program + ".conf", unknown)) SLUICE_TRY(try_out(program));
  return {};
}

Result<> ProgramSettings::try_out(const std::string& program) const {
  SLUICE_TRY_VALUE(const os::Pipe said, os::make_pipe());
  os::ShellCommand command{.line = "exec \"$SLUICE_TRIED\" --print-config >/dev/null", .errors = said.write.get()};
  command.environment = {{"SLUICE_TRIED", programs_ + "/" + program}, {"SLUICE_CONFIG", folder_}};
  SLUICE_TRY_VALUE(os::Child child, os::spawn(command));
  // A second SIGHUP, or whatever signal comes meanwhile, does not cut it short.
  if (!os::readable_within(child.pidfd(), try_time)) return fail(Errc::unavailable, program + " does not say whether it takes its configuration", "try again");
  const auto status = child.reap();
  if (status && status->good()) return {};
  std::string text(longest_complaint, '\0');
  SLUICE_TRY(os::set_nonblocking(said.read.get()));
  const auto n = ::read(said.read.get(), text.data(), text.size());
  return std::unexpected(complaint(program, std::string_view(text).substr(0, n > 0 ? static_cast<std::size_t>(n) : 0)));
}

}  // namespace sluice::ingestd
