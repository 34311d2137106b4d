// rooms: chat
// What an IRC client may do to a room and to those in it, past its login: no crash; every line that another
// client gets is one line of UTF-8 with its end, within its limits; every frame that a page gets is one
// object.
#include <cstdint>

#include "unit/chat/checks.hpp"
#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TestHall hall;
  IrcPeer speaker(hall), listener(hall);
  JsonPeer page(hall);
  speaker.log_in("t7", "ada");
  listener.log_in("t8", "bob");
  listener.send("JOIN #demo\r\n");
  page.send(R"({"type":"join","channel":"demo"})");
  speaker.client->receive(std::as_bytes(std::span(data, size)));
  hall.flush();
  check_lines(listener.outlet.delivered);
  check_frames(page.outlet.delivered);
  return 0;
}
