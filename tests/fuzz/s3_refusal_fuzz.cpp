// rooms: s3
// Any bytes as an S3 service's answer and as a credentials file: what comes through is short and printable.
#include <cstdlib>

#include "s3/credentials.hpp"
#include "s3/refusal.hpp"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  const s3::Refusal refusal = s3::read_refusal(bytes);
  if (refusal.code.size() > 100 || refusal.message.size() > 300) std::abort();
  for (const char c : refusal.code + refusal.message) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) std::abort();
  }
  const auto keys = s3::parse_credentials(as_text(bytes), "keys");
  if (keys && (keys->access_key.empty() || keys->secret_key.find_first_of(" \r\n") != std::string::npos)) std::abort();
  return 0;
}
