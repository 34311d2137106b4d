// rooms: relay
// What a peer sends to either end of a job's connection, cut where the input says: no crash, and the same events as uncut. The ends'
// challenges repeat, so that seeds can hold proofs. The rest of the input is read as an order's words and as an entry's fields.
#include <cstdint>
#include <cstdlib>

#include "relay/job.hpp"
#include "relay/session.hpp"

using namespace sluice;
using namespace sluice::relay;

namespace {
const Secret secret = *Secret::of("0123456789abcdef0123456789abcdef");

struct DispatcherEvents : DispatcherSession::Events {
  std::string log;
  DispatcherSession* session = nullptr;
  void on_worker(const std::string& name) override {
    (log += "w") += name;
    session->order({{"ladder", "auto"}});
  }
  void on_started() override { log += "s"; }
  void on_media(ByteView piece) override { log += as_text(piece); }
  void on_outcome(const Words& outcome) override { (log += "o") += as_text(write_words(outcome)); }
  void on_refused(const std::string& why) override { (log += "r") += why; }
};

struct WorkerEvents : WorkerSession::Events {
  std::string log;
  WorkerSession* session = nullptr;
  void on_order(const Words& order) override {
    (log += "o") += as_text(write_words(order));
    session->started();
  }
  void on_media(ByteView piece) override { log += as_text(piece); }
  void on_input_end() override { log += "e"; }
  void on_refused(const std::string& why) override { (log += "r") += why; }
};

// The events, the bytes sent, and whether it broke.
std::string dispatcher(std::initializer_list<ByteView> pieces) {
  SeededRandom random(7);
  DispatcherEvents events;
  DispatcherSession session(secret, "ticket", random, events);
  events.session = &session;
  bool good = true;
  for (const ByteView piece : pieces) good = session.feed(piece).has_value() && good;
  return events.log + std::string(as_text(session.take_output())) + (good ? "+" : "-");
}

std::string worker(std::initializer_list<ByteView> pieces) {
  SeededRandom random(7);
  WorkerEvents events;
  WorkerSession session(secret, "ticket", "name", random, events);
  events.session = &session;
  bool good = true;
  for (const ByteView piece : pieces) good = session.feed(piece).has_value() && good;
  return events.log + std::string(as_text(session.take_output())) + (good ? "+" : "-");
}

void read_entry(std::string_view text) {
  Fields fields;
  for (const char* name : {"v", "to", "ticket", "stream", "channel", "good-for", "seal"}) {
    const auto end = text.find('\n');
    fields.emplace_back(name, text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  const auto job = read_job(fields, secret);
  if (job && write_job(*job, secret).back().second != fields.back().second) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input = std::as_bytes(std::span(data + 1, size - 1));
  const std::size_t cut = input.empty() ? 0 : data[0] % (input.size() + 1);
  if (dispatcher({input}) != dispatcher({input.first(cut), input.subspan(cut)})) std::abort();
  if (worker({input}) != worker({input.first(cut), input.subspan(cut)})) std::abort();
  const auto words = read_words(input);
  if (words && *read_words(write_words(*words)) != *words) std::abort();
  read_entry(as_text(input));
  return 0;
}
