#include "srt/stream_id.hpp"

#include <algorithm>
#include <optional>

#include "base/percent.hpp"
#include "base/text.hpp"

namespace sluice::srt {

namespace {

constexpr std::string_view list_mark = "#!::";

std::string_view without_application(std::string_view resource) {
  if (resource.starts_with('/')) resource.remove_prefix(1);
  if (resource.starts_with("live/")) resource.remove_prefix(5);  // as an RTMP URL has it
  return resource;
}

Result<StreamId::Mode> mode_named(std::string_view name) {
  if (name == "request") return StreamId::Mode::request;
  if (name == "publish") return StreamId::Mode::publish;
  if (name == "bidirectional") return StreamId::Mode::bidirectional;
  return fail(Errc::invalid, "the streamid's m is none of request, publish and bidirectional");
}

Result<StreamId> parse_list(std::string_view list) {
  StreamId id;
  std::string seen;
  for (const std::string_view item : split(list, ',')) {
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0) return fail(Errc::invalid, "the streamid holds an item that is not KEY=VALUE");
    const std::string_view key = item.substr(0, equals), value = item.substr(equals + 1);
    if (key.size() != 1) continue;
    if (seen.find(key[0]) != std::string::npos) return fail(Errc::invalid, "the streamid holds a key twice");
    seen += key[0];
    switch (key[0]) {
      case 'r': id.resource = without_application(value); break;
      case 'u': id.user = value; break;
      case 'h': id.host = value; break;
      case 's': id.session = value; break;
      case 't': id.type = value; break;
      case 'm': {
        SLUICE_TRY_VALUE(id.mode, mode_named(value));
        break;
      }
      default: break;
    }
  }
  return id;
}

}  // namespace

Result<StreamId> parse_stream_id(std::string_view sent) {
  if (sent.size() > longest_stream_id) return fail(Errc::invalid, "the streamid is longer than 512 characters");
  std::string_view text = sent;
  // ffmpeg sends the query of an srt:// URL as it was typed, where '#' would begin a fragment for others.
  std::optional<std::string> decoded;
  if (!text.starts_with(list_mark)) decoded = percent_decoded(text);
  if (decoded && decoded->starts_with(list_mark)) text = *decoded;
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return fail(Errc::invalid, "the streamid holds control characters");
  StreamId id;
  if (text.starts_with(list_mark)) {
    SLUICE_TRY_VALUE(id, parse_list(text.substr(list_mark.size())));
  } else if (text.starts_with("#!")) {
    return fail(Errc::invalid, "the streamid is of a form that is not known", "write #!::r=KEY,m=publish, or the key alone");
  } else {
    id.resource = without_application(text);
    id.mode = StreamId::Mode::publish;
    id.plain = true;
  }
  if (id.resource.empty()) return fail(Errc::invalid, "the streamid names no resource", "write #!::r=KEY,m=publish, or the key alone");
  return id;
}

}  // namespace sluice::srt
