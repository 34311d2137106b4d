// rooms: flv
// An FLV file, in pieces: nothing but packets within it, in rising times.
#include <cstdint>
#include <map>

#include "flv/file.hpp"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  const std::size_t whole = size;
  (void)flv::recognise(bytes);
  auto file = flv::open(
      [&](std::span<std::byte> into) -> Result<std::size_t> {
        const std::size_t n = std::min<std::size_t>({into.size(), 997, bytes.size()});
        std::copy_n(bytes.begin(), n, into.begin());
        bytes = bytes.subspan(n);
        return n;
      },
      {});
  if (!file) return 0;
  std::map<std::size_t, std::int64_t> last;
  for (auto packet = (*file)->next(); packet && *packet; packet = (*file)->next()) {
    const auto known = last.find((*packet)->track);
    const bool rises = known == last.end() || (*packet)->dts > known->second;
    if ((*packet)->track >= (*file)->tracks().size() || !rises || (*packet)->pts < (*packet)->dts || (*packet)->data.size() > whole * 4) __builtin_trap();
    last[(*packet)->track] = (*packet)->dts;
  }
  return 0;
}
