#include "app/control.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

namespace sluice::app {

namespace {

constexpr std::size_t longest_line = 64 * 1024;

class ControlClient : public net::Connection::Handler, public std::enable_shared_from_this<ControlClient> {
 public:
  explicit ControlClient(const Control& control) : control_(control) {}
  void attach(const std::shared_ptr<net::Connection>& connection) { connection_ = connection; }

  void on_data(ByteView bytes) override {
    pending_ += as_text(bytes);
    answer_lines();
    const auto connection = connection_.lock();
    if (pending_.size() > longest_line && connection)
      connection->abort(Error{Errc::invalid, "a control request is longer than 64 KB", ""});
  }
  void on_closed(const Error&) override {}

 private:
  void answer_lines() {
    std::size_t end;
    under_way_ = true;
    while (!awaited_ && (end = pending_.find('\n')) != std::string::npos) {
      const std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      awaited_ = true;
      control_.answer(line, [weak = weak_from_this()](const std::string& answer) {
        if (const auto self = weak.lock()) self->take_answer(answer);
      });
    }
    under_way_ = false;
  }

  void take_answer(const std::string& answer) {
    if (const auto connection = connection_.lock()) connection->send(to_bytes(answer + "\n"));
    awaited_ = false;
    if (!under_way_) answer_lines();
  }

  const Control& control_;
  std::weak_ptr<net::Connection> connection_;
  std::string pending_;
  bool awaited_ = false;    // an answer that takes time
  bool under_way_ = false;  // answer_lines(), which an answer at once is given in
};

}  // namespace

std::string error_json(const Error& error) {
  return nlohmann::json{{"error", {{"what", error.what}, {"hint", error.hint}}}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Control::~Control() {
  if (owns_path_) ::unlink(path_.c_str());
}

void Control::add(const std::string& command, Answer answer) {
  add(command, [answer = std::move(answer)](const std::string& request, const Reply& reply) { reply(answer(request)); });
}

void Control::add(const std::string& command, LateAnswer answer) { commands_[command] = std::move(answer); }

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

void Control::answer(const std::string& line, const Reply& reply) const {
  const auto request = nlohmann::json::parse(line, nullptr, false);
  if (!request.is_object() || !request.contains("command") || !request["command"].is_string())
    return reply(error_json({Errc::invalid, "the request is not an object with a \"command\"", R"(send {"command":"status"})"}));
  const auto command = commands_.find(request["command"].get<std::string>());
  if (command == commands_.end()) {
    std::string known;
    for (const auto& [name, answer] : commands_) known += (known.empty() ? "" : ", ") + name;
    return reply(error_json({Errc::invalid, "no such command", "one of: " + known}));
  }
  try {
    command->second(line, reply);
  } catch (const nlohmann::json::exception& wrong) {
    reply(error_json({Errc::invalid, wrong.what(), ""}));
  }
}

}  // namespace sluice::app
