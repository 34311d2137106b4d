#include "relay/session.hpp"

#include <algorithm>

namespace sluice::relay {

namespace {
constexpr std::uint8_t greeting_version = 1;

std::unexpected<Error> out_of_turn(Type type) {
  return fail(Errc::invalid, std::string("a frame out of turn: ") + static_cast<char>(type));
}
Challenge read_challenge(ByteReader& in) {
  Challenge challenge{};
  std::ranges::copy(in.take(challenge.size()), challenge.begin());
  return challenge;
}
std::unexpected<Error> stranger(std::string_view who) {
  return fail(Errc::denied, std::string(who) + " does not know our secret", "give all machines the same --secret-file");
}
}  // namespace

// ---- dispatcher

DispatcherSession::DispatcherSession(const Secret& secret, std::string ticket, Random& random, Events& events)
    : secret_(secret), ticket_(std::move(ticket)), events_(events) {
  random.fill(ours_);
}

Result<> DispatcherSession::on_hello(ByteView payload) {
  ByteReader in(payload);
  const unsigned spoken = in.u8();
  const ByteView ticket = in.take(in.u8());
  theirs_ = read_challenge(in);
  name_ = printable(as_text(in.rest()));
  if (in.failed()) return fail(Errc::invalid, "a hello that is too short");
  if (spoken != greeting_version) return fail(Errc::invalid, "a worker of another version", "run the same release on all machines");
  if (!crypto::equal_in_constant_time(ticket, as_bytes(ticket_))) return fail(Errc::denied, "a worker for another job");
  Bytes answer(ours_.begin(), ours_.end());
  append(answer, secret_.dispatcher_proof(ticket_, theirs_, ours_));
  append_frame(output_, Type::challenge, answer);
  stage_ = Stage::proof;
  return {};
}

Result<> DispatcherSession::on_proof(ByteView payload) {
  if (!crypto::equal_in_constant_time(payload, secret_.worker_proof(ticket_, theirs_, ours_))) return stranger("a worker");
  stage_ = Stage::worker;
  events_.on_worker(name_);
  return {};
}

Result<> DispatcherSession::on_frame(Type type, ByteView payload) {
  if (type == Type::hello && stage_ == Stage::hello) return on_hello(payload);
  if (type == Type::proof && stage_ == Stage::proof) return on_proof(payload);
  if (type == Type::beat && (stage_ == Stage::ordered || stage_ == Stage::running)) return {};
  if (type == Type::started && stage_ == Stage::ordered) {
    stage_ = Stage::running;
    events_.on_started();
    return {};
  }
  if (type == Type::refused && stage_ >= Stage::proof && stage_ <= Stage::ordered) {
    stage_ = Stage::over;
    events_.on_refused(printable(as_text(payload)));
    return {};
  }
  if (type == Type::outcome && stage_ == Stage::running) {
    SLUICE_TRY_VALUE(const Words words, read_words(payload));
    stage_ = Stage::over;
    events_.on_outcome(words);
    return {};
  }
  return out_of_turn(type);
}

Result<> DispatcherSession::on_media(ByteView piece) {
  if (stage_ != Stage::running) return out_of_turn(Type::media);
  events_.on_media(piece);
  return {};
}

void DispatcherSession::order(const Words& words) {
  if (stage_ != Stage::worker) return;
  stage_ = Stage::ordered;
  append_frame(output_, Type::order, write_words(words));
}

void DispatcherSession::refuse(std::string_view why) {
  if (stage_ != Stage::worker) return;
  stage_ = Stage::over;
  append_frame(output_, Type::refused, as_bytes(printable(why)));
}

void DispatcherSession::end_input() {
  if (running() && !std::exchange(input_ended_, true)) append_frame(output_, Type::input_end, {});
}

void DispatcherSession::beat() {
  if (running()) append_frame(output_, Type::beat, {});
}

// ---- worker

WorkerSession::WorkerSession(const Secret& secret, std::string ticket, std::string_view name, Random& random, Events& events)
    : secret_(secret), ticket_(std::move(ticket)), events_(events) {
  random.fill(ours_);
  Bytes hello;
  ByteWriter(hello).u8(greeting_version).u8(ticket_.size()).text(ticket_).bytes(ours_).text(printable(name));
  append_frame(output_, Type::hello, hello);
}

Result<> WorkerSession::on_challenge(ByteView payload) {
  ByteReader in(payload);
  const Challenge theirs = read_challenge(in);
  const ByteView proof = in.rest();
  if (in.failed() || !crypto::equal_in_constant_time(proof, secret_.dispatcher_proof(ticket_, ours_, theirs))) return stranger("the dispatcher");
  append_frame(output_, Type::proof, secret_.worker_proof(ticket_, ours_, theirs));
  stage_ = Stage::proven;
  return {};
}

Result<> WorkerSession::on_frame(Type type, ByteView payload) {
  if (type == Type::challenge && stage_ == Stage::challenge) return on_challenge(payload);
  if (type == Type::order && stage_ == Stage::proven) {
    SLUICE_TRY_VALUE(const Words order, read_words(payload));
    stage_ = Stage::ordered;
    events_.on_order(order);
    return {};
  }
  if (type == Type::refused && stage_ == Stage::proven) {
    stage_ = Stage::over;
    events_.on_refused(printable(as_text(payload)));
    return {};
  }
  if (type == Type::beat && running()) return {};
  if (type == Type::input_end && stage_ == Stage::running) {
    stage_ = Stage::input_ended;
    events_.on_input_end();
    return {};
  }
  return out_of_turn(type);
}

Result<> WorkerSession::on_media(ByteView piece) {
  if (stage_ != Stage::running) return out_of_turn(Type::media);
  events_.on_media(piece);
  return {};
}

void WorkerSession::started() {
  if (stage_ != Stage::ordered) return;
  stage_ = Stage::running;
  append_frame(output_, Type::started, {});
}

void WorkerSession::refuse(std::string_view why) {
  if (stage_ != Stage::ordered) return;
  stage_ = Stage::over;
  append_frame(output_, Type::refused, as_bytes(printable(why)));
}

void WorkerSession::outcome(const Words& words) {
  if (!running()) return;
  stage_ = Stage::over;
  append_frame(output_, Type::outcome, write_words(words));
}

void WorkerSession::beat() {
  if (running()) append_frame(output_, Type::beat, {});
}

}  // namespace sluice::relay
