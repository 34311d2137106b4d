#include "app/control.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

namespace sluice::app {

namespace {

constexpr std::size_t longest_line = 64 * 1024;

class ControlClient : public net::Connection::Handler {
 public:
  explicit ControlClient(const Control& control) : control_(control) {}
  void attach(const std::shared_ptr<net::Connection>& connection) { connection_ = connection; }

  void on_data(ByteView bytes) override {
    const auto connection = connection_.lock();
    pending_ += as_text(bytes);
    std::size_t end;
    while ((end = pending_.find('\n')) != std::string::npos) {
      if (connection) connection->send(to_bytes(control_.answer(pending_.substr(0, end)) + "\n"));
      pending_.erase(0, end + 1);
    }
    if (pending_.size() > longest_line && connection)
      connection->abort(Error{Errc::invalid, "a control request is longer than 64 KB", ""});
  }
  void on_closed(const Error&) override {}

 private:
  const Control& control_;
  std::weak_ptr<net::Connection> connection_;
  std::string pending_;
};

}  // namespace

std::string error_json(const Error& error) {
  return nlohmann::json{{"error", {{"what", error.what}, {"hint", error.hint}}}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Control::~Control() {
  if (owns_path_) ::unlink(path_.c_str());
}

void Control::add(const std::string& command, Answer answer) { commands_[command] = std::move(answer); }

net::Listener::Accept Control::accept_on(net::Loop& loop) {
  return [this, &loop](os::UniqueFd fd, net::Endpoint) {
    auto client = std::make_shared<ControlClient>(*this);
    client->attach(net::Connection::adopt(loop, std::move(fd), client));
  };
}

Result<> Control::listen(net::Loop& loop, const std::string& path) {
  SLUICE_TRY_VALUE(listener_, net::Listener::bind(loop, {.path = path}, accept_on(loop)));
  path_ = path;
  owns_path_ = true;
  return {};
}

void Control::adopt(net::Loop& loop, os::UniqueFd listening, const std::string& path) {
  listener_ = net::Listener::adopt(loop, std::move(listening), accept_on(loop));
  path_ = path;
}

void Control::retire() {
  owns_path_ = false;
  listener_.reset();
}

std::string Control::answer(const std::string& line) const {
  const auto request = nlohmann::json::parse(line, nullptr, false);
  if (!request.is_object() || !request.contains("command") || !request["command"].is_string())
    return error_json({Errc::invalid, "the request is not an object with a \"command\"", R"(send {"command":"status"})"});
  const auto command = commands_.find(request["command"].get<std::string>());
  if (command == commands_.end()) {
    std::string known;
    for (const auto& [name, answer] : commands_) known += (known.empty() ? "" : ", ") + name;
    return error_json({Errc::invalid, "no such command", "one of: " + known});
  }
  try {
    return command->second(line);
  } catch (const nlohmann::json::exception& wrong) {
    return error_json({Errc::invalid, wrong.what(), ""});
  }
}

}  // namespace sluice::app
