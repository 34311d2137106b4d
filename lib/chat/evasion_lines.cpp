#include "chat/evasion_lines.hpp"

#include "chat/json_object.hpp"

namespace sluice::chat {

void write_suspicion(std::string& out, const IrcStyle& style, const Suspicion& told) {
  if (told.cleared_by)
    return write_notice(out, style, told.channel, "suspicious_user_cleared",
                        told.user.login + " was cleared by " + told.cleared_by->login +
                            " of what looked like avoiding the ban of " + told.banned.login + ".");
  write_notice(out, style, told.channel, "suspicious_user",
               told.user.login + " may be avoiding a ban (" + told.evaluation + "): the same " +
                   told.matched + " as " + told.banned.login + ", who is banned." +
                   (told.held ? " What " + told.user.login + " says waits in the queue." : "") +
                   " /unmonitor " + told.user.login + " if it is somebody else.");
}

void write_suspicion(std::string& out, const Suspicion& told) {
  JsonObject object(out);
  object.text("type", "suspicious").text("channel", told.channel);
  append_user(object.member("user"), told.user);
  append_user(object.member("banned"), told.banned);
  object.text("evaluation", told.evaluation).text("matched", told.matched);
  object.text("status", told.cleared_by ? "cleared" : told.held ? "held" : "flagged");
  if (told.cleared_by) append_user(object.member("by"), *told.cleared_by);
  object.time("at", told.at);
}

}  // namespace sluice::chat
