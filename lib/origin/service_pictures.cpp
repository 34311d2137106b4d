// What seek bars and lists of channels ask for: the window of a stream, its storyboard, a channel's picture.
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "origin/service_impl.hpp"

namespace sluice::origin {
namespace {

constexpr hls::StoryboardGrid grid{};             // what storyboard(1) draws unless told otherwise
constexpr std::uint32_t thumbnail_width = 480;
constexpr std::int64_t thumbnail_age_s = 5;       // a channel's picture is made anew no more often
constexpr const char* whole_age = "public, max-age=600", *passing_age = "public, max-age=5";

http::Response none(std::string_view code, std::string_view what) { return error_answer(404, code, what); }

http::Response failed(const Error& error) {
  if (error.code == Errc::not_found) return none("NO_PICTURE", "no picture of it can be made");
  return error_answer(503, "UNAVAILABLE", "the picture cannot be made just now", 2);
}

void tell(const Answer& answer, const PictureQueue::Picture& picture, const std::string& etag, const Asked& asked, const std::string& caching) {
  if (!picture) return answer(failed(picture.error()));
  instruments().bytes.Increment(static_cast<double>(picture->bytes->size()));
  if (picture->whole) return answer(picture_answer(picture->bytes, etag, asked, caching));
  // A tile could not be drawn and is black: the next try may be better.
  answer(picture_answer(picture->bytes, etag + "/passing", asked, passing_age));
}

}  // namespace

void Service::window(const Shown& shown, const Asked& asked, const Answer& answer) {
  answer(playlist_answer(shown->window(), asked, shown->stream().ended ? over_max_age_s : 2, "application/json"));
}

void Service::storyboard(const Shown& shown, const Asked& asked, const Answer& answer) {
  if (!pictures_ || !pictures_->on()) return answer(none("NO_PICTURES", "this server draws no pictures"));
  if (!hls::has_video(shown->stream())) return answer(none("NO_VIDEO", "the stream has no video"));
  answer(playlist_answer(shown->storyboard(grid), asked, shown->stream().ended ? over_max_age_s : 5, "text/vtt; charset=utf-8"));
}

void Service::sheet(const Route& route, const Shown& shown, Asked asked, Answer answer) {
  const hls::StreamView& stream = shown->stream();
  if (!pictures_ || !pictures_->on()) return answer(none("NO_PICTURES", "this server draws no pictures"));
  if (!hls::has_video(stream)) return answer(none("NO_VIDEO", "the stream has no video"));
  const auto tiles = hls::tiles_of_sheet(stream, grid, route.number);
  if (tiles.empty()) return answer(none("NOT_FOUND", "no keyframe of this sheet is there, or there any more"));
  const bool whole = hls::sheet_is_whole(stream, grid, route.number);
  // A sheet grows at its end and, when segments are removed, shrinks at its beginning: its tiles say which state it is.
  const std::string state = whole ? "whole" : fmt::format("{}-{}", tiles.front().slot, tiles.back().slot);
  const std::string etag = fmt::format("{}/storyboard-{}/{}", stream.id, route.number, state);
  const std::string caching = whole ? whole_age : passing_age;
  pictures_->ask({etag, shown->directory(), {"--sheet", std::to_string(route.number)}},
                 [answer = std::move(answer), asked = std::move(asked), etag, caching](const PictureQueue::Picture& picture) {
                   tell(answer, picture, etag, asked, caching);
                 });
}

void Service::thumbnail(const Shown& shown, Asked asked, Answer answer) {
  const hls::StreamView& stream = shown->stream();
  if (!pictures_ || !pictures_->on()) return answer(none("NO_PICTURES", "this server draws no pictures"));
  if (!hls::has_video(stream)) return answer(none("NO_VIDEO", "the stream has no video"));
  const hls::Tile newest = hls::newest_keyframe(stream, thumbnail_width);
  if (newest.rendition.empty()) return answer(error_answer(404, "NO_PICTURE", "the stream has no keyframe yet", 1));
  const auto moment = static_cast<std::int64_t>(std::floor(newest.at_s / thumbnail_age_s));
  const std::string etag = fmt::format("{}/thumbnail/{}", stream.id, moment);
  pictures_->ask({etag, shown->directory(), {"--newest", "--tile-width", std::to_string(thumbnail_width)}},
                 [answer = std::move(answer), asked = std::move(asked), etag](const PictureQueue::Picture& picture) {
                   tell(answer, picture, etag, asked, fmt::format("public, max-age={}", thumbnail_age_s));
                 });
}

}  // namespace sluice::origin
