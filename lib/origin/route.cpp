#include "origin/route.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "hls/playlist_writer.hpp"
#include "hls/storyboard.hpp"

namespace sluice::origin {
namespace {

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool of_name(char c) { return lower_or_digit(c) || c == '_' || c == '-'; }
bool of_channel(char c) { return of_name(c) || (c >= 'A' && c <= 'Z'); }

bool made_of(std::string_view text, bool (*allowed)(char)) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, allowed);
}

// A text between separators, without an allocation: the first Most pieces, and how many there are (Most + 1: too many).
template <std::size_t Most>
class Pieces {
 public:
  Pieces(std::string_view text, char separator) {
    for (bool more = true; more && size_ <= Most; ++size_) {
      const std::size_t end = text.find(separator);
      more = end != text.npos;
      if (size_ < Most) pieces_[size_] = text.substr(0, end);
      if (more) text.remove_prefix(end + 1);
    }
  }
  std::size_t size() const { return size_; }
  std::string_view operator[](std::size_t index) const { return pieces_[index]; }
  std::string_view back() const { return pieces_[size_ - 1]; }

 private:
  std::array<std::string_view, Most> pieces_;
  std::size_t size_ = 0;
};

// Canonical decimal, so that every resource has one URL.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parse_number<std::uint64_t>(text);
}

// "init-0.mp4", "12.m4s", "12.3.m4s", "playlist.m3u8"
bool parse_leaf(std::string_view leaf, Route& route) {
  if (leaf == hls::live_playlist_name) {
    route.resource = Resource::live_playlist;
    return true;
  }
  if (leaf == hls::whole_playlist_name) {
    route.resource = Resource::whole_playlist;
    return true;
  }
  if (leaf == hls::published_playlist_name) {
    route.resource = Resource::published_playlist;
    return true;
  }
  if (leaf.starts_with("init-") && leaf.ends_with(".mp4")) {
    leaf.remove_prefix(5);
    leaf.remove_suffix(4);
    const auto init = number(leaf);
    route.resource = Resource::init;
    route.number = init.value_or(0);
    return init && *init <= 0xffffffff;
  }
  const Pieces<3> pieces(leaf, '.');
  if (pieces.size() < 2 || pieces.size() > 3 || (pieces.back() != "m4s" && pieces.back() != "ts")) return false;
  const auto msn = number(pieces[0]);
  const auto part = pieces.size() == 3 ? number(pieces[1]) : std::optional<std::uint64_t>(0);
  if (!msn || !part) return false;
  route.resource = pieces.size() == 3 ? Resource::part : Resource::segment;
  route.number = *msn;
  route.part = *part;
  route.extension = pieces.back();
  return true;
}

// "window.json", "storyboard.vtt", "storyboard-0.jpg"
bool parse_stream_leaf(std::string_view leaf, Route& route) {
  constexpr std::string_view before = "storyboard-", behind = ".jpg";
  if (leaf == "window.json") {
    route.resource = Resource::window;
    return true;
  }
  if (leaf == hls::storyboard_name) {
    route.resource = Resource::storyboard;
    return true;
  }
  if (!leaf.starts_with(before) || !leaf.ends_with(behind) || leaf.size() <= before.size() + behind.size()) return false;
  const auto sheet = number(leaf.substr(before.size(), leaf.size() - before.size() - behind.size()));
  route.resource = Resource::sheet;
  route.number = sheet.value_or(0);
  return sheet.has_value();
}

}  // namespace

std::optional<Route> parse_route(std::string_view path) {
  const Pieces<6> pieces(path, '/');
  if (pieces.size() < 4 || !pieces[0].empty() || !made_of(pieces[2], of_channel)) return std::nullopt;
  Route route;
  route.channel = pieces[2];
  if (pieces[1] == "live" && pieces.size() == 4 && pieces[3] == "master.m3u8") return route;
  if (pieces[1] == "live" && pieces.size() == 4 && pieces[3] == hls::published_playlist_name) {
    route.resource = Resource::published_master;
    return route;
  }
  if (pieces[1] == "live" && pieces.size() == 4 && pieces[3] == "thumbnail.jpg") {
    route.resource = Resource::thumbnail;
    return route;
  }
  if (pieces.size() < 5 || !made_of(pieces[3], lower_or_digit)) return std::nullopt;
  route.stream = pieces[3];
  if (pieces[1] == "vod" && pieces.size() == 5 && pieces[4] == "master.m3u8") {
    route.resource = Resource::whole_master;
    return route;
  }
  if (pieces[1] == "live" && pieces.size() == 5 && parse_stream_leaf(pieces[4], route)) return route;
  if (pieces[1] != "live" || pieces.size() != 6 || !made_of(pieces[4], of_name)) return std::nullopt;
  route.rendition = pieces[4];
  if (!parse_leaf(pieces[5], route)) return std::nullopt;
  return route;
}

const char* pattern(const std::optional<Route>& route) {
  if (!route) return "other";
  switch (route->resource) {
    case Resource::live_master: return "/live/:channel/master.m3u8";
    case Resource::whole_master: return "/vod/:channel/:stream/master.m3u8";
    case Resource::live_playlist: return "/live/:channel/:stream/:rendition/playlist.m3u8";
    case Resource::whole_playlist: return "/live/:channel/:stream/:rendition/whole.m3u8";
    case Resource::init: return "/live/:channel/:stream/:rendition/init-:n.mp4";
    case Resource::segment: return "/live/:channel/:stream/:rendition/:msn";
    case Resource::part: return "/live/:channel/:stream/:rendition/:msn.:part";
    case Resource::published_master: return "/live/:channel/published.m3u8";
    case Resource::published_playlist: return "/live/:channel/:stream/:rendition/published.m3u8";
    case Resource::thumbnail: return "/live/:channel/thumbnail.jpg";
    case Resource::window: return "/live/:channel/:stream/window.json";
    case Resource::storyboard: return "/live/:channel/:stream/storyboard.vtt";
    case Resource::sheet: return "/live/:channel/:stream/storyboard-:n.jpg";
  }
  return "/";
}

}  // namespace sluice::origin
