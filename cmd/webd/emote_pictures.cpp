#include "emote_pictures.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

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
constexpr std::size_t most_bytes = 1024 * 1024;                      // of a picture that is 112 px wide at most
constexpr std::size_t most_sources = 50;                             // a policy is a header of every page
// An emote's id is never used again, but its file may be replaced. Caches ask again by ETag.
constexpr std::string_view lasting = "public, max-age=86400", passing = "public, max-age=60";

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

Result<std::string> read_picture(const std::string& path) {
  SLUICE_TRY_VALUE(os::UniqueFd fd, os::open_file(path, O_RDONLY | O_NONBLOCK));  // a FIFO must not be waited for
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0) return fail_errno("look at " + path);
  if (!S_ISREG(about.st_mode)) return fail(Errc::invalid, path + " is no file");
  std::string bytes(most_bytes + 1, '\0');
  std::size_t have = 0;
  for (ssize_t got = 1; got > 0 && have < bytes.size(); have += static_cast<std::size_t>(std::max<ssize_t>(got, 0))) {
    got = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0) return fail_errno("read " + path);
  }
  if (have > most_bytes) return fail(Errc::invalid, fmt::format("{} is larger than {} bytes", path, most_bytes));
  bytes.resize(have);
  if (picture_type(bytes).empty())
    return fail(Errc::invalid, path + " is no picture that pages show", "make it PNG, GIF, JPEG, WebP or AVIF");
  return bytes;
}

// The place of the scale that was asked for; where it has none, of the next larger, or else the next smaller.
std::string place_for(const store::Emote& emote, std::size_t scale) {
  for (std::size_t at = scale; at < scales.size(); ++at) {
    if (!emote.images[at].empty()) return emote.images[at];
  }
  while (scale > 0 && emote.images[scale - 1].empty()) --scale;
  return scale > 0 ? emote.images[scale - 1] : std::string();
}

struct Picture {
  std::string url;    // where it is elsewhere
  std::string bytes;  // else
};

Result<Picture> picture(store::Store& store, store::EmoteId id, std::size_t scale) {
  SLUICE_TRY_VALUE(const store::Emote emote, store.emotes().by_id(id));
  const std::string place = place_for(emote, scale);
  if (place.empty()) return fail(Errc::not_found, fmt::format("the emote {} has no picture", emote.code));
  if (is_url(place)) return Picture{.url = place, .bytes = {}};
  auto bytes = read_picture(place);
  if (!bytes) {
    log::warn("an emote's picture cannot be shown", {bytes.error(), {"emote", emote.code}});
    return fail(Errc::not_found, fmt::format("the picture of the emote {} cannot be read", emote.code));
  }
  return Picture{.url = {}, .bytes = std::move(*bytes)};
}

http::Response answer_of(const Picture& picture, const std::string& if_none_match) {
  if (!picture.url.empty()) {
    http::Response led = http::Response::text(302, "");
    led.with("Location", picture.url).with("Cache-Control", "public, max-age=3600");
    return led;
  }
  const std::string tag = '"' + hex(crypto::sha256(as_bytes(picture.bytes))).substr(0, 20) + '"';
  http::Response shown;
  shown.with("Cache-Control", lasting).with("ETag", tag).with("Content-Security-Policy", "default-src 'none'; sandbox");
  if (http::none_match_names(if_none_match, tag)) {
    shown.status = 304;
    return shown;
  }
  shown.with("Content-Type", picture_type(picture.bytes));
  shown.body = picture.bytes;
  return shown;
}

std::string sources_of(const std::vector<store::Emote>& emotes) {
  std::set<std::string> hosts;
  for (const store::Emote& emote : emotes) {
    for (const std::string& image : emote.images) {
      if (is_url(image)) hosts.insert(policy_source(image));
    }
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

Result<> EmotePictures::read_sources() {
  SLUICE_TRY_VALUE(const std::vector<store::Emote> emotes, store_.emotes().list());
  sources_ = sources_of(emotes);
  return {};
}

void EmotePictures::add_routes(http::Router& router) {
  using http::Captured, http::Request, http::Responder;
  router.add("GET", "/emotes/:id/:scale", [this](const Request& request, const Responder& responder, const Captured& captured) {
    const auto id = parse_number<std::int64_t>(captured[0]);
    const auto* scale = std::ranges::find(scales, captured[1]);
    if (!id || scale == scales.end())
      return responder.respond(failure(404, "NOT_FOUND", "an emote's picture is /emotes/ID/1x, 2x or 4x"));
    const auto at = static_cast<std::size_t>(scale - scales.begin());
    offload_.run([this, id = store::EmoteId(*id), at] { return picture(store_, id, at); },
                 [responder, if_none_match = std::string(request.header("If-None-Match"))](const Result<Picture>& found) {
                   if (found) return responder.respond(answer_of(*found, if_none_match));
                   http::Response refused = failure(found.error());
                   // Each line that was said with it asks for it.
                   if (refused.status == 404) std::erase_if(refused.headers, [](const auto& each) { return each.first == "Cache-Control"; });
                   if (refused.status == 404) refused.with("Cache-Control", passing);
                   responder.respond(std::move(refused));
                 });
  });
}

void EmotePictures::changed(const store::Event& event) {
  if (!event.name.starts_with("emote.")) return;
  offload_.run([this] { return store_.emotes().list(); },
               [this](const Result<std::vector<store::Emote>>& emotes) {
                 if (emotes) sources_ = sources_of(*emotes);
                 else log::warn("the emotes cannot be read; pages may not show pictures of the newest", {emotes.error()});
               });
}

}  // namespace sluice::webd
