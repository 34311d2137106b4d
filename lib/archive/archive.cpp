#include "archive/archive.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "archive/instruments.hpp"
#include "hls/ledger_shelf.hpp"
#include "log/log.hpp"

namespace sluice::archive {
namespace {

constexpr std::uint32_t ledger_changes = IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t folder_changes = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
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

Result<> Archive::add(const std::string& ledger) {
  if (uploaded_whole(ledger)) return {};
  return open_ledger(ledger);
}

Result<> Archive::follow(const std::string& folder) {
  folder_ = folder;
  SLUICE_TRY_VALUE(folder_watch_, inotify_.watch(folder, folder_changes));
  scan();
  return {};
}

void Archive::scan() {
  std::error_code error;
  for (auto at = std::filesystem::directory_iterator(folder_, error); !error && at != std::filesystem::directory_iterator(); at.increment(error))
    found(at->path().filename().string());
}

// Streams that have ended wait for their turn: those that are live go first.
void Archive::found(const std::string& name) {
  const std::string ledger = folder_ + "/" + name;
  std::error_code ignored;
  if (name.starts_with('.') || std::filesystem::symlink_status(ledger, ignored).type() != std::filesystem::file_type::directory) return;
  if (ledgers_.contains(ledger) || std::ranges::find(backlog_, ledger) != backlog_.end() || uploaded_whole(ledger)) return;
  if (hls::says_end(ledger)) {
    backlog_.push_back(ledger);
  } else {
    try_opening(ledger);
  }
}

// Watched before it is read, so that nothing written in between goes unseen.
Result<> Archive::open_ledger(const std::string& ledger) {
  // An old upload of a name must not arrive after a new one, nor its answer be taken for the new one's.
  if (on_their_way_.contains(ledger)) return fail(Errc::conflict, "uploads of " + ledger + " are still under way");
  SLUICE_TRY_VALUE(const int watch, inotify_.watch(ledger, ledger_changes));
  watched_[watch] = ledger;
  // A copy of a ledger, or one that was renamed, would go over the objects of the stream it was.
  if (const auto header = hls::header_of(ledger); header && !folder_.empty() && ledger != folder_ + "/" + header->stream.value())
    return fail(Errc::conflict, ledger + " is the ledger of stream " + header->stream.value(), "name the folder as its stream, or move it elsewhere");
  auto upload = LedgerUpload::open(ledger, bucket_.place(), 2 * limits_.at_once, clock_);
  if (!upload) return std::unexpected(upload.error());
  const auto& known = *upload;
  log::info("ledger followed", {{"channel", known->channel()}, {"stream", known->stream()}, {"waiting", known->waiting()}});
  if (known->withdrawn() > 0)
    log::warn("the ledger has not the segments that were uploaded, or others, as after a power loss: what it has is uploaded again",
              {{"stream", known->stream()}, {"channel", known->channel()}, {"segments", known->withdrawn()}});
  Open& open = ledgers_[ledger] = {std::move(*upload), std::nullopt, 0};
  tell_missed(open);
  young_.erase(ledger);
  return {};
}

void Archive::try_opening(const std::string& ledger) {
  const auto opened = open_ledger(ledger);
  if (opened) return;
  const Errc code = opened.error().code;
  std::error_code error;
  if (!std::filesystem::exists(ledger, error)) {
    abandoned_ += young_.erase(ledger);
    return;
  }
  // Nothing to upload yet, or another process does it: looked at again.
  const auto [known, fresh] = young_.try_emplace(ledger, opened.error());
  const bool told = !fresh && known->second.what == opened.error().what;
  known->second = opened.error();
  if (!told && code != Errc::not_found && !on_their_way_.contains(ledger)) log::warn("ledger not followed for now", {{"directory", ledger}, opened.error()});
}

void Archive::read_changes() {
  std::set<std::string> changed;
  bool lost = false;
  std::vector<std::string> left, come;
  inotify_.read([&](int watch, std::uint32_t mask, const std::string& name) {
    if (mask & IN_Q_OVERFLOW) lost = true;
    if (watch == folder_watch_ && watch >= 0) {
      if (mask & (IN_MOVED_FROM | IN_DELETE)) left.push_back(folder_ + "/" + name);
      if (mask & (IN_MOVED_TO | IN_CREATE)) come.push_back(name);
      return;
    }
    const auto known = watched_.find(watch);
    if (known == watched_.end()) return;
    if (mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) left.push_back(known->second);
    if (name == "index") changed.insert(known->second);
  });
  for (const std::string& ledger : left) {
    if (const auto open = ledgers_.find(ledger); open != ledgers_.end() && !open->second.upload->finished()) {
      const LedgerUpload& upload = *open->second.upload;
      ++abandoned_;
      log::error("a ledger has gone before it was uploaded", {{"stream", upload.stream()}, {"channel", upload.channel()}, {"objects", upload.waiting()}});
    }
    leave(ledger);
  }
  for (const std::string& name : come) found(name);
  if (lost) {
    scan();
    for (const auto& [ledger, open] : ledgers_) changed.insert(ledger);
  }
  for (const std::string& ledger : changed) {
    if (ledgers_.contains(ledger)) {
      poll(ledger);
    } else if (young_.contains(ledger)) {
      try_opening(ledger);
    }
  }
}

void Archive::trouble(Open& open, const Error& error) {
  if (open.failure && open.failure->what == error.what) return;
  open.failure = error;
  log::error("ledger cannot be uploaded for now", {{"stream", open.upload->stream()}, {"channel", open.upload->channel()}, error});
}

void Archive::tell_missed(Open& open) {
  const LedgerUpload& upload = *open.upload;
  const std::uint64_t more = upload.missed() - std::exchange(open.missed, upload.missed());
  if (more == 0) return;
  instruments().missed.Increment(static_cast<double>(more));
  log::error("segments were removed from the ledger before they were uploaded", {{"stream", upload.stream()}, {"channel", upload.channel()}, {"segments", more}});
}

void Archive::poll(const std::string& ledger) {
  const auto at = ledgers_.find(ledger);
  if (at == ledgers_.end()) return;
  LedgerUpload& upload = *at->second.upload;
  const auto read = upload.poll();
  tell_missed(at->second);
  if (!read) {
    trouble(at->second, read.error());
    // Become shorter than it was (a machine that died): read from its start, with the record of what is there.
    if (read.error().code == Errc::invalid || read.error().code == Errc::not_found) {
      leave(ledger);
      try_opening(ledger);
    }
    return;
  }
  at->second.failure.reset();
  if (!upload.finished()) return;
  log::info("stream uploaded whole", {{"channel", upload.channel()}, {"stream", upload.stream()}, {"missed", upload.missed()}});
  leave(ledger);
}

void Archive::leave(const std::string& ledger) {
  const auto at = ledgers_.find(ledger);
  young_.erase(ledger);
  std::erase(backlog_, ledger);
  if (at != ledgers_.end()) ledgers_.erase(at);
  std::erase_if(again_, [&](const Again& again) { return again.ledger == ledger; });
  for (auto watch = watched_.begin(); watch != watched_.end();) {
    if (watch->second != ledger) {
      ++watch;
      continue;
    }
    inotify_.unwatch(watch->first);
    watch = watched_.erase(watch);
  }
}

void Archive::start() {
  if (!starting_) return;
  const Steady now = clock_.steady();
  std::size_t ended = std::ranges::count_if(ledgers_, [](const auto& entry) { return entry.second.upload->over(); });
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
  const bool last = --on_their_way_[attempt.ledger] == 0;
  if (last) on_their_way_.erase(attempt.ledger);
  if (outcome.outcome == Sent::Outcome::there) {
    line_.succeeded();
    refusal_.reset();
    failure_.clear();
    if (!std::exchange(trouble_told_, {}).empty()) log::info("uploads go on", {});
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
  failure_ = colon == std::string::npos ? outcome.error.what : outcome.error.what.substr(colon + 2);
  // One line for a trouble, however many objects it befalls and however long it lasts.
  const std::string kind = passing ? "away" : failure_;
  if (std::exchange(trouble_told_, kind) != kind)
    log::error("uploads fail: what is not there yet stays queued", {{"stream", upload.stream()}, outcome.error});
  line_.failed(now, random_);
  upload.put_back(object);
}

milliseconds Archive::until_next(milliseconds most) const {
  const Steady now = clock_.steady();
  const auto until = [&](Steady when) { return std::clamp(std::chrono::ceil<milliseconds>(when - now), milliseconds(0), most); };
  milliseconds wait = most;
  // Second tries whose time has come may have to wait for others to end: those wake the turn by themselves.
  if (starting_ && under_way_ < line_.allowed(now, limits_.at_once)) {
    for (const Again& again : again_) wait = std::min(wait, until(again.when));
  }
  if (!line_.open() && now < line_.rests_until()) wait = std::min(wait, until(line_.rests_until()));
  return std::max(wait, milliseconds(1));
}

Result<> Archive::turn(milliseconds most) {
  start();
  SLUICE_TRY(transfers_.turn(until_next(most), inotify_.fd()));
  read_changes();
  const Steady now = clock_.steady();
  if (now - looked_at_ >= look_again) {
    looked_at_ = now;
    const std::map<std::string, Error> young = young_;
    for (const auto& [ledger, why] : young) try_opening(ledger);
    std::vector<std::string> troubled;
    for (const auto& [ledger, open] : ledgers_) {
      if (open.failure) troubled.push_back(ledger);
    }
    for (const std::string& ledger : troubled) poll(ledger);
  }
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
  out.open = line_.open();
  out.refusal = refusal_;
  out.failure = failure_;
  out.waiting = again_.size();
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
}

}  // namespace sluice::archive
