// rooms: lint hls base
#include <cstdint>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "lint/watcher.hpp"

// A hostile server: its answers, one after another, are what stands between lines of "--". The first character of each tells the status,
// and how long it takes. Whatever it says, the watch ends, and what it finds are rules of the table.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::lint;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> answers;
  for (std::size_t at = 0; answers.size() < 64; at = text.find("--\n", at) + 3) {
    const std::size_t end = text.find("--\n", at);
    answers.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) break;
  }
  Watcher watcher("http://host/live/master.m3u8", {seconds(10)});
  Steady now{std::chrono::hours(1)};
  std::queue<Ask> asked;
  std::size_t next = 0;
  for (int turn = 0; turn < 400 && !watcher.done(); ++turn) {
    for (Ask& ask : watcher.take(now)) asked.push(std::move(ask));
    if (asked.empty()) {
      const auto wake = watcher.wake();
      if (!wake && !watcher.done()) __builtin_trap();  // nothing would ever happen again
      if (wake) now = std::max(now, *wake);
      continue;
    }
    const Ask ask = asked.front();
    asked.pop();
    Reply reply{ask.id, ask.url, 0, "no answer"};
    reply.asked = now;
    const std::string_view answer = answers[next++ % answers.size()];
    if (!answer.empty()) {
      const auto kind = static_cast<unsigned char>(answer.front());
      static constexpr int statuses[] = {200, 200, 200, 200, 400, 404, 503, 0};
      reply.status = statuses[kind % 8];
      reply.cut = kind % 16 == 8;
      reply.timed_out = reply.status == 0;
      now += milliseconds(kind / 16 * 500);
      reply.body = to_bytes(answer.substr(1));
    }
    reply.first = reply.done = now;
    watcher.answer(reply);
    for (const hls::Finding& finding : watcher.take_findings()) {
      if (hls::find_rule(finding.rule) == nullptr) __builtin_trap();
    }
  }
  return 0;
}
