#include "upload.hpp"

#include "app/run.hpp"
#include "base/clock.hpp"
#include "destination.hpp"
#include "log/log.hpp"

namespace sluice::vodarchive {
namespace {

constexpr milliseconds longest_turn{1000}, until_it_begins{200};
constexpr const char* run_again = "run it again: it goes on where it stopped";

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::unexpected<Error> unfinished(Error why) {
  why.what = "not everything could be uploaded: " + why.what;
  why.hint += (why.hint.empty() ? "" : "; ") + std::string(run_again);
  return std::unexpected(std::move(why));
}

// A ledger that is about to be made is waited for when it is to be followed.
Result<> add(archive::Archive& archive, const std::string& ledger, bool follow) {
  for (bool told = false;; told = true) {
    const auto added = archive.add(ledger);
    const bool young = !added && (added.error().code == Errc::not_found || added.error().code == Errc::unavailable);
    if (!young || !follow) return added;
    if (!told) log::info("waiting for the ledger", {{"directory", ledger}, added.error()});
    SLUICE_TRY(archive.turn(until_it_begins));
  }
}

}  // namespace

Result<int> upload(const app::Settings& settings) {
  const bool follow = !settings.flag("no-follow");
  SLUICE_TRY_VALUE(archive::Destination destination, destination_of(settings));
  SLUICE_TRY_VALUE(const auto archive, archive::Archive::open(std::move(destination), limits_of(settings), settings.text("ca-file"), system_clock(), system_random()));
  for (const std::string& ledger : settings.positionals("LEDGER")) SLUICE_TRY(add(*archive, without_slash(ledger), follow));
  for (;;) {
    const archive::Status now = archive->status();
    if (now.refusal) return std::unexpected(*now.refusal);
    if (now.abandoned > 0) return fail(Errc::not_found, "a ledger was removed before it was uploaded whole", "the log names it; give the others again");
    if (follow ? now.streams + now.young == 0 && !archive->under_way() : archive->idle()) return app::exit_done;
    // What is left waits for somebody to mend it; what is live may still grow meanwhile.
    if (archive->stands() && (follow ? now.trouble && now.live == 0 : true))
      return unfinished(now.trouble.value_or(Error{Errc::unavailable, "a ledger cannot be followed", ""}));
    if (!follow && !now.open && !archive->under_way()) return unfinished({Errc::unavailable, now.failure, ""});
    SLUICE_TRY(archive->turn(longest_turn));
  }
}

}  // namespace sluice::vodarchive
