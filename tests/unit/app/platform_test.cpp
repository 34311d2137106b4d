#include "app/platform.hpp"

#include <catch2/catch.hpp>

using namespace sluice::app;

namespace {
using Variables = std::map<std::string, std::string>;

Platform platform(const std::vector<std::string>& arguments, const Variables& variables) {
  Program program{.name = "x", .summary = "x", .commands = {{.path = "", .summary = "x", .options = platform_options()}}};
  Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    auto at = variables.find(name);
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  };
  return platform_of(parse(program, arguments, environment).value(), environment);
}
}  // namespace

TEST_CASE("everything of a platform lies in its directory") {
  Platform p = platform({"--dir", "/srv/live/"}, {});
  CHECK(p.dir == "/srv/live");
  CHECK(p.store == "sqlite:/srv/live/store.db");
  CHECK(p.bus == "unix:/srv/live/bus");
  CHECK(p.ledgers() == "/srv/live/ledgers");
  CHECK(p.control("chatd") == "/srv/live/run/chatd.sock");
}

TEST_CASE("the directory comes from the environment too, and has a default") {
  CHECK(platform({}, {{"SLUICE_DIR", "/a"}, {"HOME", "/h"}}).dir == "/a");
  CHECK(platform({}, {{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}}).dir == "/s/sluice");
  CHECK(platform({}, {{"HOME", "/h"}}).dir == "/h/.local/state/sluice");
  CHECK(platform({"--dir", "x"}, {}).dir.starts_with('/'));
}

TEST_CASE("an engine may lie elsewhere") {
  Platform p = platform({"--store", "sqlite:/db/s.db"}, {{"SLUICE_BUS", "unix:/b"}, {"SLUICE_DIR", "/a"}});
  CHECK(p.store == "sqlite:/db/s.db");
  CHECK(p.bus == "unix:/b");
}
