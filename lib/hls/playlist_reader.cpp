#include "hls/playlist_reader.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "hls/media_tags.hpp"
#include "hls/multivariant_tags.hpp"

namespace sluice::hls {
namespace {

// U+0000 to U+001F but for CR and LF, U+007F to U+009F; of UTF-8.
bool holds_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n' && c != '\r') || c == 0x7f) return true;
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

constexpr std::uint64_t unknown_version = 0;

// decimal-floating-point with a sign (4.2).
std::optional<double> parse_signed(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto value = parse_decimal(text.substr(negative));
  return value && negative ? -*value : value;
}

constexpr std::string_view byte_order_mark_and_tag = "\xef\xbb\xbf#EXT";

class Reader {
 public:
  Reader(std::string_view text, const Loaded& loaded) : text_(text), tags_(loaded) {}

  ReadPlaylist read() {
    if (is_foreign()) {
      tags_.line = text_.empty() ? 0 : 1;
      tags_.problem("extm3u-first", text_.empty() ? "the playlist is empty" : "the first line is not #EXTM3U, and no line is a tag: it is no playlist");
      out_.foreign = true;
      out_.problems = tags_.take_problems();
      return std::move(out_);
    }
    check_characters();
    std::size_t at = 0;
    for (tags_.line = 1; at < text_.size(); ++tags_.line) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      std::string_view line = text_.substr(at, end - at);
      if (line.ends_with('\r')) line.remove_suffix(1);
      at = end + 1;
      if (tags_.line == 1 && line != "#EXTM3U") tags_.problem("extm3u-first", "the first line is not #EXTM3U");
      take(line);
    }
    finish();
    out_.problems = tags_.take_problems();
    return std::move(out_);
  }

 private:
  // What has no tag in it is something else, and none of a playlist's rules would tell anything of it.
  bool is_foreign() const { return !text_.starts_with("#EXT") && text_.find("\n#EXT") == std::string_view::npos && !text_.starts_with(byte_order_mark_and_tag); }

  void check_characters() {
    if (text_.starts_with("\xef\xbb\xbf")) {
      tags_.problem("utf8", "it begins with a byte order mark");
      text_.remove_prefix(3);
    }
    if (!is_utf8(text_)) tags_.problem("utf8", "it is not UTF-8");
    if (holds_control(text_)) tags_.problem("control-characters", "it holds a control character");
  }

  void take(std::string_view line) {
    if (line.empty()) return;
    if (!line.starts_with('#')) return take_uri(line);
    if (!line.starts_with("#EXT")) return;  // a comment
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view tag = line.substr(1, colon - 1);
    const std::string_view value = colon < line.size() ? line.substr(colon + 1) : "";
    if (media_.take(tag, value)) return note_media();
    multi_.interrupted();
    if (!take_common(tag, value) && multi_.take(tag, value)) note(multi_line_);
  }

  void take_uri(std::string_view written) {
    std::string uri = tags_.scope().substituted(written, tags_.tell());
    if (multi_.awaits_uri()) return multi_.take_uri(std::move(uri));
    note_media();
    media_.take_uri(std::move(uri));
  }

  // The first line of its kind.
  void note(std::size_t& first) const {
    if (first == 0) first = tags_.line;
  }

  void note_media() {
    note(media_line_);
    multi_.give_up();  // a variant before it is of the other kind
  }

  bool take_common(std::string_view tag, std::string_view value) {
    if (tag == "EXTM3U") return true;
    if (tag == "EXT-X-VERSION") {
      if (tags_.once(tag)) out_.version = tags_.number(tag, value).value_or(unknown_version);
      return true;
    }
    if (tag == "EXT-X-INDEPENDENT-SEGMENTS") {
      tags_.once(tag);
      out_.independent_segments = true;
      return true;
    }
    if (tag == "EXT-X-START") {
      tags_.once(tag);
      const auto offset = parse_signed(tags_.attributes(tag, value).text("TIME-OFFSET").value_or(""));
      if (offset) out_.start = ReadStart{*offset, tags_.line};
      return true;
    }
    if (tag == "EXT-X-DEFINE") {
      const AttributeList list = tags_.attributes(tag, value);
      tags_.needs(list.has("QUERYPARAM") ? 11 : 8, tag);
      tags_.scope().define(list, tags_.line, tags_.tell());
      return true;
    }
    return false;
  }

  void check_imports() {
    const VariableScope& scope = tags_.scope();
    for (const VariableScope::Import& import : scope.imports()) {
      tags_.line = import.line;
      if (out_.multivariant) tags_.problem("import-multivariant", "a multivariant playlist imports the variable " + import.name);
      else if (!scope.from_multivariant()) tags_.problem("import-undefined", "it imports the variable " + import.name + ", and no multivariant playlist names it");
      else if (!import.found) tags_.problem("import-undefined", "it imports the variable " + import.name + ", which its multivariant playlist does not define");
    }
    tags_.line = 0;
  }

  void finish() {
    if (multi_.awaits_uri()) multi_.interrupted();
    media_.finish();
    out_.multivariant = multi_line_ > 0 && media_line_ == 0;
    tags_.line = std::max(media_line_, multi_line_);
    if (media_line_ > 0 && multi_line_ > 0) tags_.problem("one-kind", "tags of media and multivariant playlists are mixed");
    check_imports();
    out_.variables = tags_.scope().variables();
    if (!out_.multivariant && !tags_.seen("EXT-X-TARGETDURATION")) tags_.problem("target-duration-required", "there is no EXT-X-TARGETDURATION");
    check_version();
  }

  void check_version() {
    if (out_.version == unknown_version) return;
    const std::uint64_t needed = tags_.needed();
    if (out_.version < needed) tags_.problem("version-needed", tags_.needed_for() + " needs EXT-X-VERSION " + std::to_string(needed));
    // An EXT-X-DEFINE that is not there would have needed it.
    if (!out_.multivariant && out_.version > needed && !tags_.told("variable-undefined")) {
      tags_.problem("version-excess", "EXT-X-VERSION is " + std::to_string(out_.version) + ", " + std::to_string(needed) + " would do");
    }
  }

  std::string_view text_;
  TagReader tags_;
  ReadPlaylist out_;
  MediaTags media_{tags_, out_.media};
  MultivariantTags multi_{tags_, out_.multi};
  std::size_t media_line_ = 0, multi_line_ = 0;
};

}  // namespace

double ReadMedia::duration() const {
  double sum = 0;
  for (const ReadSegment& segment : segments) sum += segment.uri.empty() ? 0 : segment.duration;
  return sum;
}

ReadPlaylist read_playlist(std::string_view text, const Loaded& loaded) { return Reader(text, loaded).read(); }

}  // namespace sluice::hls
