// The names of a publisher's renditions. Who comes back within a stream keeps those that it had: players are on them.
#include <algorithm>
#include <ranges>
#include <utility>

#include "media/intake.hpp"
#include "media/rendition_names.hpp"

namespace sluice::media {

void Intake::remember(std::vector<Track> pictures) {
  if (before_.empty()) before_ = std::move(pictures);
}

// Those that were missing when the session ended go behind those that came.
void Intake::keep_names() {
  for (const bool present : {false, true}) {
    for (const PublisherTrack& track : tracks_ | std::views::reverse) {
      if (track.kind != Kind::video || !track.track || track.rendition.empty() || track.present() != present) continue;
      std::erase_if(before_, [&](const Track& other) { return other.rendition == track.rendition; });
      before_.insert(before_.begin(), *track.track)->rendition = track.rendition;
    }
  }
  if (before_.size() > policy_.most_tracks) before_.resize(policy_.most_tracks);
}

std::string Intake::name_for(const PublisherTrack& track, const std::vector<std::string>& taken) const {
  if (track.kind == Kind::audio) return unused_sound_name(taken);
  const auto is_picture = [](const PublisherTrack& t) { return t.kind == Kind::video && t.present(); };
  // None of its pictures has a rendition yet: whoever watches the leading one goes on with this one, whatever its size.
  const bool goes_on = std::ranges::any_of(tracks_, [&](const PublisherTrack& t) { return is_picture(t) && !t.rendition.empty(); });
  if (!before_.empty() && !goes_on) return before_.front().rendition;
  if (std::ranges::count_if(tracks_, is_picture) > 1 || std::ranges::find(taken, "source") != taken.end())
    return unused_picture_name(*track.track, taken);
  return "source";
}

// A track is named once in a session.
void Intake::name_tracks() {
  std::vector<std::string> taken;
  for (const PublisherTrack& track : tracks_)
    if (!track.rendition.empty()) taken.push_back(track.rendition);
  const auto name = [&](PublisherTrack& track, const std::string& rendition) {
    track.rendition = rendition;
    taken.push_back(rendition);
  };
  for (PublisherTrack& track : tracks_) {
    if (track.kind != Kind::video || !track.present() || !track.rendition.empty()) continue;
    if (const Track* again = same_picture(*track.track, before_, taken)) name(track, again->rendition);
  }
  for (PublisherTrack& track : tracks_)
    if (track.present() && track.rendition.empty()) name(track, name_for(track, taken));
}

}  // namespace sluice::media
