#include "origin/service.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "log/log.hpp"
#include "origin/service_impl.hpp"

namespace sluice::origin {
namespace {

constexpr unsigned offline_retry_s = 5;
constexpr std::chrono::seconds removed_files_look{5};

}  // namespace

Service::Service(Places places, Options options, Clock& clock, os::Inotify inotify)
    : options_(options),
      clock_(clock),
      files_(options.open_files),
      catalogue_(std::move(places), options.live, options.elsewhere, clock, std::move(inotify),
                 [this](Presentation& presentation, const std::vector<std::string>& names) { grown(presentation, names); }) {}

void Service::handle(const http::Request& request, const std::optional<Route>& route, Answer answer) {
  if (request.method == "OPTIONS") {
    return finish(answer, options_answer());
  }
  if (request.method != "GET" && request.method != "HEAD") {
    auto response = error_answer(405, "METHOD_NOT_ALLOWED", "only GET, HEAD and OPTIONS");
    response.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
    return finish(answer, std::move(response));
  }
  if (!route) {
    return finish(answer, not_found("there is nothing here"));
  }
  const bool live = route->resource == Resource::live_master || route->resource == Resource::thumbnail || route->resource == Resource::published_master;
  const auto shown = live ? catalogue_.live(route->channel) : catalogue_.stream(route->channel, route->stream);
  Asked asked = Asked::from(request);
  if (!shown) {
    const bool absent = shown.error().code == Errc::not_found || shown.error().code == Errc::unavailable;
    if (!absent) log::warn("ledger cannot be opened", {{"channel", route->channel}, shown.error()});
    finish(answer, absent ? error_answer(404, live ? "OFFLINE" : "NOT_FOUND", live ? "the channel is offline" : "no such stream",
                                         live ? offline_retry_s : 0)
                          : unavailable("the stream cannot be read just now"));
    return;
  }
  if (of_uploads(route->resource, **shown)) return published(*route, *shown, std::move(asked), std::move(answer));
  switch (route->resource) {
    case Resource::live_master:
    case Resource::whole_master: master(*route, *shown, std::move(asked), std::move(answer)); break;
    case Resource::live_playlist: live_playlist(request, *route, *shown, std::move(asked), std::move(answer)); break;
    case Resource::whole_playlist: whole_playlist(*route, *shown, asked, answer); break;
    case Resource::init: init(*route, *shown, asked, answer); break;
    case Resource::segment: segment(*route, *shown, asked, answer); break;
    case Resource::part: part(*route, *shown, std::move(asked), std::move(answer)); break;
    case Resource::published_master:
    case Resource::published_playlist: break;
    case Resource::window: window(*shown, asked, answer); break;
    case Resource::storyboard: storyboard(*shown, asked, answer); break;
    case Resource::sheet: sheet(*route, *shown, std::move(asked), std::move(answer)); break;
    case Resource::thumbnail: thumbnail(*shown, std::move(asked), std::move(answer)); break;
  }
}

void Service::grown(Presentation& presentation, const std::vector<std::string>& renditions) {
  for (const std::string& rendition : renditions) presentation.waiting.wake(rendition, clock_.steady());
}

void Service::change(const Options& options) {
  options_ = options;
  catalogue_.change(options.live);
}

void Service::tick() {
  const auto now = clock_.steady();
  std::vector<Shown> open;
  for (const auto& [directory, presentation] : catalogue_.open()) open.push_back(presentation);
  for (const Shown& presentation : open) presentation->waiting.expire(now, hls::longest_wait(presentation->stream()));
  catalogue_.close_idle(options_.idle);
  if (now - files_looked_at_ >= removed_files_look) {
    files_looked_at_ = now;
    files_.drop_removed();
  }
  instruments().streams.Set(static_cast<double>(open_streams()));
}

void Service::drain() {
  for (const auto& [directory, presentation] : catalogue_.open()) {
    presentation->waiting.dismiss(unavailable("the server is going away; try again"));
  }
}

// Where the channel's streams are, from a master's place: /live/CHANNEL/master.m3u8, or /vod/CHANNEL/STREAM/master.m3u8.
std::string Service::playlists_of(const std::string& channel, bool live) const {
  if (options_.public_url.empty()) return live ? "" : "../../../live/" + channel + "/";
  return options_.public_url + "/live/" + channel + "/";
}

void Service::master(const Route& route, const Shown& shown, Asked asked, Answer answer) {
  Presentation& presentation = *shown;
  const bool live = route.resource == Resource::live_master;
  settle(
      presentation, "",
      [this, &presentation, live, channel = route.channel,
       asked = std::move(asked)](std::chrono::milliseconds waited) -> std::optional<http::Response> {
        if (presentation.ready()) {
          Rendered& rendered = live ? presentation.live_master(playlists_of(channel, true)) : presentation.whole_master(playlists_of(channel, false));
          return playlist_answer(rendered, asked, presentation.stream().ended && !live ? over_max_age_s : 1);
        }
        if (presentation.stream().ended) return not_found("the stream ended before it began");
        if (waited < hls::longest_wait(presentation.stream())) return std::nullopt;
        return waited_too_long("the stream has not begun");
      },
      std::move(answer));
}

void Service::live_playlist(const http::Request& request, const Route& route, const Shown& shown, Asked asked,
                            Answer answer) {
  Presentation& presentation = *shown;
  const auto directives = hls::read_directives(request.query);
  if (!directives) return finish(answer, error_answer(400, "BAD_REQUEST", directives.error().what));
  if (!presentation.stream().find(route.rendition)) return finish(answer, not_found("no such rendition"));
  settle(
      presentation, route.rendition,
      [&presentation, name = route.rendition, directives = *directives,
       asked = std::move(asked)](std::chrono::milliseconds waited) -> std::optional<http::Response> {
        const hls::StreamView& stream = presentation.stream();
        const hls::RenditionView& rendition = *stream.find(name);
        // A playlist of parts alone is valid (4.1), and refused by hls.js 1.7.4 (levelEmptyError) and ffmpeg 5.1, which finds no streams in it:
        // who asks for no particular part gets the first with a whole segment. A player may not begin nearer to the edge than three parts, so
        // that costs it little.
        const bool empty = rendition.complete() == 0 && !stream.ended && !directives.blocking();
        hls::Verdict verdict = hls::judge(stream, rendition, directives, waited);
        if (empty) verdict = waited < hls::longest_wait(stream) ? hls::Verdict::wait : hls::Verdict::unavailable;
        switch (verdict) {
          case hls::Verdict::wait: return std::nullopt;
          case hls::Verdict::bad_request: return error_answer(400, "TOO_FAR_AHEAD", "the playlist is not expected to get there soon");
          case hls::Verdict::unavailable: return waited_too_long("the stream has not grown for three target durations");
          case hls::Verdict::serve: break;
        }
        const std::uint32_t max_age_s = directives.blocking() || stream.ended ? 6 * stream.target_duration_s : 1;
        return playlist_answer(presentation.live_playlist(rendition, directives.skip), asked, max_age_s);
      },
      std::move(answer));
}

void Service::whole_playlist(const Route& route, const Shown& shown, const Asked& asked, const Answer& answer) {
  const hls::RenditionView* rendition = shown->stream().find(route.rendition);
  if (!rendition) return finish(answer, not_found("no such rendition"));
  finish(answer, playlist_answer(shown->whole_playlist(*rendition), asked, shown->stream().ended ? over_max_age_s : 1));
}

http::Response Service::media(const Presentation& presentation, const Route& route, std::uint64_t offset,
                              std::uint64_t size, std::int64_t modified_ms, const Asked& asked) {
  const hls::StreamView& stream = presentation.stream();
  const hls::RenditionView& rendition = *stream.find(route.rendition);
  const bool init = route.resource == Resource::init;
  const std::string name = init ? hls::init_name(static_cast<std::uint32_t>(route.number))
                                : hls::segment_name(stream.format, route.number);
  const std::string path = presentation.directory() + "/" + route.rendition + "/" + name;
  const auto file = files_.open(path);
  if (!file) {
    if (file.error().code == Errc::not_found) return not_found("it has been removed");
    log::warn("media cannot be read", {{"path", path}, file.error()});
    return unavailable("the file cannot be read just now");
  }
  if (init) {
    struct stat facts {};
    if (::fstat((*file)->get(), &facts) != 0) return unavailable("the file cannot be read just now");
    size = static_cast<std::uint64_t>(facts.st_size);
  }
  Media out;
  out.range = {*file, offset, size};
  out.type = hls::media_type(rendition.kind == media::Kind::audio, init ? "mp4" : extension(stream.format));
  out.etag = stream.id + "/" + route.rendition + "/" +
             (route.resource == Resource::part ? hls::part_name(stream.format, route.number, route.part) : name);
  out.modified_ms = modified_ms;
  return media_answer(out, asked);
}

void Service::init(const Route& route, const Shown& shown, const Asked& asked, const Answer& answer) {
  const hls::StreamView& stream = shown->stream();
  const hls::RenditionView* rendition = stream.find(route.rendition);
  const bool named = rendition && stream.format == hls::Format::cmaf &&
                     (std::ranges::any_of(rendition->segments, [&](const auto& s) { return s.init == route.number; }) ||
                      std::ranges::any_of(rendition->retired, [&](const auto& r) { return r.segment.init == route.number; }));
  if (!named) return finish(answer, not_found("no such header"));
  finish(answer, media(*shown, route, 0, 0, stream.epoch_ms, asked));
}

void Service::segment(const Route& route, const Shown& shown, const Asked& asked, const Answer& answer) {
  const hls::RenditionView* rendition = shown->stream().find(route.rendition);
  const hls::SegmentView* segment = rendition ? rendition->fetchable(route.number) : nullptr;
  if (!segment || !segment->complete || segment->gap || route.extension != extension(shown->stream().format)) {
    return finish(answer, not_found(segment && segment->gap ? "this segment is a gap" : "no such segment"));
  }
  finish(answer, media(*shown, route, 0, segment->bytes, shown->wall_ms(*rendition, segment->end()), asked));
}

void Service::part(const Route& route, const Shown& shown, Asked asked, Answer answer) {
  Presentation& presentation = *shown;
  const hls::RenditionView* rendition = presentation.stream().find(route.rendition);
  if (!rendition || route.extension != extension(presentation.stream().format)) {
    return finish(answer, not_found("no such part"));
  }
  settle(
      presentation, route.rendition,
      [this, &presentation, route,
       asked = std::move(asked)](std::chrono::milliseconds waited) -> std::optional<http::Response> {
        const hls::StreamView& stream = presentation.stream();
        const hls::RenditionView& rendition = *stream.find(route.rendition);
        bool found = false;
        switch (hls::judge_part(stream, rendition, route.number, route.part, waited, found)) {
          case hls::Verdict::wait: return std::nullopt;
          case hls::Verdict::unavailable: return waited_too_long("the part has not come for three target durations");
          default: break;
        }
        if (!found) return not_found("no such part");
        const hls::PartView& part = rendition.fetchable(route.number)->parts[route.part];
        return media(presentation, route, part.offset, part.bytes,
                     presentation.wall_ms(rendition, part.start + part.duration), asked);
      },
      std::move(answer));
}

}  // namespace sluice::origin
