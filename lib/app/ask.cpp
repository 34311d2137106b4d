#include <nlohmann/json.hpp>

#include "app/control.hpp"

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
}  // namespace

Result<std::string> ask(const std::string& path, const std::string& command) {
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
    connection->send(to_bytes(nlohmann::json{{"command", command}}.dump() + "\n"));
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
