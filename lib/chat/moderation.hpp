#pragma once
// Moderation: slash commands carried out: who may do what to whom, what is asked of the platform (Acts), and
// the notice that answers. Both protocols come here, and the control socket.
#include <expected>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "chat/acts.hpp"
#include "chat/error_code.hpp"
#include "chat/message_path.hpp"
#include "chat/notice.hpp"
#include "chat/room.hpp"
#include "chat/slash_command.hpp"

namespace sluice::chat {

// Why a page is not shown what waits.
struct NotShown {
  ErrorCode code;
  std::string text;
  std::optional<milliseconds> retry_after{};
};

class Moderation {
 public:
  // All outlive it.
  Moderation(Acts& acts, MessagePath& path, Clock& clock) : acts_(acts), path_(path), clock_(clock) {}

  using Answer = std::function<void(const Notice&)>;
  // The answer comes at once or when the store has answered; none, where the room shows what was done.
  // /disconnect is its connection's own.
  void carry_out(Room& room, const By& by, SlashCommand command, Answer answer);
  // Moderators' own: a ruling on a message that was held back, and those that wait for one.
  void rule(const Room& room, Ruling ruling, Answer answer);
  using Queue = std::function<void(const std::expected<std::vector<Held>, NotShown>&)>;
  void queue(const Room& room, const By& by, Queue answer);
  // The color of one's own name.
  void set_color(const By& by, const SlashCommand& command, Answer answer);
  // Nothing: `user` may ask for it. Banned users may ask for nothing, whatever their role.
  void forget_idle();  // now and then
  std::optional<Notice> refused(const Room& room, const User& user, const CommandRule& rule) const;

 private:
  std::optional<Notice> refused(const Room& room, const User& user, Needs needs) const;
  std::optional<Limited> too_many(const By& by);
  void ban(const Room& room, const By& by, SlashCommand command, Answer answer);
  void unban(const Room& room, const By& by, SlashCommand command, Answer answer);
  void change_role(const Room& room, const By& by, SlashCommand command, Answer answer);
  void remove_message(const Room& room, const By& by, const SlashCommand& command, Answer answer);
  void remove_found(const Room& room, const By& by, const MessagePtr& message, const std::string& reason,
                    const Answer& answer);
  void decide(Ruling ruling, const Answer& answer);
  void list_held(const Room& room, const Answer& answer);
  void list_suspects(const Room& room, const Answer& answer);
  void clear_suspect(const Room& room, const By& by, SlashCommand command, Answer answer);
  void clear(const Room& room, const By& by, std::string reason, Answer answer);
  void list_bans(const Room& room, const Answer& answer);
  void change_settings(const Room& room, const By& by, const SlashCommand& command, Answer answer);
  void change_automod(const Room& room, const By& by, const SlashCommand& command, const Answer& answer);
  void change_evasion(const Room& room, const By& by, const SlashCommand& command, const Answer& answer);
  void list_settings(const Room& room, const Answer& answer);
  void terms(const Room& room, const By& by, SlashCommand command, const Answer& answer);
  void word_lists(const Room& room, const By& by, SlashCommand command, const Answer& answer);
  void list_word_lists(const Room& room, const Answer& answer);
  void show_word_list(const Room& room, std::string list, const Answer& answer);
  void change_word_list(const Room& room, const By& by, SlashCommand command, const Answer& answer);
  void note(const Room& room, const By& by, SlashCommand command, Answer answer);
  void list_notes(const Room& room, SlashCommand command, const Answer& answer);
  void remove_note(const Room& room, const By& by, std::int64_t number, const Answer& answer);

  void announce(Room& room, const By& by, const SlashCommand& command, const Answer& answer);

  Acts& acts_;
  MessagePath& path_;
  Clock& clock_;
  Windows<UserId> commands_;
};

}  // namespace sluice::chat
