#include "hls/multivariant_tags.hpp"

#include <utility>

#include "hls/attribute_rules.hpp"

namespace sluice::hls {

bool MultivariantTags::take(std::string_view tag, std::string_view value) {
  if (tag == "EXT-X-STREAM-INF") {
    variant_ = read_variant(tags_.attributes(tag, value));
    told_ = false;
  } else if (tag == "EXT-X-MEDIA") {
    multi_.renditions.push_back(read_rendition(tags_.attributes(tag, value)));
  } else if (tag == "EXT-X-SESSION-DATA") {
    const AttributeList list = tags_.attributes(tag, value);
    check_session_data(list, tags_.tell());
    const std::string id = list.text("DATA-ID").value_or(""), language = list.text("LANGUAGE").value_or("");
    if (list.has("DATA-ID") && !session_data_.emplace(id, language).second) {
      tags_.problem("session-data", "it is the second EXT-X-SESSION-DATA with the DATA-ID " + id + (language.empty() ? " and no LANGUAGE" : " and the LANGUAGE " + language));
    }
  } else if (tag == "EXT-X-SESSION-KEY") {
    const AttributeList list = tags_.attributes(tag, value);
    check_key(list, tag, tags_.tell());
    std::vector<std::optional<std::string>> key;
    for (const char* name : {"METHOD", "URI", "IV", "KEYFORMAT", "KEYFORMATVERSIONS"}) key.push_back(list.text(name));
    if (!session_keys_.insert(key).second) tags_.problem("session-key-once", "the same EXT-X-SESSION-KEY stands there before");
  } else if (tag == "EXT-X-I-FRAME-STREAM-INF") {
    tags_.attributes(tag, value);
    ++multi_.i_frame_variants;
  } else if (tag == "EXT-X-CONTENT-STEERING") {
    tags_.once(tag);
    multi_.steering = ReadSteering{tags_.attributes(tag, value).text("PATHWAY-ID"), tags_.line};
  } else {
    return false;
  }
  return true;
}

ReadVariant MultivariantTags::read_variant(const AttributeList& list) const {
  ReadVariant variant;
  variant.line = tags_.line;
  variant.bandwidth = list.integer("BANDWIDTH");
  variant.average_bandwidth = list.integer("AVERAGE-BANDWIDTH");
  variant.codecs = list.text("CODECS");
  variant.resolution = list.text("RESOLUTION");
  variant.frame_rate = list.real("FRAME-RATE");
  variant.audio = list.text("AUDIO");
  variant.video = list.text("VIDEO");
  variant.subtitles = list.text("SUBTITLES");
  variant.closed_captions = list.text("CLOSED-CAPTIONS");
  variant.written = list;
  return variant;
}

ReadRendition MultivariantTags::read_rendition(const AttributeList& list) {
  const auto text = [&](const char* name) { return list.text(name).value_or(""); };
  ReadRendition rendition;
  rendition.line = tags_.line;
  if (is_defined("EXT-X-MEDIA", "TYPE", text("TYPE"))) rendition.type = text("TYPE");
  rendition.group = text("GROUP-ID");
  rendition.name = text("NAME");
  rendition.uri = text("URI");
  rendition.language = text("LANGUAGE");
  rendition.associated_language = text("ASSOC-LANGUAGE");
  rendition.characteristics = text("CHARACTERISTICS");
  rendition.is_default = list.yes("DEFAULT");
  rendition.forced = list.yes("FORCED");
  check_media(list, tags_.tell());
  if (list.yes("AUTOSELECT") || text("AUTOSELECT") == "NO") rendition.autoselect = list.yes("AUTOSELECT");
  if (const auto id = list.text("INSTREAM-ID")) {
    if (rendition.type != "CLOSED-CAPTIONS") tags_.needs(13, "the INSTREAM-ID of what is no closed caption");
    else if (id->starts_with("SERVICE")) tags_.needs(7, "an INSTREAM-ID of the SERVICE kind");
  }
  return rendition;
}

void MultivariantTags::take_uri(std::string uri) {
  variant_->uri = std::move(uri);
  multi_.variants.push_back(*std::exchange(variant_, std::nullopt));
}

void MultivariantTags::interrupted() {
  if (!variant_ || std::exchange(told_, true)) return;
  tags_.problem("stream-inf-uri", "the EXT-X-STREAM-INF of line " + std::to_string(variant_->line) + " is not followed by its URI");
}

}  // namespace sluice::hls
