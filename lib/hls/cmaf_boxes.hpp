#pragma once
// Writing ISO base media boxes (ISO/IEC 14496-12 4.2): a size that is filled in when the box closes.
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"

namespace sluice::hls {

// A box open on `out` from construction to destruction; boxes nest as scopes do.
class Box {
 public:
  Box(Bytes& out, std::string_view type) : out_(out), at_(out.size()), writer_(out) {
    writer_.be32(0).text(type);
  }
  // A full box: version and flags follow the type.
  Box(Bytes& out, std::string_view type, std::uint8_t version, std::uint32_t flags) : Box(out, type) {
    writer_.u8(version).be24(flags);
  }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;
  ~Box() { writer_.patch_be32(at_, static_cast<std::uint32_t>(out_.size() - at_)); }

  ByteWriter* operator->() { return &writer_; }
  ByteWriter& operator*() { return writer_; }

 private:
  Bytes& out_;
  std::size_t at_;
  ByteWriter writer_;
};

}  // namespace sluice::hls
