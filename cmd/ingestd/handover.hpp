#pragma once
// How an ingestd in use is replaced (decision 15). The new process connects to the old one's handover socket, a Unix socket beside
// the control socket (os/packet_socket.hpp); each message is one JSON object, with descriptors.
//
//   new → old  {"take_over":VERSION,"node":…,"ledgers":…}
//   old → new  {"refused":{"what":…,"hint":…}}: another version, node or folder; not now. The old one goes on as if nothing had been asked.
//              Or {"coming":[STREAM…]} + a pidfd of the old one: their ledgers may be long, and are read before anything stops
//   new → old  {"prepared":true}
//   old → new  When those who are half way in have got through or had their time, and then its pipelines have ended, while nothing changes any more:
//              {"listening":PORT} + socket, {"lock":true} + flock, {"elder":true,"srt":…} + the link to a process that was replaced earlier, and
//              of each stream there {"kept":{"channel":…,"name":…,"stream":…,"row":…,"lines":…},"elder":true} (the last two of its last beat),
//              {"stream":{…}} + state [+ socket of its publisher], {"connection":true} + state + socket,
//              {"kept":{…}}: goes on in the old process, {"complete":true}
//   new → old  {"ready":true}: all of it has been restored
//   old → new  {"yours":true}; or {"off":WHY}: it took too long, the old one goes on
//   new → old  {"mine":true}: it knows. Whichever process fails before this, the other has lost nothing: until then the old one keeps all that it
//              gave, and goes on with it when the link ends; and where the link ends because the old one has died, what it gave whole is the
//              new one's. A state is a snapshot (base/snapshot.hpp) in a memory file.
//
// From then on the old process drains: it keeps what cannot move (RTMPS, SRT, a command fed by --exec), and the link lives as long.
//   old → new  {"beat":{"channel":…,"heard":…,"row":…,"lines":…}} about what is kept, {"stream":{…}} + state: its publisher has gone, it
//              waits for another (one that came by SRT waits in the old process while that has SRT's port, or until it is wanted); {"over":CHANNEL}, {"busy":CHANNEL}, {"srt":"free"}: the port may be bound
//   new → old  {"taken":CHANNEL}: the stream is restored; {"want":CHANNEL}: somebody has its key; {"kick":NAME}
// Neither waits for the other: one that reads nothing for 10 s (link_patience) is taken for dead.
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "options.hpp"

namespace sluice::ingestd {

// Of the messages and of every section in the states: a process of another version refuses before anything has stopped.
inline constexpr int handover_version = 3;
inline constexpr milliseconds link_patience{10'000};

// Where the process with this configuration can be asked to hand over. Empty: it has no control socket.
inline std::string handover_path(const Config& config) { return config.control.empty() ? "" : config.control + ".handover"; }

}  // namespace sluice::ingestd
