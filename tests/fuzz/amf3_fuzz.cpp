// rooms: rtmp
// AMF 3: whatever is read must be written and read again as the same.
#include <cstdlib>

#include "rtmp/amf3.hpp"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rtmp::amf::Amf3Reader reader(std::as_bytes(std::span(data, size)));
  while (!reader.at_end()) {
    const auto value = reader.read();
    if (!value) return 0;
    Bytes written;
    rtmp::amf::write_amf3(written, *value);
    const auto again = rtmp::amf::Amf3Reader(written, {.depth = 64, .values = 1u << 20}).read();
    if (!again) std::abort();
    Bytes twice;
    rtmp::amf::write_amf3(twice, *again);
    if (twice != written) std::abort();
  }
  return 0;
}
