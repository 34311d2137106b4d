// transcode: one stream in on standard input, every rendition out on standard output; here, or on a worker's machine.
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "app/run.hpp"
#include "base/clock.hpp"
#include "dispatch.hpp"
#include "ffmpeg/demuxer.hpp"
#include "metrics_server.hpp"
#include "options.hpp"
#include "pipeline.hpp"
#include "worker.hpp"

using namespace sluice;

namespace {

volatile sig_atomic_t stopped_by = 0;
int stop = -1;  // readable from the first signal on

// The input ends here: what was read is finished and written. A second signal ends the program.
void on_signal(int signal) {
  stopped_by = signal;
  ::eventfd_write(stop, 1);
}

Result<> catch_signals() {
  stop = ::eventfd(0, EFD_CLOEXEC);
  if (stop < 0) return fail_errno("make an event descriptor");
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  return {};
}

int exit_after(int signal) { return signal == SIGINT ? app::exit_interrupted : app::exit_done; }

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Result<transcode::Settings> read_settings(const app::Settings& given) {
  transcode::Settings settings;
  SLUICE_TRY_VALUE(settings.layout.ladder, media::parse_ladder(given.text("ladder")));
  const auto cores = static_cast<unsigned>(given.integer("cores"));
  settings.layout.cores = cores ? cores : std::max(1u, std::thread::hardware_concurrency());
  settings.layout.preset = given.text("preset");
  settings.layout.lookahead = static_cast<unsigned>(given.integer("lookahead"));
  settings.layout.audio_bitrate = static_cast<std::uint32_t>(given.integer("audio-rate")) * 1000;
  const std::string source = given.text("source");
  using Choice = transcode::SourcePlan::Choice;
  settings.source = source == "copy" ? Choice::copy : source == "encode" ? Choice::encode : Choice::automatic;
  settings.segment = given.duration("segment");
  if (settings.segment <= microseconds(0)) return fail(Errc::usage, "--segment must be more than 0");
  settings.feeding = {environment("SLUICE_FED") == "1", environment("SLUICE_LEDGER"), false};
  const std::string shed = given.text("shed");
  settings.shed = shed == "on" || (shed == "auto" && settings.feeding.supervised);
  settings.shedding.lag = given.duration("shed-lag");
  settings.shedding.quiet = given.duration("shed-quiet");
  settings.shedding.calm_lag = settings.shedding.lag / 3;
  settings.shedding.most_lag = std::max(settings.shedding.most_lag, settings.shedding.lag * 2);
  const std::string progress = given.text("progress");
  settings.progress = progress == "always" || (progress == "auto" && ::isatty(STDERR_FILENO));
  return settings;
}

Result<int> run(const app::Settings& given) {
  if (given.has("worker") && given.has("dispatch")) return fail(Errc::usage, "--worker and --dispatch are two ends of one connection", "give one of them");
  if (given.has("worker")) return transcode::work(given);
  SLUICE_TRY_VALUE(transcode::Settings settings, read_settings(given));
  if (::isatty(STDOUT_FILENO)) return fail(Errc::usage, "standard output is a terminal", "pipe it on: transcode < stream | segmenter …");
  std::unique_ptr<transcode::MetricsServer> metrics;
  if (given.has("metrics")) {
    SLUICE_TRY_VALUE(metrics, transcode::MetricsServer::open(given.text("metrics")));
  }
  if (given.has("dispatch")) {
    SLUICE_TRY_VALUE(const auto code, transcode::dispatch(given));
    if (code) return *code;
  }
  SLUICE_TRY(catch_signals());
  Result<pipe::Reader> input = pipe::Reader::open(STDIN_FILENO, ffmpeg::Demuxer::open, {}, stop);
  if (!input && stopped_by != 0) return exit_after(stopped_by);  // before there was anything to encode
  if (!input) return std::unexpected(input.error());
  pipe::Reader& reader = *input;
  const auto discontinuity = reader.metadata().find("sluice_discontinuity");
  settings.feeding.new_publisher = discontinuity != reader.metadata().end() && discontinuity->second == "1";
  const auto end = transcode::Pipeline(reader, std::move(settings), system_clock()).run();
  if (!end) return std::unexpected(end.error());
  if (*end == transcode::End::next_generation) return app::exit_temporary;
  return exit_after(stopped_by);
}

}  // namespace

int main(int argc, char** argv) { return app::run_main(argc, argv, program(), run); }
