// What is sent next, and what becomes of it: recorded, tried again, set aside, or put back until the store is there again.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "archive/archive.hpp"
#include "archive/instruments.hpp"
#include "log/log.hpp"

namespace sluice::archive {

void Archive::start() {
  if (!starting_) return;
  const Steady now = clock_.steady();
  // Those whose rest waits for somebody to mend it hold up no others.
  std::size_t ended = std::ranges::count_if(ledgers_, [&](const auto& entry) { return entry.second.upload->over() && moves(entry.first, *entry.second.upload); });
  for (; ended < limits_.backlog && !backlog_.empty(); ++ended) {
    const std::string ledger = backlog_.front();
    backlog_.pop_front();
    try_opening(ledger);
    poll(ledger);
  }
  // Asked each time: the line may be closed by what is begun here.
  const auto allowed = [&] { return line_.allowed(now, limits_.at_once); };
  // Second tries first: the order in which segments can be listed waits for them.
  for (std::size_t i = 0; i < again_.size() && under_way_ < allowed();) {
    if (again_[i].when > now) {
      ++i;
      continue;
    }
    const Again again = std::move(again_[i]);
    again_.erase(again_.begin() + static_cast<std::ptrdiff_t>(i));
    if (again.aside) ledgers_.find(again.ledger)->second.upload->take_up(again.object);
    send(again.ledger, again.object, again.failures, again.aside ? again.aside->what : "");
  }
  while (under_way_ + coming() < allowed() && start_next()) {
  }
}

// A store that is frozen takes what it is sent into its machine's buffers and answers nothing: no try has failed for a long time.
void Archive::listen() {
  const Steady now = clock_.steady();
  const auto since = transfers_.silent_since();
  if (since && now - *since >= Outage::longest_silence) {
    const Wall from = clock_.wall() - std::chrono::duration_cast<milliseconds>(now - *since);
    if (outage_.begin(now, from, "silent", fmt::format("the store has said nothing for {} s", Outage::longest_silence.count())))
      log::error("uploads stand still: the store says nothing", {{"place", bucket_.place()}, {"under_way", under_way_}, {"since", format_rfc3339(*outage_.since())}});
  }
  if (outage_.due(now))
    log::error("uploads still fail: what is not there yet stays queued", {{"place", bucket_.place()}, {"error", outage_.what()}, {"waiting", status().waiting}, {"since", format_rfc3339(*outage_.since())}});
}

bool Archive::moves(const std::string& ledger, const LedgerUpload& upload) const {
  return upload.can_take() || on_their_way_.contains(ledger) ||
         std::ranges::any_of(again_, [&](const Again& again) { return again.ledger == ledger && !again.aside; });
}

// Live ledgers first; ledgers take turns.
bool Archive::start_next() { return start_next(false) || start_next(true); }

bool Archive::start_next(bool over) {
  auto at = ledgers_.upper_bound(last_served_);
  for (std::size_t looked = 0; looked < ledgers_.size(); ++looked, ++at) {
    if (at == ledgers_.end()) at = ledgers_.begin();
    if (at->second.upload->over() != over) continue;
    auto object = at->second.upload->take();
    if (!object || !*object) continue;
    last_served_ = at->first;
    send(last_served_, **object, 0);
    return true;
  }
  return false;
}

std::size_t Archive::coming() const {
  return static_cast<std::size_t>(std::ranges::count_if(again_, [](const Again& again) { return !again.aside; }));
}

void Archive::send(const std::string& ledger, const Object& object, unsigned failures, const std::string& told) {
  ++under_way_;
  ++on_their_way_[ledger];
  const Try attempt{ledger, failures, told, clock_.steady()};
  bucket_.put(object, limits_.patience, [this, attempt, object](const Sent& outcome) { sent(attempt, object, outcome); });
}

void Archive::sent(const Try& attempt, const Object& object, const Sent& outcome) {
  --under_way_;
  store_ms_ = outcome.took_ms.value_or(store_ms_);
  const bool last = --on_their_way_[attempt.ledger] == 0;
  if (last) on_their_way_.erase(attempt.ledger);
  if (outcome.outcome == Sent::Outcome::there) {
    line_.succeeded();
    refusal_.reset();
    if (outage_.end()) log::info("uploads go on");
  }
  if (!ledgers_.contains(attempt.ledger)) {  // it has gone meanwhile, or is to begin anew
    if (last && young_.contains(attempt.ledger)) try_opening(attempt.ledger);
    return;
  }
  switch (outcome.outcome) {
    case Sent::Outcome::there: return arrived(attempt, object, outcome);
    case Sent::Outcome::removed: return lost(attempt, object, outcome);
    case Sent::Outcome::faulty: return set_aside(attempt, object, outcome);
    case Sent::Outcome::passing:
    case Sent::Outcome::refused: return failed(attempt, object, outcome);
  }
}

void Archive::lost(const Try& attempt, const Object& object, const Sent& outcome) {
  Open& open = ledgers_.find(attempt.ledger)->second;
  if (outcome.error.code == Errc::invalid) log::error("segment cannot be uploaded", {{"stream", open.upload->stream()}, outcome.error});
  if (const auto told = open.upload->gone(object); !told) trouble(open, told.error());
  poll(attempt.ledger);
}

// Told once, by name; the rest goes on.
void Archive::set_aside(const Try& attempt, const Object& object, const Sent& outcome) {
  instruments().failures.Increment();
  LedgerUpload& upload = *ledgers_.find(attempt.ledger)->second.upload;
  if (attempt.told != outcome.error.what)
    log::error("object cannot be uploaded for now: others go on", {{"stream", upload.stream()}, {"key", object.key}, outcome.error});
  upload.set_aside(object);
  const unsigned failures = attempt.told.empty() ? 1 : attempt.failures + 1;
  again_.push_back({clock_.steady() + limits_.aside.after(failures, random_), attempt.ledger, object, failures, outcome.error});
}

void Archive::arrived(const Try& attempt, const Object& object, const Sent& outcome) {
  const std::string& ledger = attempt.ledger;
  const std::chrono::duration<double> took = clock_.steady() - attempt.began;
  if (!attempt.told.empty()) log::info("object uploaded after all", {{"key", object.key}});
  instruments().objects.Increment();
  instruments().bytes.Increment(static_cast<double>(outcome.bytes));
  instruments().seconds.Observe(took.count());
  log::debug("uploaded", {{"key", object.key}, {"bytes", outcome.bytes}, {"duration_ms", took.count() * 1000}});
  Open& open = ledgers_.find(ledger)->second;
  if (const auto recorded = open.upload->done(object, outcome.bytes); !recorded) trouble(open, recorded.error());
  poll(ledger);
}

void Archive::failed(const Try& attempt, const Object& object, const Sent& outcome) {
  instruments().failures.Increment();
  const Steady now = clock_.steady();
  const bool passing = outcome.outcome == Sent::Outcome::passing;
  outage_.suspect(clock_.wall());
  // A file that can be read again has its own tries.
  const unsigned failures = attempt.told.empty() ? attempt.failures + 1 : 1;
  if (passing && failures < limits_.tries && starting_ && line_.open()) {
    log::debug("upload failed, tried again", {{"tries", failures}, outcome.error});
    again_.push_back({now + limits_.between.after(failures, random_), attempt.ledger, object, failures, std::nullopt});
    return;
  }
  LedgerUpload& upload = *ledgers_.find(attempt.ledger)->second.upload;
  if (!passing) refusal_ = outcome.error;
  const std::size_t colon = outcome.error.what.find(": ");
  const std::string what = colon == std::string::npos ? outcome.error.what : outcome.error.what.substr(colon + 2);
  // One line for a trouble, however many objects it befalls.
  if (outage_.begin(now, clock_.wall(), passing ? "away" : what, what))
    log::error("uploads fail: what is not there yet stays queued", {{"stream", upload.stream()}, outcome.error, {"since", format_rfc3339(*outage_.since())}});
  line_.failed(now, random_);
  upload.put_back(object);
}

}  // namespace sluice::archive
