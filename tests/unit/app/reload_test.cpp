#include <catch2/catch.hpp>

#include "app/reload.hpp"

using namespace sluice;

namespace {

const app::Program daemon{
    .name = "d",
    .summary = "an example",
    .commands = {{.path = "",
                  .options = {{.name = "port", .kind = app::Kind::integer, .metavar = "N", .fallback = "1", .help = "p"},
                              {.name = "rate", .kind = app::Kind::integer, .metavar = "N", .fallback = "1", .help = "r", .reloads = true},
                              {.name = "url", .metavar = "URL", .help = "u", .reloads = true}}}},
    .daemon = true};

app::Settings with(std::vector<std::string> arguments) {
  return app::parse(daemon, arguments, [](const std::string&) { return std::nullopt; }).value();
}

app::Reload reload(const app::Settings& running, const app::Settings& fresh) {
  return app::Reload::of(app::options_of(daemon, ""), running, fresh);
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("options that reload take their new values, others keep the old and are named") {
  const auto running = with({"--port", "2", "--rate", "3"});
  const auto planned = reload(running, with({"--port", "4", "--rate", "5", "--drain-time", "1s"}));
  CHECK(planned.changed == Names{"rate", "drain-time"});
  CHECK(planned.need_restart == Names{"port"});
  CHECK(planned.settings.integer("port") == 2);
  CHECK(planned.settings.integer("rate") == 5);
  CHECK(planned.settings.text("drain-time") == "1s");
  // What waits for a restart is named again at the next reload, until it is as it was.
  CHECK(reload(planned.settings, with({"--port", "4", "--rate", "5", "--drain-time", "1s"})).need_restart == Names{"port"});
  CHECK(reload(planned.settings, with({"--port", "2", "--rate", "5", "--drain-time", "1s"})).need_restart.empty());
}

TEST_CASE("an option may come and go") {
  const auto come = reload(with({}), with({"--url", "http://a"}));
  CHECK(come.settings.text("url") == "http://a");
  const auto gone = reload(come.settings, with({}));
  CHECK(gone.changed == Names{"url"});
  CHECK_FALSE(gone.settings.has("url"));
  CHECK(reload(gone.settings, with({})).changed.empty());
}
