#pragma once
// How moderation's lines are written: for IRC, and as objects of the JSON protocol (sluice-chat(5)).
#include <string>

#include "chat/irc_lines.hpp"
#include "chat/line.hpp"

namespace sluice::chat {

void write_clear_chat(std::string& out, const IrcStyle& style, const UserCleared& cleared);
void write_clear_chat(std::string& out, const IrcStyle& style, const Cleared& cleared);
void write_clear_message(std::string& out, const IrcStyle& style, const MessageRemoved& removed);
void write_announcement(std::string& out, const IrcStyle& style, const Message& message);  // USERNOTICE

void write_banned(std::string& out, const UserCleared& cleared);
void write_cleared(std::string& out, const Cleared& cleared);
void write_deleted(std::string& out, const MessageRemoved& removed);

}  // namespace sluice::chat
