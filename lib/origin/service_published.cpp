// Playlists of what has been uploaded: their media is elsewhere, at an address that was given, and nothing is listed before it is there.
#include <utility>

#include "origin/service_impl.hpp"

namespace sluice::origin {
namespace {

bool is_live(Resource resource) { return resource == Resource::published_master || resource == Resource::published_playlist; }

}  // namespace

// Playlists of whole streams have no parts, so they lose nothing when all their media is elsewhere.
bool Service::of_uploads(Resource resource, const Presentation& presentation) const {
  if (is_live(resource)) return true;
  return !options_.elsewhere.url.empty() && !presentation.out_of_reach() && (resource == Resource::whole_master || resource == Resource::whole_playlist);
}

void Service::published(const Route& route, const Shown& shown, Asked asked, Answer answer) {
  if (options_.elsewhere.url.empty()) return finish(answer, not_found("nothing is published elsewhere"));
  Presentation& presentation = *shown;
  const bool master = route.rendition.empty(), live = is_live(route.resource);
  if (!master && !presentation.stream().find(route.rendition)) return finish(answer, not_found("no such rendition"));
  settle(
      presentation, route.rendition,
      [this, &presentation, master, live, channel = route.channel, name = route.rendition,
       asked = std::move(asked)](std::chrono::milliseconds waited) -> std::optional<http::Response> {
        if (presentation.out_of_reach()) {
          // A whole stream is asked for again a moment later, and has origind's own media then.
          return live ? not_found("the stream is published in another place") : unavailable("the stream's media is here, not elsewhere; try again");
        }
        const hls::StreamView& there = presentation.published();
        const hls::RenditionView* rendition = master ? nullptr : there.find(name);
        // Players take a playlist without segments for an error.
        if (master ? !presentation.published_ready() : rendition->segments.empty()) {
          if (waited < hls::longest_wait(presentation.stream())) return std::nullopt;
          return waited_too_long("nothing of it has been uploaded yet");
        }
        Rendered* rendered = nullptr;
        if (master) {
          const std::string playlists = playlists_of(channel, live);
          rendered = live ? &presentation.published_master(playlists) : &presentation.published_whole_master(playlists);
        } else {
          rendered = live ? &presentation.published_playlist(*rendition) : &presentation.published_whole(*rendition);
        }
        // A live master names the next stream soon; what else has ended stays as it is.
        return playlist_answer(*rendered, asked, there.ended && !(master && live) ? over_max_age_s : 1);
      },
      std::move(answer));
}

}  // namespace sluice::origin
