// rooms: srt
// srt_publish: many SRT callers in one process that send the same transport stream at once, in real time by its PCR. All call before
// any is answered, and each packet goes to all of them in one go. NDJSON on stdout: {"event":"connected"} when all are in, {"event":"sent"}
// after the last byte; then they stay, silent, until stdin ends. Exit: 0 all of it sent, 1 refused or cut off, 2 usage, 75 no answer.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <srt/srt.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/text.hpp"

namespace {

using namespace std::chrono;
using Clock = steady_clock;

constexpr const char* usage =
    "usage: srt_publish COUNT PORT STREAMID FILE\nCOUNT callers of 127.0.0.1; \"{}\" in STREAMID is a caller's number, from 0; FILE is MPEG-TS.\n";
constexpr std::size_t packet_size = 188, message_size = 7 * packet_size;
constexpr auto patience = 30s;

int fail(int code, const std::string& why) {
  std::fprintf(stderr, "srt_publish: %s\n", why.c_str());
  return code;
}

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

// Of the packet's adaptation field (H.222.0 2.4.3.5), in 1/90000 s.
std::optional<std::int64_t> pcr_of(const unsigned char* packet) {
  const bool field = (packet[3] & 0x20) != 0 && packet[4] >= 7 && (packet[5] & 0x10) != 0;
  if (!field) return std::nullopt;
  return std::int64_t{packet[6]} << 25 | packet[7] << 17 | packet[8] << 9 | packet[9] << 1 | packet[10] >> 7;
}

struct Message {
  std::string bytes;
  microseconds at{0};  // since the first
};

// Messages of seven packets, each due at the last PCR that was seen.
std::vector<Message> messages_of(const std::string& file) {
  std::vector<Message> messages;
  std::optional<std::int64_t> first;
  microseconds at{0};
  for (std::size_t from = 0; from < file.size(); from += message_size) {
    Message message{file.substr(from, message_size), at};
    for (std::size_t packet = 0; packet + packet_size <= message.bytes.size(); packet += packet_size) {
      const auto pcr = pcr_of(reinterpret_cast<const unsigned char*>(message.bytes.data()) + packet);
      if (!pcr) continue;
      if (!first) first = pcr;
      at = std::max(at, microseconds((*pcr - *first) * 100 / 9));
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

// 0 when all are connected. By libsrt's poll: srt_getsockstate() tells of a caller as broken for a moment while it becomes connected.
int connect_all(const std::vector<SRTSOCKET>& callers) {
  const int poll = srt_epoll_create(), events = SRT_EPOLL_OUT | SRT_EPOLL_ERR;
  for (const SRTSOCKET caller : callers) srt_epoll_add_usock(poll, caller, &events);
  const auto until = Clock::now() + patience;
  std::vector<SRT_EPOLL_EVENT> ready(callers.size());
  for (std::size_t connected = 0; connected < callers.size();) {
    const auto left = duration_cast<milliseconds>(until - Clock::now()).count();
    const int found = left > 0 ? srt_epoll_uwait(poll, ready.data(), static_cast<int>(ready.size()), left) : 0;
    if (found <= 0) return fail(75, fmt::format("no answer to {} of {}", callers.size() - connected, callers.size()));
    for (int i = 0; i < found; ++i, ++connected) {
      if (ready[i].events & SRT_EPOLL_ERR) return fail(1, fmt::format("refused: {}", srt_getrejectreason(ready[i].fd)));
      srt_epoll_remove_usock(poll, ready[i].fd);
    }
  }
  srt_epoll_release(poll);
  return 0;
}

int publish(const std::vector<SRTSOCKET>& callers, const std::vector<Message>& messages) {
  const auto start = Clock::now();
  for (const Message& message : messages) {
    std::this_thread::sleep_until(start + message.at);
    for (const SRTSOCKET caller : callers)
      if (srt_send(caller, message.bytes.data(), static_cast<int>(message.bytes.size())) < 0) return fail(1, std::string("cut off: ") + srt_getlasterror_str());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = argc == 5 ? sluice::parse_number<unsigned>(argv[1]) : std::nullopt;
  const auto port = argc == 5 ? sluice::parse_number<std::uint16_t>(argv[2]) : std::nullopt;
  if (!count || !port) return fail(2, usage);
  std::ifstream in(argv[4], std::ios::binary);
  const auto messages = messages_of(std::string(std::istreambuf_iterator<char>(in), {}));
  if (messages.empty()) return fail(2, fmt::format("cannot read {}", argv[4]));

  srt_startup();
  srt_setloglevel(LOG_CRIT);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(*port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<SRTSOCKET> callers;
  for (unsigned number = 0; number < *count; ++number) {
    const SRTSOCKET caller = callers.emplace_back(srt_create_socket());
    std::string stream_id = argv[3];
    if (const auto place = stream_id.find("{}"); place != std::string::npos) stream_id.replace(place, 2, std::to_string(number));
    const bool no = false;
    const int answer_ms = duration_cast<milliseconds>(patience).count();
    srt_setsockflag(caller, SRTO_STREAMID, stream_id.data(), static_cast<int>(stream_id.size()));
    srt_setsockflag(caller, SRTO_CONNTIMEO, &answer_ms, sizeof answer_ms);
    srt_setsockflag(caller, SRTO_RCVSYN, &no, sizeof no);  // srt_connect() does not wait; srt_send() does, while there is no room
    srt_connect(caller, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  int code = connect_all(callers);
  if (code == 0) {
    say(R"({"event":"connected"})");
    code = publish(callers, messages);
  }
  if (code == 0) {
    say(fmt::format(R"({{"event":"sent","bytes":{}}})", std::size(messages) * message_size));
    for (char rest; std::fread(&rest, 1, 1, stdin) == 1;) continue;
  }
  for (const SRTSOCKET caller : callers) srt_close(caller);
  srt_cleanup();
  return code;
}
