#pragma once
// Telling the outside about our state: --ready-fd, and systemd's notification socket (sd_notify(3)).
#include <string_view>

namespace sluice::app {

void notify_systemd(std::string_view state);   // "READY=1"; nothing when NOTIFY_SOCKET is unset
void write_ready_fd(int fd);                   // a newline, then closed

}  // namespace sluice::app
