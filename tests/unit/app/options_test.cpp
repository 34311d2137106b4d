#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/options.hpp"
#include "os/file.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const app::Program tool{
    .name = "tool",
    .summary = "an example",
    .commands = {
        {.path = "", .options = {{.name = "dir", .kind = app::Kind::path, .metavar = "DIR", .help = "where"}}},
        {.path = "user add",
         .summary = "add a user",
         .options = {{.name = "wait", .kind = app::Kind::duration, .metavar = "TIME", .fallback = "2s", .help = "how long"},
                     {.name = "tag", .metavar = "TAG", .help = "a mark", .repeats = true},
                     {.name = "count", .kind = app::Kind::integer, .metavar = "N", .fallback = "1", .help = "n", .min = 1, .max = 9}},
         .positionals = {{.name = "NAME", .help = "the user"}}},
        {.path = "user list", .summary = "list users"},
    }};

Result<app::Settings> parse(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
  return app::parse(tool, arguments, [environment](const std::string& name) -> std::optional<std::string> {
    const auto at = environment.find(name);
    if (at == environment.end()) return std::nullopt;
    return at->second;
  });
}

struct TemporaryFile {
  std::string path = "/tmp/sluice-options-XXXXXX";
  explicit TemporaryFile(std::string_view content) {
    const os::UniqueFd fd(::mkstemp(path.data()));
    REQUIRE(os::write_all(fd.get(), as_bytes(content)));
  }
  ~TemporaryFile() { ::unlink(path.c_str()); }
};

}  // namespace

TEST_CASE("a command, its options and its arguments are found, shared options in any place") {
  const auto settings = parse({"user", "add", "alice", "--wait", "1.5s", "--dir", "/x", "--tag", "a", "--tag", "b"});
  REQUIRE(settings);
  CHECK(settings->command() == "user add");
  CHECK(settings->positional("NAME") == "alice");
  CHECK(settings->duration("wait") == 1500ms);
  CHECK(settings->text("dir") == "/x");
  CHECK(settings->list("tag") == std::vector<std::string>{"a", "b"});
  CHECK(settings->integer("count") == 1);
  CHECK(settings->origin("count") == "default");
  CHECK(parse({"--dir", "/y", "user", "list"})->text("dir") == "/y");
}

TEST_CASE("each argument goes to its place, and one too many is refused") {
  const app::Program two{.name = "two",
                         .summary = "an example",
                         .commands = {{.path = "", .summary = "x"},
                                      {.path = "move", .summary = "x", .positionals = {{.name = "FROM"}, {.name = "TO"}}},
                                      {.path = "join",
                                       .summary = "x",
                                       .positionals = {{.name = "TO"}, {.name = "FROM", .repeats = true}}}}};
  const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
  const auto moved = app::parse(two, {"move", "a", "b"}, nothing).value();
  CHECK(moved.positional("FROM") == "a");
  CHECK(moved.positional("TO") == "b");
  CHECK_FALSE(app::parse(two, {"move", "a", "b", "c"}, nothing));
  CHECK_FALSE(app::parse(two, {"move", "a"}, nothing));
  CHECK(app::parse(two, {"join", "a", "b", "c"}, nothing).value().positionals("FROM") == std::vector<std::string>{"b", "c"});
}

TEST_CASE("what stands behind a command is its argument, even if it is a command's name") {
  const app::Program acts{.name = "acts",
                          .summary = "an example",
                          .commands = {{.path = ""},
                                       {.path = "ban", .summary = "x", .positionals = {{.name = "WHERE"}, {.name = "WHOM"}}},
                                       {.path = "list", .summary = "x"},
                                       {.path = "note add", .summary = "x", .positionals = {{.name = "WHOM"}}},
                                       {.path = "note list", .summary = "x"}}};
  const auto nothing = [](const std::string&) { return std::optional<std::string>(); };
  const auto banned = app::parse(acts, {"ban", "note", "list"}, nothing).value();
  CHECK(banned.command() == "ban");
  CHECK(banned.positional("WHERE") == "note");
  CHECK(banned.positional("WHOM") == "list");
  CHECK(app::parse(acts, {"ban", "demo", "-"}, nothing).value().positional("WHOM") == "-");
  CHECK(app::parse(acts, {"note", "add", "list"}, nothing).value().positional("WHOM") == "list");
  CHECK(app::parse(acts, {"note", "list"}, nothing).value().command() == "note list");
  CHECK_FALSE(app::parse(acts, {"note", "list", "ban"}, nothing));
}

TEST_CASE("command line beats environment beats file beats default, and the origin tells") {
  const TemporaryFile file("# comment\nwait = 7s\n\ntag = x, y\ncount=3\n");
  auto settings = parse({"user", "add", "a", "--config", file.path});
  REQUIRE(settings);
  CHECK(settings->duration("wait") == 7s);
  CHECK(settings->origin("wait") == file.path + ":2");
  CHECK(settings->list("tag") == std::vector<std::string>{"x", "y"});
  settings = parse({"user", "add", "a", "--config", file.path}, {{"SLUICE_WAIT", "8s"}});
  CHECK(settings->duration("wait") == 8s);
  CHECK(settings->origin("wait") == "environment SLUICE_WAIT");
  settings = parse({"user", "add", "a", "--config", file.path, "--wait", "9s"}, {{"SLUICE_WAIT", "8s"}});
  CHECK(settings->duration("wait") == 9s);
  CHECK(settings->origin("wait") == "command line");
}

TEST_CASE("what is wrong is named, with what to do") {
  auto wrong = [](std::vector<std::string> arguments) {
    auto settings = parse(std::move(arguments));
    REQUIRE_FALSE(settings);
    return settings.error();
  };
  CHECK(wrong({}).what == "no command given");
  CHECK(wrong({"user"}).hint.find("user add, user list") != std::string::npos);
  CHECK(wrong({"user", "add"}).what == "NAME is missing");
  CHECK(wrong({"user", "add", "a", "--wat", "1s"}).hint.find("did you mean --wait?") != std::string::npos);
  CHECK(wrong({"user", "add", "a", "--wait", "soon"}).what == "--wait: 'soon' is not a duration");
  CHECK(wrong({"user", "add", "a", "--count", "10"}).what == "--count: 10 is out of range");
  CHECK(wrong({"user", "add", "a", "--count", "2", "--count", "3"}).what == "--count is given 2 times");
  CHECK(wrong({"user", "add", "a", "--wait", "soon"}).code == Errc::usage);
}

TEST_CASE("a wrong value from the environment or a file is a configuration error that says from where") {
  const auto error = parse({"user", "add", "a"}, {{"SLUICE_COUNT", "many"}}).error();
  CHECK(error.code == Errc::config);
  CHECK(error.what == "--count (environment SLUICE_COUNT): 'many' is not a whole number");
  const TemporaryFile file("wait = 1s\nwiat = 2s\n");
  CHECK(parse({"user", "add", "a", "--config", file.path}).error().what == file.path + ":2: tool has no option 'wiat'");
}

TEST_CASE("errors show what stands in a configuration file without its control characters and broken bytes") {
  const auto wrong = [](const std::string& text) {
    const TemporaryFile file(text);
    const auto settings = parse({"user", "add", "a", "--config", file.path});
    REQUIRE_FALSE(settings);
    return settings.error().what.substr(file.path.size());
  };
  CHECK(wrong("\x1b[2Jhello\xff\n") == ":1: no '=' in '\\x1b[2Jhello\\xff'");
  CHECK(wrong("wa\x07it = 2s\n") == ":1: tool has no option 'wa\\x07it'");
  CHECK(wrong("a\x01 = 1\na\x01 = 2\n") == ":2: 'a\\x01' stands twice");
  const TemporaryFile file("wait = soon\x1b[31m\xc3\n");
  CHECK(parse({"user", "add", "a", "--config", file.path}).error().what == "--wait (" + file.path + ":1): 'soon\\x1b[31m\\xc3' is not a duration");
  CHECK(wrong(std::string(100'000, 'x')).size() < 500);
}

TEST_CASE("a folder holds a file for each program, which need not be there; a file that is named must be") {
  char folder[] = "/tmp/sluice-options-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string own = std::string(folder) + "/tool.conf";
  const auto wait_of = [&](const Result<app::Settings>& settings) { return settings ? settings->text("wait") + " " + settings->origin("wait") : settings.error().what; };
  CHECK(wait_of(parse({"user", "add", "a", "--config", folder})) == "2s default");
  REQUIRE(os::write_file_atomically(own, "wait = 7s\n"));
  CHECK(wait_of(parse({"user", "add", "a", "--config", folder})) == "7s " + own + ":1");
  CHECK(wait_of(parse({"user", "add", "a"}, {{"SLUICE_CONFIG", std::string(folder) + "/"}})) == "7s " + own + ":1");
  REQUIRE(os::write_file_atomically(own, "wiat = 7s\n"));
  CHECK(parse({"user", "add", "a", "--config", folder}).error().code == Errc::config);
  ::unlink(own.c_str());
  CHECK(parse({"user", "add", "a", "--config", own}).error().code == Errc::not_found);
  ::rmdir(folder);
}

TEST_CASE("a value may have to be more than of its kind, and the error says from where it came") {
  static constexpr auto even = [](const std::string& value) -> Result<> {
    if (value.size() % 2 == 0) return {};
    return fail(Errc::usage, "'" + value + "' is odd", "write one letter more");
  };
  const app::Program picky{.name = "picky", .summary = "s", .commands = {{.path = "", .options = {{.name = "word", .metavar = "WORD", .fallback = "ab", .help = "h", .check = even}}}}};
  const auto word = [&](const std::string& value) { return app::parse(picky, {}, [&](const std::string& name) { return name == "SLUICE_WORD" ? std::optional(value) : std::nullopt; }); };
  CHECK(word("abcd")->text("word") == "abcd");
  CHECK(word("abc").error().what == "--word (environment SLUICE_WORD): 'abc' is odd");
  CHECK(word("abc").error().code == Errc::config);
}

TEST_CASE("--help needs nothing else to be right") {
  CHECK(parse({"user", "add", "--help"})->flag("help"));
  CHECK(parse({"--help"})->flag("help"));
}

TEST_CASE("help, table and --print-config show the same options") {
  const std::string help = app::help_text(tool, "user add");
  const auto table = nlohmann::json::parse(app::options_json(tool));
  const std::string config = app::config_text(tool, *parse({"user", "add", "a"}));
  for (const auto& option : app::options_of(tool, "user add")) {
    CHECK(help.find("--" + option.name) != std::string::npos);
    if (option.name == "wait") CHECK(config.find("wait = 2s  # default") != std::string::npos);
  }
  CHECK(table["commands"].size() == 3);
  CHECK(table["common"].size() == app::common_options().size());
}

TEST_CASE("the password of a URL is shown by no --print-config and no complaint about the configuration") {
  const std::string config = app::config_text(tool, *parse({"user", "add", "a"}, {{"SLUICE_DIR", "redis://:hush@host/1"}, {"SLUICE_TAG", "x,redis://me:hush@host"}}));
  CHECK(config.find("dir = redis://:***@host/1  # environment SLUICE_DIR") != std::string::npos);
  CHECK(config.find("tag = x,redis://me:***@host  # environment SLUICE_TAG") != std::string::npos);
  const TemporaryFile file("dir redis://:hush@host\n");
  const auto wrong = parse({"user", "list", "--config", file.path});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().what.find("'dir redis://:***@host'") != std::string::npos);
}

TEST_CASE("durations and sizes") {
  CHECK(app::parse_duration("500ms") == 500ms);
  CHECK(app::parse_duration("2") == 2s);
  CHECK(app::parse_duration("1.5m") == 90s);
  CHECK_FALSE(app::parse_duration("-1s"));
  CHECK_FALSE(app::parse_duration("s"));
  CHECK(app::parse_size("64M") == 64u << 20);
  CHECK(app::parse_size("4096") == 4096u);
  CHECK_FALSE(app::parse_size("x"));
}
