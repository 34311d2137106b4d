// rooms: nut
#include "nut/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const sluice::ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  (void)sluice::nut::recognise(bytes);
  sluice::nut::Reader reader;
  for (std::size_t at = 0; at < size; at += 997) {
    reader.input().push(bytes.subspan(at, std::min<std::size_t>(997, size - at)));
    for (;;) {
      auto event = reader.next();
      if (!event) return 0;
      if (!*event) break;
    }
  }
  return 0;
}
