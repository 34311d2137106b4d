// rooms: srt
// A caller's streamid: what is taken is within its bounds.
#include <cstdlib>

#include "base/bytes.hpp"
#include "base/percent.hpp"
#include "srt/stream_id.hpp"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(std::as_bytes(std::span(data, size)));
  const auto id = srt::parse_stream_id(text);
  const std::string decoded = percent_decoded(text).value_or("");
  if (id && (id->resource.empty() || text.size() > srt::longest_stream_id || (text.find(id->resource) == text.npos && decoded.find(id->resource) == decoded.npos)))
    std::abort();
  if (!id && id.error().code != Errc::invalid) std::abort();
  return 0;
}
