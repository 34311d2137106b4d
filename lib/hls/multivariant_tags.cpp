#include "hls/multivariant_tags.hpp"

#include <utility>

namespace sluice::hls {

bool MultivariantTags::take(std::string_view tag, std::string_view value) {
  if (tag == "EXT-X-STREAM-INF") {
    const AttributeList list = tags_.attributes(value);
    ReadVariant variant;
    variant.line = tags_.line;
    tags_.required(list, tag, "BANDWIDTH", false);
    variant.bandwidth = list.integer("BANDWIDTH");
    variant.average_bandwidth = list.integer("AVERAGE-BANDWIDTH");
    variant.codecs = list.quoted("CODECS");
    variant.resolution = list.word("RESOLUTION");
    variant.frame_rate = list.real("FRAME-RATE");
    variant.audio = list.quoted("AUDIO");
    variant.video = list.quoted("VIDEO");
    variant.subtitles = list.quoted("SUBTITLES");
    // The one attribute that is a quoted string or an enumerated one.
    if (list.has("CLOSED-CAPTIONS")) {
      const AttributeList again = list;
      variant.closed_captions = again.word("CLOSED-CAPTIONS");
      if (!variant.closed_captions) variant.closed_captions = again.quoted("CLOSED-CAPTIONS");
    }
    tags_.check_types(list);
    variant_ = std::move(variant);
  } else if (tag == "EXT-X-MEDIA") {
    const AttributeList list = tags_.attributes(value);
    ReadRendition rendition;
    rendition.line = tags_.line;
    rendition.type = tags_.required(list, tag, "TYPE", false);
    rendition.group = tags_.required(list, tag, "GROUP-ID", true);
    rendition.name = tags_.required(list, tag, "NAME", true);
    rendition.uri = list.quoted("URI").value_or("");
    rendition.language = list.quoted("LANGUAGE").value_or("");
    rendition.is_default = list.yes("DEFAULT");
    check_media(list, tags_.tell());
    if (list.has("AUTOSELECT")) rendition.autoselect = list.yes("AUTOSELECT");
    if (const auto id = list.has("INSTREAM-ID") ? list.quoted("INSTREAM-ID") : std::nullopt) {
      if (rendition.type != "CLOSED-CAPTIONS") tags_.needs(13, "the INSTREAM-ID of what is no closed caption");
      else if (id->starts_with("SERVICE")) tags_.needs(7, "an INSTREAM-ID of the SERVICE kind");
    }
    tags_.check_types(list);
    multi_.renditions.push_back(std::move(rendition));
  } else if (tag == "EXT-X-SESSION-DATA") {
    check_session_data(tags_.attributes(value), tags_.tell());
  } else if (tag == "EXT-X-SESSION-KEY") {
    check_key(tags_.attributes(value), tag, tags_.tell());
  } else if (tag == "EXT-X-I-FRAME-STREAM-INF" || tag == "EXT-X-CONTENT-STEERING") {
    tags_.attributes(value);  // by their syntax, and that the variables in them are defined
    multi_.i_frame_variants += tag == "EXT-X-I-FRAME-STREAM-INF";
  } else {
    return false;
  }
  return true;
}

void MultivariantTags::take_uri(std::string uri) {
  variant_->uri = std::move(uri);
  multi_.variants.push_back(*std::exchange(variant_, std::nullopt));
}

void MultivariantTags::no_uri() {
  if (std::exchange(variant_, std::nullopt)) tags_.problem("stream-inf-uri", "EXT-X-STREAM-INF is not followed by its URI");
}

}  // namespace sluice::hls
