// Which ledgers are followed: how they are found, opened, read on and left.
#include <sys/inotify.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "archive/archive.hpp"
#include "archive/instruments.hpp"
#include "hls/ledger_shelf.hpp"
#include "log/log.hpp"

namespace sluice::archive {
namespace {

constexpr std::uint32_t ledger_changes = IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t folder_changes = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

Result<> Archive::add(const std::string& ledger) {
  if (!uploaded_whole(ledger)) return open_ledger(ledger);
  const std::string there = place_of(ledger);
  return there == bucket_.place() ? Result<>{} : elsewhere(ledger + "/" + hls::uploads_name, there, bucket_.place());
}

Result<> Archive::follow(const std::string& folder) {
  folder_ = folder;
  return find_folder();
}

Result<> Archive::find_folder() {
  SLUICE_TRY_VALUE(folder_watch_, inotify_.watch(folder_, folder_changes));
  scan();
  return {};
}

// Its disk is mounted anew, or it was moved away: the one that has its name is followed as soon as it is there.
void Archive::lose_folder() {
  inotify_.unwatch(std::exchange(folder_watch_, -1));
  folder_trouble_ = Error{Errc::not_found, folder_ + " has gone", "bring it back"};
  log::error("no ledger is followed", {*folder_trouble_});
}

void Archive::look_for_folder() {
  if (folder_.empty() || folder_watch_ >= 0) return;
  if (const auto found = find_folder(); !found) return;
  folder_trouble_.reset();
  log::info("ledgers are followed again", {{"directory", folder_}});
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
    young_.erase(ledger);
    ++abandoned_;
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
      if (mask & (IN_IGNORED | IN_MOVE_SELF)) return lose_folder();
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
    abandoned_ += young_.contains(ledger);
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
  const Steady began = clock_.steady();
  const auto read = upload.poll();
  ledger_ms_ = std::chrono::duration<double, std::milli>(clock_.steady() - began).count();
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

}  // namespace sluice::archive
