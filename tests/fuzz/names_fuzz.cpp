// rooms: platform base
// Texts from outside: UTF-8 decodes to what encodes back to it; names, titles and scopes are accepted only in
// their own form.
#include <cstdlib>
#include <string>

#include "base/utf8.hpp"
#include "platform/names.hpp"
#include "platform/scopes.hpp"
#include "platform/stream_id.hpp"

namespace {
void must(bool holds) {
  if (!holds) std::abort();
}

void append_utf8(std::string& to, char32_t c) {
  auto put = [&](char32_t byte) { to += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 63));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 63)), put(0x80 | (c >> 6 & 63)), put(0x80 | (c & 63));
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  std::string text(reinterpret_cast<const char*>(data), size);
  if (auto points = utf8_code_points(text)) {
    std::string again;
    for (char32_t point : *points) append_utf8(again, point);
    must(again == text);
  }
  if (auto name = platform::user_name(text))
    must(platform::user_name(*name) == *name && name->size() == size);
  if (auto name = platform::channel_name(text)) must(platform::channel_name(*name) == *name);
  if (auto title = platform::stream_title(text)) must(platform::stream_title(*title) == *title);
  if (auto scopes = platform::parse_scopes(text)) must(platform::parse_scopes(scopes->text()) == *scopes);
  platform::time_of(StreamId(text));
  return 0;
}
