#include "emote_pictures.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "envelope.hpp"
#include "http/static_files.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "places.hpp"

namespace sluice::webd {
namespace {

constexpr std::array<std::string_view, 3> scales{"1x", "2x", "4x"};  // of store::Emote::images
constexpr std::int64_t most_bytes = 1024 * 1024;                     // of a picture that is 112 px wide at most
constexpr std::size_t most_sources = 50;                             // a policy is a header of every page
// An emote's id is never used again, but its file may be replaced. Caches ask again by ETag.
constexpr std::string_view lasting = "public, max-age=86400", passing = "public, max-age=60";

constexpr std::size_t most_kept = 64;  // pictures in memory, for…
constexpr seconds good_for{5}, bad_for{60};

bool is_url(std::string_view place) { return place.starts_with("https://") || place.starts_with("http://"); }

// What browsers draw in <img> and what cannot bring a script along (SVG can, opened by itself); empty for anything else.
// By the first bytes: the WHATWG's MIME sniffing standard, 6.1.
std::string_view picture_type(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return "image/gif";
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.size() >= 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP") return "image/webp";
  if (bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp" && (bytes.substr(8, 4) == "avif" || bytes.substr(8, 4) == "avis"))
    return "image/avif";
  return {};
}

// The place of the scale that was asked for; where it has none, of the next larger, or else the next smaller.
std::string place_for(const store::Emote& emote, std::size_t scale) {
  for (std::size_t at = scale; at < scales.size(); ++at) {
    if (!emote.images[at].empty()) return emote.images[at];
  }
  while (scale > 0 && emote.images[scale - 1].empty()) --scale;
  return scale > 0 ? emote.images[scale - 1] : std::string();
}

std::string sources_of(const std::vector<std::string>& places) {
  std::set<std::string> hosts;
  for (const std::string& place : places) {
    if (is_url(place)) hosts.insert(policy_source(place));
  }
  hosts.erase("");
  if (hosts.size() > most_sources) return " https: http:";
  std::string all;
  for (const std::string& host : hosts) all += ' ' + host;
  return all;
}

}  // namespace

nlohmann::json pictures_of(const store::Emote& emote) {
  nlohmann::json pictures = nlohmann::json::object();
  for (std::size_t at = 0; at < scales.size(); ++at) {
    if (!emote.images[at].empty()) pictures[scales[at]] = fmt::format("/emotes/{}/{}", emote.id.value(), scales[at]);
  }
  return pictures;
}

auto EmotePictures::read_file(const std::string& path) -> Result<Picture> {
  SLUICE_TRY_VALUE(os::UniqueFd fd, os::open_file(path, O_RDONLY | O_NONBLOCK));  // a FIFO must not be waited for
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0) return fail_errno("look at " + path);
  if (!S_ISREG(about.st_mode)) return fail(Errc::invalid, path + " is no file");
  if (about.st_size > most_bytes) return fail(Errc::invalid, fmt::format("{} is larger than {} bytes", path, most_bytes));
  Bytes bytes(static_cast<std::size_t>(about.st_size));
  std::size_t have = 0;
  for (ssize_t got = 1; got > 0 && have < bytes.size(); have += static_cast<std::size_t>(std::max<ssize_t>(got, 0))) {
    got = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0) return fail_errno("read " + path);
  }
  bytes.resize(have);
  const std::string_view type = picture_type(as_text(bytes));
  if (type.empty()) return fail(Errc::invalid, path + " is no picture that pages show", "make it PNG, GIF, JPEG, WebP or AVIF");
  std::string tag = '"' + hex(crypto::sha256(bytes)).substr(0, 20) + '"';
  return Picture{.url = {}, .bytes = std::make_shared<const Bytes>(std::move(bytes)), .type = type, .tag = std::move(tag)};
}

auto EmotePictures::read(store::Store& store, Key key) -> Result<Picture> {
  SLUICE_TRY_VALUE(const store::Emote emote, store.emotes().by_id(store::EmoteId(key.first)));
  std::string place = place_for(emote, key.second);
  if (place.empty()) return fail(Errc::not_found, fmt::format("the emote {} has no picture", emote.code));
  if (is_url(place)) return Picture{.url = std::move(place), .bytes = {}, .type = {}, .tag = {}};
  auto picture = read_file(place);
  if (picture) return picture;
  log::warn("an emote's picture cannot be shown", {picture.error(), {"emote", emote.code}});
  return fail(Errc::not_found, fmt::format("the picture of the emote {} cannot be read", emote.code));
}

Result<> EmotePictures::read_sources() {
  SLUICE_TRY_VALUE(const std::vector<std::string> places, store_.emotes().image_places());
  sources_ = sources_of(places);
  return {};
}

void EmotePictures::respond(const Result<Picture>& picture, const http::Responder& responder, std::string_view if_none_match) {
  if (!picture) {
    http::Response refused = failure(picture.error());
    if (refused.status == 404) {  // each line that was said with it asks for it
      std::erase_if(refused.headers, [](const auto& each) { return each.first == "Cache-Control"; });
      refused.with("Cache-Control", passing);
    }
    return responder.respond(std::move(refused));
  }
  http::Response shown;
  if (!picture->url.empty()) {
    shown = http::Response::text(302, "");
    shown.with("Location", picture->url).with("Cache-Control", "public, max-age=3600");
    return responder.respond(std::move(shown));
  }
  shown.with("Cache-Control", lasting).with("ETag", picture->tag).with("Content-Security-Policy", "default-src 'none'; sandbox");
  if (http::none_match_names(if_none_match, picture->tag)) {
    shown.status = 304;
    return responder.respond(std::move(shown));
  }
  shown.with("Content-Type", picture->type);
  shown.body = picture->bytes;
  responder.respond(std::move(shown));
}

void EmotePictures::answer(Key key, const http::Responder& responder, std::string_view if_none_match) {
  if (kept_.size() >= most_kept && !kept_.contains(key)) make_room();
  Kept& kept = kept_[key];
  if (!kept.asked && clock_.steady() < kept.until) return respond(kept.picture, responder, if_none_match);
  kept.waiting.emplace_back(responder, if_none_match);
  if (std::exchange(kept.asked, true)) return;
  offload_.run([&store = store_, key] { return read(store, key); },
               [this, key](Result<Picture> picture) {
                 Kept& asked = kept_[key];
                 asked.asked = false;
                 asked.until = clock_.steady() + (picture ? good_for : bad_for);
                 asked.picture = std::move(picture);
                 for (const auto& [asker, tag] : std::exchange(asked.waiting, {})) respond(asked.picture, asker, tag);
               });
}

// Forgets what has been read longest ago; what is being read stays.
void EmotePictures::make_room() {
  auto oldest = kept_.end();
  for (auto at = kept_.begin(); at != kept_.end(); ++at) {
    if (!at->second.asked && (oldest == kept_.end() || at->second.until < oldest->second.until)) oldest = at;
  }
  if (oldest != kept_.end()) kept_.erase(oldest);
}

void EmotePictures::add_routes(http::Router& router) {
  using http::Captured, http::Request, http::Responder;
  router.add("GET", "/emotes/:id/:scale", [this](const Request& request, const Responder& responder, const Captured& captured) {
    const auto id = parse_number<std::int64_t>(captured[0]);
    const auto* scale = std::ranges::find(scales, captured[1]);
    if (!id || scale == scales.end()) return responder.respond(failure(404, "NOT_FOUND", "an emote's picture is /emotes/ID/1x, 2x or 4x"));
    answer({*id, static_cast<std::size_t>(scale - scales.begin())}, responder, request.header("If-None-Match"));
  });
}

void EmotePictures::changed(const store::Event& event) {
  if (event.name != "emote.add" && event.name != "emote.remove") return;
  offload_.run([&store = store_] { return store.emotes().image_places(); },
               [this](const Result<std::vector<std::string>>& places) {
                 if (places) sources_ = sources_of(*places);
                 else log::warn("the emotes cannot be read; pages may not show pictures of the newest", {places.error()});
               });
}

}  // namespace sluice::webd
