#pragma once
// The Lua scripts by which nodes keep limits together in Redis (sluice-chat-nodes(5), Limits): each is one
// step for all nodes. Times are in microseconds of the server's clock, counted from what a list or a key says
// is later than now as if it were now: a clock that was set back holds nobody up.
#include <string>

namespace sluice::nodes {

enum class ScriptTime {
  server,  // Redis's own
  given,   // the last of ARGV: for tests
};

// May this message be sent? KEYS: the user's window; in the room its cooldown, and what it sent last; the
// idempotency key; the text. ARGV: 1 places, 2 their span, 3 cooldown, 4 the longest cooldown of anybody,
// 5 slow mode, 6 what it says, 7 how long that may not be said again, 8 the node, 9 a word that is this
// message's alone, 10 whether it has an idempotency key, 11 whether its text must be new.
std::string send_script(ScriptTime time = ScriptTime::server);
// It was not published. KEYS: what the user sent last in the room; claims. ARGV: 1 the entry, 2 the claims'
// value.
std::string take_back_script();
// May this user whisper? KEYS: windows. ARGV: places and span of each.
std::string whisper_script(ScriptTime time = ScriptTime::server);
// Publishes a whisper to the nodes on which its user is. KEYS: whom its author whispered to. ARGV: 1 to whom,
// 2 the most people, 3 in how many seconds, 4 the channel, 5 what is published, 6 "1" if the user is here,
// too.
std::string tell_script();

}  // namespace sluice::nodes
