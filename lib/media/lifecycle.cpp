#include "media/lifecycle.hpp"

#include <algorithm>

namespace sluice::media {

std::string_view name(Step step) {
  switch (step) {
    case Step::spawn: return "spawn";
    case Step::close_input: return "close_input";
    case Step::kill: return "kill";
    case Step::mark_end: return "mark_end";
    case Step::finish: return "finish";
    case Step::go_live: return "go_live";
    case Step::go_offline: return "go_offline";
    case Step::forget: return "forget";
  }
  return "unknown";
}

Lifecycle::Lifecycle(Policy policy, Steady now, bool resumed)
    : policy_(policy), gone_at_(now), part_(resumed), live_(resumed), fed_ever_(resumed) {}

void Lifecycle::publisher_arrived() {
  publisher_ = true;
  silent_ = false;
}

void Lifecycle::publisher_gone(bool said_goodbye, Steady now) {
  publisher_ = false;
  goodbye_ = goodbye_ || said_goodbye;
  gone_at_ = now;
}

void Lifecycle::silent(bool so) { silent_ = so; }
void Lifecycle::data(bool waiting) { data_ = waiting; }
void Lifecycle::taken(Steady now) { taken_at_ = now; }
void Lifecycle::boundary() { boundary_ = true; }

void Lifecycle::spawned(Steady now) {
  pipe_ = Pipe::running;
  boundary_ = false;
  progressed_ = false;
  fed_ever_ = true;
  spawned_at_ = taken_at_ = now;
}

void Lifecycle::spawn_failed(Steady now) {
  pipe_ = Pipe::none;
  progressed_ = false;
  spawned_at_ = now;
  died(now);
}

void Lifecycle::died(Steady now) {
  if (progressed_ || now - spawned_at_ >= policy_.stable) failures_ = 0;
  not_before_ = now + policy_.backoff[std::min<std::size_t>(failures_, policy_.backoff.size() - 1)];
  ++failures_;
  ++restarts_;
}

void Lifecycle::exited(bool complete, Steady now) {
  const bool asked = pipe_ == Pipe::closing;
  pipe_ = Pipe::none;
  killed_ = false;
  boundary_ = false;
  if (asked && complete) {
    failures_ = 0;
    not_before_ = now;
  } else {
    died(now);
  }
}

bool Lifecycle::gave_way(Steady now) {
  if (!progressed_ && gave_way_) {
    exited(false, now);
    return false;
  }
  pipe_ = Pipe::none;
  killed_ = false;
  boundary_ = false;
  if (progressed_) failures_ = 0;
  gave_way_ = true;
  not_before_ = now;
  return true;
}

void Lifecycle::part_written() { part_ = true; }
void Lifecycle::progressed() {
  progressed_ = true;
  gave_way_ = false;
}
void Lifecycle::ledger_ended() { ledger_ended_ = true; }

void Lifecycle::finished(bool well) {
  finishing_ = false;
  if (well) ledger_ended_ = true;
}

void Lifecycle::offline() { phase_ = Phase::over; }
void Lifecycle::end() { goodbye_ = true, publisher_ = false; }
void Lifecycle::park() { parking_ = true; }
void Lifecycle::hold() { held_ = true; }
void Lifecycle::go_on() { held_ = false; }
void Lifecycle::spawn_withdrawn() { pipe_ = Pipe::none; }

bool Lifecycle::wants_pipeline() const {
  const bool may = phase_ == Phase::open || phase_ == Phase::ending;
  return pipe_ == Pipe::none && data_ && may && (!parking_ || (!held_ && failures_ < policy_.last_tries));
}

// Nothing but the end of the pipeline. It is killed, not closed: its encoders would flush pictures that stand behind B-frames still to
// come, and a successor, which goes on where the ledger ends, would leave those out.
std::optional<Step> Lifecycle::ending_step(Steady now) {
  const bool late = pipe_ == Pipe::closing && now >= closed_at_ + policy_.flush;
  if (killed_ || (pipe_ != Pipe::running && !late)) return std::nullopt;
  pipe_ = Pipe::closing;
  killed_ = true;
  return Step::kill;
}

std::optional<Step> Lifecycle::next(Steady now) {
  if (part_ && !live_ && phase_ == Phase::open) {
    live_ = true;
    return Step::go_live;
  }
  if (held_ && !parking_) return ending_step(now);
  if (parking_) {
    if (pipe_ == Pipe::running && (!data_ || boundary_ || held_)) {
      pipe_ = Pipe::closing;
      closed_at_ = now;
      return Step::close_input;
    }
    if (pipe_ == Pipe::none && phase_ != Phase::over && !wants_pipeline()) {
      phase_ = Phase::over;
      return Step::forget;
    }
  }
  if (phase_ == Phase::open && !publisher_ && (goodbye_ || now >= gone_at_ + policy_.grace)) phase_ = Phase::ending;
  if (phase_ == Phase::ending && pipe_ == Pipe::none && failures_ >= policy_.last_tries) data_ = false;

  if (pipe_ == Pipe::closing && !killed_ && now >= closed_at_ + policy_.flush) {
    killed_ = true;
    return Step::kill;
  }
  if (pipe_ == Pipe::running && data_ && !boundary_ && !killed_ && now >= taken_at_ + policy_.stall) {
    killed_ = true;
    return Step::kill;
  }
  if (pipe_ == Pipe::running && (boundary_ || ((!publisher_ || silent_) && !data_))) {
    if (phase_ == Phase::ending && !boundary_ && !marked_) {
      marked_ = true;
      return Step::mark_end;
    }
    pipe_ = Pipe::closing;
    closed_at_ = now;
    return Step::close_input;
  }
  if (wants_pipeline() && now >= not_before_) {
    pipe_ = Pipe::asked;
    return Step::spawn;
  }
  if (phase_ == Phase::ending && pipe_ == Pipe::none && !data_) return end_step(now);
  return std::nullopt;
}

std::optional<Step> Lifecycle::end_step(Steady) {
  if (finishing_) return std::nullopt;
  if (fed_ever_ && !marked_) {
    marked_ = true;
    return Step::mark_end;
  }
  if (fed_ever_ && !ledger_ended_ && finish_tries_ < policy_.last_tries) {
    ++finish_tries_;
    finishing_ = true;
    return Step::finish;
  }
  phase_ = Phase::offline_asked;
  return Step::go_offline;
}

std::optional<Steady> Lifecycle::deadline() const {
  std::optional<Steady> when;
  auto at = [&when](Steady time) { when = when ? std::min(*when, time) : time; };
  if (held_ && pipe_ != Pipe::closing) return std::nullopt;
  if (phase_ == Phase::open && !publisher_ && !parking_) at(gone_at_ + policy_.grace);
  if (pipe_ == Pipe::closing && !killed_) at(closed_at_ + policy_.flush);
  if (pipe_ == Pipe::running && data_ && !killed_) at(taken_at_ + policy_.stall);
  if (wants_pipeline()) at(not_before_);
  return when;
}

Lifecycle::State Lifecycle::state() const {
  if (parking_) return State::parked;
  if (phase_ == Phase::over) return State::over;
  if (phase_ != Phase::open) return State::ending;
  if (!publisher_) return State::waiting;
  return live_ ? State::live : State::starting;
}

}  // namespace sluice::media
