#include <vector>

#include <nlohmann/json.hpp>

#include "app/control.hpp"
#include "base/text.hpp"

namespace sluice::app {

namespace {
// One request, one answer.
struct Asker : net::Connection::Handler {
  explicit Asker(net::Loop& l) : loop(l) {}
  void on_data(ByteView bytes) override {
    answer += as_text(bytes);
    if (answer.ends_with('\n')) loop.stop();
  }
  void on_closed(const Error&) override { loop.stop(); }

  net::Loop& loop;
  std::string answer;
};

// At spaces, but for those of a value that stands between double quotes, which go; in it \" and \\ are a quote and a backslash.
Result<std::vector<std::string>> words_of(std::string_view line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool escape = quoted && line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == '"' || line[i + 1] == '\\');
    if (escape) {
      words.back() += line[++i];
    } else if (line[i] == '"' && (quoted || words.back().ends_with('='))) {
      quoted = !quoted;
    } else if (line[i] == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += line[i];
    }
  }
  if (quoted) return fail(Errc::usage, "--ask: a double quote is not closed", "write a value with spaces as NAME=\"A VALUE\"");
  return words;
}
}  // namespace

Result<std::string> request_of(std::string_view line) {
  nlohmann::json request;
  SLUICE_TRY_VALUE(const std::vector<std::string> words, words_of(line));
  for (const std::string_view word : words) {
    const std::size_t equals = word.find('=');
    if (word.empty()) continue;
    if (!request.contains("command") && equals == std::string_view::npos) {
      request["command"] = word;
    } else if (!request.contains("command") || equals == 0 || equals == std::string_view::npos || word.starts_with("command=")) {
      return fail(Errc::usage, "--ask: '" + std::string(word) + "' is no argument of a command", "write a command, and what it needs as NAME=VALUE or NAME=\"A VALUE\": --ask 'kick channel=ada'");
    } else {
      request[std::string(word.substr(0, equals))] = word.substr(equals + 1);
    }
  }
  if (request.empty()) return fail(Errc::usage, "--ask: no command", "write one, such as --ask status");
  return request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<std::string> ask(const std::string& path, const std::string& request_json) {
  net::Loop loop;
  auto asker = std::make_shared<Asker>(loop);
  Result<> connected;
  std::shared_ptr<net::Connection> connection;
  net::Connection::connect(loop, {.path = path}, asker, [&](Result<std::shared_ptr<net::Connection>> made) {
    if (!made) {
      connected = fail(Errc::unavailable, made.error().what, "is the daemon up? see 'sluice status'");
      return loop.stop();
    }
    connection = *made;
    connection->send(to_bytes(request_json + "\n"));
  });
  net::Timer limit(loop);
  limit.after(std::chrono::seconds(10), [&] { loop.stop(); });
  loop.run();
  if (connection) connection->release();
  SLUICE_TRY(connected);
  if (!asker->answer.ends_with('\n')) return fail(Errc::unavailable, path + " gave no answer", "see the daemon's log");
  asker->answer.pop_back();
  return asker->answer;
}

}  // namespace sluice::app
