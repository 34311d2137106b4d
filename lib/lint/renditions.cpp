#include "lint/renditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice::lint {
namespace {

constexpr std::size_t most_growth = 500;
constexpr auto blocked_for = milliseconds(20);  // an answer that took so long was drawn after it was asked for

}  // namespace

void Renditions::grew(const PlaylistWatch& playlist) {
  if (!playlist.list().part_target || playlist.list().end_list) return;
  Rendition& rendition = by_name_[playlist.name()];
  judge_claims(playlist, rendition);
  judge_step(playlist, rendition);
  rendition.last = last_listed(playlist.list());
  rendition.at = playlist.latest().arrived;
  rendition.base = without_directives(playlist.base());
  judge_reports(playlist);
}

// When another rendition reached this point of the programme, this one was to follow within a part target (B.1).
void Renditions::judge_step(const PlaylistWatch& playlist, Rendition& rendition) {
  const auto end = end_date_ms(playlist.list());
  if (!end) return;
  const Steady now = playlist.latest().arrived;
  rendition.growth.push_back({*end, now});
  if (rendition.growth.size() > most_growth) rendition.growth.erase(rendition.growth.begin());
  if (!playlist.before()) return;
  if (explains_lateness(playlist.before()->playlist.media, playlist.list())) return rendition.behind.reset();
  if (rendition.behind && now - rendition.behind->at > watch_.options.late)
    watch_.notes.add(playlist.name(), "renditions-in-step", playlist.name(), std::exchange(rendition.behind, std::nullopt)->what);
  if (!playlist.latest().waited || rendition.behind) return;
  const double part = *playlist.list().part_target;
  for (const auto& [name, other] : by_name_) {
    if (name == playlist.name() || other.growth.empty() || other.growth.front().end_ms >= *end) continue;
    const auto reached = std::ranges::find_if(other.growth, [&](const Growth& g) { return g.end_ms >= *end; });
    if (reached == other.growth.end()) continue;
    const double behind = seconds_of(now - reached->at);
    if (behind <= part + seconds_of(watch_.options.late)) continue;
    rendition.behind = Behind{fmt::format("it grew {:.3f} s after {} had come as far; the part target is {} s", behind, name, part), now};
    return;
  }
}

void Renditions::over() {
  for (auto& [name, rendition] : by_name_)
    if (rendition.behind) watch_.notes.add(name, "renditions-in-step", name, std::exchange(rendition.behind, std::nullopt)->what);
}

// A report may not be ahead of the rendition that it is about.
void Renditions::judge_claims(const PlaylistWatch& playlist, Rendition& rendition) {
  auto last = last_listed(playlist.list());
  if (last && playlist.list().segments.back().parts.empty()) last->part = ~0ULL;  // a whole segment: all of its parts
  std::erase_if(rendition.claims, [&](const Claim& claim) {
    if (playlist.latest().asked < claim.at) return false;
    if (!last || *last < claim.last) {
      watch_.notes.add(claim.by, "report-values", claim.by, fmt::format("it reports segment {} part {} of {}, which is not there yet", claim.last.msn, claim.last.part, playlist.name()));
    }
    return true;
  });
}

// Nor behind what the server had shown before the playlist was asked for.
void Renditions::judge_reports(const PlaylistWatch& playlist) {
  const auto& version = playlist.latest();
  const auto own = last_listed(playlist.list());
  for (const hls::Report& report : playlist.list().reports) {
    const std::string url = resolve_url(playlist.base(), report.uri);
    const auto about = std::ranges::find_if(by_name_, [&](const auto& each) { return each.second.base == url; });
    if (about == by_name_.end() || about->first == playlist.name() || !own) continue;
    const Edge told{report.last_msn.value_or(own->msn), report.last_part.value_or(report.last_msn ? 0 : own->part)};
    Rendition& other = about->second;
    other.claims.push_back({playlist.name(), told, version.arrived});
    if (!version.waited || version.arrived - version.asked < blocked_for || !other.last || other.at > version.asked || told >= *other.last) continue;
    watch_.notes.add(playlist.name(), "report-values", playlist.name(),
                     fmt::format("it reports segment {} part {} of {}, which had listed segment {} part {}", told.msn, told.part, about->first, other.last->msn, other.last->part));
  }
}

}  // namespace sluice::lint
