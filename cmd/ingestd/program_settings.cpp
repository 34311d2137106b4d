#include "program_settings.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "base/masked.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/spawn.hpp"
#include "os/wait.hpp"

namespace sluice::ingestd {

namespace {
constexpr const char* programs_of_a_pipeline[] = {"transcode", "segmenter"};
constexpr seconds try_time{5};
constexpr std::size_t longest_complaint = 4096;

// A stream keeps these (segmenter(1)).
bool is_for_good(std::string_view name) { return name.ends_with(": segment") || name.ends_with(": part") || name.ends_with(": format"); }

// The settings of all files, by "FILE: NAME".
std::map<std::string, std::string> settings_in(std::string_view all) {
  std::map<std::string, std::string> settings;
  const std::vector<std::string_view> files = split(all, '\0');
  for (std::size_t i = 0; i < std::size(programs_of_a_pipeline) && i < files.size(); ++i)
    for (const std::string_view line : split(files[i], '\n')) {
      const std::size_t equals = line.find('=');
      if (equals == line.npos || trim(line).starts_with('#')) continue;
      settings[fmt::format("{}.conf: {}", programs_of_a_pipeline[i], trim(line.substr(0, equals)))] = without_passwords(trim(line.substr(equals + 1)));
    }
  return settings;
}

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

std::vector<std::string> ProgramSettings::differences() const {
  std::map<std::string, std::pair<std::string, std::string>> values;
  for (const auto& [name, value] : settings_in(known_)) values[name] = {value, "not set"};
  for (const auto& [name, value] : settings_in(seen_)) values.try_emplace(name, "not set", "").first->second.second = value;
  std::vector<std::string> all;
  for (const auto& [name, value] : values)
    if (value.first != value.second)
      all.push_back(fmt::format("{}: {} -> {}{}", name, value.first, value.second, is_for_good(name) ? " (of streams that begin from now on)" : ""));
  return all;
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
