#include "archive/archive.hpp"

#include <algorithm>
#include <utility>

#include "archive/instruments.hpp"

namespace sluice::archive {
namespace {

// A ledger that another process was uploading, or whose files could not be read, is looked at again so often.
constexpr seconds look_again{5};
constexpr std::size_t most_answer = 64 * 1024;

}  // namespace

Result<std::unique_ptr<Archive>> Archive::open(Destination destination, Limits limits, const std::string& ca_file, Clock& clock, Random& random) {
  SLUICE_TRY_VALUE(os::Inotify inotify, os::Inotify::open());
  return std::unique_ptr<Archive>(new Archive(std::move(destination), limits, ca_file, clock, random, std::move(inotify)));
}

Archive::Archive(Destination destination, Limits limits, const std::string& ca_file, Clock& clock, Random& random, os::Inotify inotify)
    : limits_(limits),
      clock_(clock),
      random_(random),
      transfers_({.ca_file = ca_file, .user_agent = "vodarchive", .most_answer = most_answer}),
      bucket_(std::move(destination), transfers_, clock),
      inotify_(std::move(inotify)) {}

void Archive::change(const s3::Credentials& credentials) {
  bucket_.change(credentials);
  line_.succeeded();  // the next one shows whether they are right
}

milliseconds Archive::until_next(milliseconds most) const {
  const Steady now = clock_.steady();
  const auto until = [&](Steady when) { return std::clamp(std::chrono::ceil<milliseconds>(when - now), milliseconds(0), most); };
  milliseconds wait = most;
  // Second tries whose time has come may have to wait for others to end: those wake the turn by themselves.
  if (starting_ && under_way_ < line_.allowed(now, limits_.at_once)) {
    for (const Again& again : again_) wait = std::min(wait, until(again.when));
  }
  if (line_.rests(now)) wait = std::min(wait, until(line_.rests_until()));
  return std::max(wait, milliseconds(1));
}

Result<> Archive::turn(milliseconds most) {
  start();
  SLUICE_TRY(transfers_.turn(until_next(most), inotify_.fd()));
  read_changes();
  const Steady now = clock_.steady();
  if (now - looked_at_ >= look_again) {
    looked_at_ = now;
    look_for_folder();
    const std::map<std::string, Error> young = young_;
    for (const auto& [ledger, why] : young) try_opening(ledger);
    std::vector<std::string> troubled;
    for (const auto& [ledger, open] : ledgers_) {
      if (open.failure) troubled.push_back(ledger);
    }
    for (const std::string& ledger : troubled) poll(ledger);
  }
  listen();
  measure();
  return {};
}

bool Archive::stands() const {
  return under_way_ == 0 && coming() == 0 && backlog_.empty() &&
         std::ranges::none_of(ledgers_, [](const auto& entry) { return entry.second.upload->can_take(); });
}

bool Archive::idle() const {
  return under_way_ == 0 && again_.empty() && backlog_.empty() && young_.empty() &&
         std::ranges::all_of(ledgers_, [](const auto& entry) { return entry.second.upload->idle(); });
}

Status Archive::status() const {
  Status out;
  out.streams = ledgers_.size();
  out.backlog = backlog_.size();
  out.young = young_.size();
  out.abandoned = abandoned_;
  out.under_way = under_way_;
  out.store_ms = store_ms_;
  out.ledger_ms = ledger_ms_;
  out.open = line_.open();
  out.refusal = refusal_;
  out.failure = outage_.what();
  out.failing_since = outage_.since();
  out.waiting = again_.size();
  out.trouble = folder_trouble_;
  const Steady now = clock_.steady();
  for (const auto& [ledger, why] : young_) {
    if (why.code != Errc::not_found) out.trouble = why;
  }
  for (const Again& again : again_) {
    out.aside += again.aside.has_value();
    if (again.aside) out.trouble = again.aside;
  }
  for (const auto& [ledger, open] : ledgers_) {
    if (open.failure) out.trouble = open.failure;
    out.live += !open.upload->over();
    out.waiting += open.upload->waiting();
    if (const auto since = open.upload->waiting_since()) out.stalled_s = std::max(out.stalled_s, std::chrono::duration<double>(now - *since).count());
  }
  return out;
}

void Archive::measure() const {
  const Status now = status();
  instruments().waiting.Set(static_cast<double>(now.waiting));
  instruments().aside.Set(static_cast<double>(now.aside));
  instruments().oldest.Set(now.stalled_s);
  instruments().streams.Set(static_cast<double>(now.streams + now.backlog));
  using metrics::Breaker;
  const Breaker state = line_.open() && outage_.what().empty() ? Breaker::closed : line_.rests(clock_.steady()) ? Breaker::open : Breaker::half_open;
  instruments().breaker.Set(metrics::value_of(state));
}

}  // namespace sluice::archive
