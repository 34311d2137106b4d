#include "control_acts.hpp"

#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/control.hpp"
#include "chat/personal.hpp"
#include "platform/names.hpp"
#include "store/shell.hpp"

namespace sluice::chatd {

namespace {
using Reply = std::function<void(std::string)>;
using nlohmann::json;

std::string line_of(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Is the notice that nothing was done?
bool refuses(const std::string& id) {
  for (const char* whole :
       {"no_permission", "invalid_user", "already_banned", "unavailable_command", "no_help",
        "unrecognized_cmd", "not_hosting", "automod_not_held", "automod_decided"})
    if (id == whole) return true;
  for (const char* start : {"bad_", "usage_", "msg_"})
    if (id.starts_with(start)) return true;
  return false;
}

std::string answer_of(const chat::Notice& notice) {
  if (refuses(notice.id))
    return line_of({{"error", {{"what", notice.text}, {"hint", ""}, {"notice", notice.id}}}});
  return line_of({{"notice", notice.id}, {"text", notice.text}});
}

// Moderation does not answer what the room shows: so nothing was refused when nobody is left who could
// answer.
class Answering {
 public:
  explicit Answering(Reply reply) : reply_(std::move(reply)) {}
  ~Answering() {
    if (reply_) reply_(line_of({{"notice", nullptr}}));
  }
  Answering(const Answering&) = delete;
  void tell(const std::string& answer) {
    if (reply_) std::exchange(reply_, nullptr)(answer);
  }

 private:
  Reply reply_;
};
}  // namespace

struct ControlActs::Request {
  std::string channel, as, line;
};

void ControlActs::take(const std::string& request_json, Reply reply) {
  const json asked = json::parse(request_json);
  const auto text = [&](const char* name) {
    const auto found = asked.find(name);
    return found != asked.end() && found->is_string() ? found->get<std::string>() : "";
  };
  const Request request{platform::folded_name(text("channel")), platform::folded_name(text("as")),
                        text("line")};
  if (request.channel.empty() || request.as.empty() || request.line.empty())
    return reply(app::error_json({Errc::invalid, "an act needs \"channel\", \"as\" and \"line\"",
                                  R"(as {"command":"act","channel":"demo","as":"ada","line":"/clear"})"}));
  const auto find_user = [this, as = request.as] { return store_.users().by_name(as); };
  offload_.run(find_user, [this, request, reply = std::move(reply)](const Result<store::User>& user) {
    if (!user) return reply(app::error_json(user.error()));
    const store::Actor shell = store::actor_at_shell();
    const chat::By by{{user->id, user->name, user->display_name, {}}, shell.address + " " + shell.name};
    directory_.find_channel(request.channel, [this, request, by, reply](const Result<chat::Channel>& found) {
      if (!found) return reply(app::error_json(found.error()));
      Request named = request;
      named.channel = found->name;
      carry_out(named, by, reply);
    });
  });
}

void ControlActs::carry_out(const Request& request, const chat::By& by, Reply reply) {
  const std::string_view line = request.line;
  const auto command = chat::parse_command(line.starts_with('/') ? line.substr(1) : line);
  if (!command) return reply(answer_of({command.error().notice_id, command.error().text}));
  if (command->rule->act == chat::Act::disconnect)
    return reply(app::error_json({Errc::invalid, "nobody is connected here whom to disconnect", ""}));
  if (chat::is_personal(command->rule->act))
    return reply(
        app::error_json({Errc::invalid, fmt::format("/{} is about a user and no room", command->rule->word),
                         "the user says it in chat"}));
  chat::Room* room = rooms_.find(request.channel);
  if (room == nullptr)
    return reply(
        app::error_json({Errc::unavailable, "#" + request.channel + " was just closed", "ask again"}));
  const auto answering = std::make_shared<Answering>(std::move(reply));
  moderation_.carry_out(*room, by, *command,
                        [answering](const chat::Notice& notice) { answering->tell(answer_of(notice)); });
}

}  // namespace sluice::chatd
