// events: the log as NDJSON, to the end or for ever.
#include <cstdio>

#include <fmt/format.h>
#include <signal.h>

#include "app/run.hpp"
#include "app/signals.hpp"
#include "base/text.hpp"
#include "bus/follower.hpp"
#include "commands.hpp"
#include "output.hpp"

namespace sluice::chanctl {

namespace {
Result<store::Cursor> start_of(const app::Settings& settings, Platform& platform) {
  const std::string since = settings.text("since");
  if (since == "now") return platform.store->events().last();
  auto number = parse_number<std::int64_t>(since);
  if (!number || *number < 0)
    return fail(Errc::usage, fmt::format("--since: \"{}\" is no cursor", since),
                "give the cursor of an event, 0, or now");
  return store::Cursor(*number);
}

Result<> print_all(store::Events& events, store::Cursor cursor) {
  for (;;) {
    SLUICE_TRY_VALUE(std::vector<store::Event> batch, events.since(cursor));
    if (batch.empty()) return {};
    for (const store::Event& event : batch) print_line(to_json(event));
    cursor = batch.back().cursor;
  }
}

// Until a signal; each event is flushed as it comes.
Result<int> follow(Platform& platform, store::Cursor since) {
  net::Loop loop;
  net::Offload offload(loop);
  int code = app::exit_done;
  app::Signals signals(loop, [&](int signal) {
    if (signal == SIGINT) code = app::exit_interrupted;
    loop.stop();
  });
  SLUICE_TRY_VALUE(auto follower, bus::EventFollower::start(loop, offload, *platform.store, *platform.bus,
                                                            since, [&](const store::Event& event) {
                                                              print_line(to_json(event));
                                                              if (std::fflush(stdout) != 0) loop.stop();
                                                            }));
  loop.run();
  return code;
}
}  // namespace

Result<int> events(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(store::Cursor since, start_of(settings, platform));
  if (settings.flag("follow")) return follow(platform, since);
  SLUICE_TRY(print_all(platform.store->events(), since));
  return app::exit_done;
}

}  // namespace sluice::chanctl
