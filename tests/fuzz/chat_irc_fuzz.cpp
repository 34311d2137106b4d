// rooms: chat
// What an IRC client may do to a room and to those in it, past its login: no crash; every line that another
// client gets is one line of UTF-8 with its end, within its limits; every frame that a page gets is one
// object.
#include <cstdint>
#include <cstdlib>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "unit/chat/fakes.hpp"

using namespace sluice;
using namespace sluice::chat;

namespace {
constexpr std::size_t longest_line = 16 * 1024;  // 500 characters in a reply to 500, and their tags

void must(bool holds) {
  if (!holds) std::abort();
}

void check_lines(std::string_view lines) {
  must(is_utf8(lines));
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    must(end != std::string_view::npos && end > 0 && end < longest_line);
    must(lines.substr(0, end).find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    lines.remove_prefix(end + 2);
  }
}

// append_marked() makes an array of each frame.
void check_objects(const std::string& frames) {
  std::istringstream rest(frames);
  while (rest.peek() != std::istringstream::traits_type::eof()) {
    nlohmann::json frame;
    rest >> frame;  // throws what is no JSON
    must(frame.is_array() && frame.size() == 1 && frame[0].is_object());
  }
}
}  // namespace

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
  check_objects(page.outlet.delivered);
  return 0;
}
