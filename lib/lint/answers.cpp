#include "lint/answers.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace sluice::lint {
namespace {

constexpr std::size_t worth_compressing = 200;  // bytes: below it gzip gains nothing

void lint_readers(const Reply& reply, const std::string& of, const std::string& name, Notes& notes) {
  if (reply.header("access-control-allow-origin").empty()) notes.add(of, "cors", name, "the answer has no Access-Control-Allow-Origin");
}

}  // namespace

void lint_playlist_answer(const Reply& reply, const hls::ReadPlaylist& playlist, bool plain, const std::string& name, Notes& notes) {
  const std::string_view path = path_of(reply.url);
  const std::string_view whole_type = reply.header("content-type");
  const std::string_view type = trim(whole_type.substr(0, whole_type.find(';')));
  if (!path.ends_with(".m3u8") && !path.ends_with(".m3u") && !ascii_iequals(type, "application/vnd.apple.mpegurl") && !ascii_iequals(type, "audio/mpegurl")) {
    notes.add(name, "content-type", name, fmt::format("it does not end in .m3u8, and its Content-Type is \"{}\"", type));
  }
  if (!reply.gzipped() && reply.body.size() >= worth_compressing) {
    notes.add(name, "compression", name, fmt::format("its {} bytes were sent without gzip", reply.body.size()));
  }
  const double target = static_cast<double>(playlist.media.target_duration.value_or(0));
  const bool live = !playlist.multivariant && !playlist.media.end_list;
  if (plain && live && reply.max_age_s() > target) {
    notes.add(name, "live-cache-time", name, fmt::format("max-age is {:.0f} s, the target duration {} s", reply.max_age_s(), target));
  }
  if (reply.url.starts_with("https:") && playlist.media.part_target && reply.http < 20) {
    notes.add(name, "low-latency-transport", name, "it came by HTTP/1.1");
  }
  lint_readers(reply, name, name, notes);
}

void lint_media_answer(const Reply& reply, bool removes, const std::string& playlist, const std::string& name, Notes& notes) {
  if (removes && reply.max_age_s() < 0 && reply.header("expires").empty()) {
    notes.add(playlist, "expires-told", name, "the answer has neither Expires nor max-age");
  }
  lint_readers(reply, playlist, name, notes);
}

}  // namespace sluice::lint
