#pragma once
// Bytes: owned, viewed and shared octets, and bounds-checked reading and writing of them.
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;                 // borrowed
using SharedBytes = std::shared_ptr<const Bytes>;            // rendered once, sent to many

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(std::string_view text) {
  ByteView v = as_bytes(text);
  return Bytes(v.begin(), v.end());
}
inline void append(Bytes& to, ByteView from) { to.insert(to.end(), from.begin(), from.end()); }

// Reads numbers from a view. Reading past the end yields zeros and sets failed(): check it once, after a group of reads.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  std::size_t remaining() const { return bytes_.size() - at_; }
  std::size_t position() const { return at_; }
  bool failed() const { return failed_; }
  bool at_end() const { return at_ == bytes_.size(); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(big(1)); }
  std::uint16_t be16() { return static_cast<std::uint16_t>(big(2)); }
  std::uint32_t be24() { return static_cast<std::uint32_t>(big(3)); }
  std::uint32_t be32() { return static_cast<std::uint32_t>(big(4)); }
  std::uint64_t be64() { return big(8); }
  std::uint16_t le16() { return static_cast<std::uint16_t>(little(2)); }
  std::uint32_t le32() { return static_cast<std::uint32_t>(little(4)); }
  std::uint64_t le64() { return little(8); }
  double be_double() { return std::bit_cast<double>(be64()); }

  // A view of the next n bytes (empty, and failed, when there are fewer).
  ByteView take(std::size_t n) {
    if (n > remaining()) {
      failed_ = true;
      at_ = bytes_.size();
      return {};
    }
    ByteView v = bytes_.subspan(at_, n);
    at_ += n;
    return v;
  }
  ByteView rest() { return take(remaining()); }
  void skip(std::size_t n) { take(n); }

 private:
  std::uint64_t big(std::size_t n) {
    ByteView v = take(n);
    std::uint64_t value = 0;
    for (std::byte b : v) value = value << 8 | static_cast<std::uint64_t>(b);
    return value;
  }
  std::uint64_t little(std::size_t n) {
    ByteView v = take(n);
    std::uint64_t value = 0;
    for (std::size_t i = v.size(); i-- > 0;) value = value << 8 | static_cast<std::uint64_t>(v[i]);
    return value;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

// Appends numbers to a buffer that the caller owns.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  ByteWriter& u8(std::uint64_t v) { return big(v, 1); }
  ByteWriter& be16(std::uint64_t v) { return big(v, 2); }
  ByteWriter& be24(std::uint64_t v) { return big(v, 3); }
  ByteWriter& be32(std::uint64_t v) { return big(v, 4); }
  ByteWriter& be64(std::uint64_t v) { return big(v, 8); }
  ByteWriter& le32(std::uint64_t v) { return little(v, 4); }
  ByteWriter& be_double(double v) { return be64(std::bit_cast<std::uint64_t>(v)); }
  ByteWriter& bytes(ByteView v) {
    append(out_, v);
    return *this;
  }
  ByteWriter& text(std::string_view v) { return bytes(as_bytes(v)); }
  ByteWriter& zeros(std::size_t n) {
    out_.resize(out_.size() + n);
    return *this;
  }

  std::size_t size() const { return out_.size(); }
  // Overwrites four bytes written earlier (box sizes, lengths).
  void patch_be32(std::size_t at, std::uint32_t v) {
    for (int i = 0; i < 4; ++i) out_[at + i] = static_cast<std::byte>(v >> (24 - 8 * i));
  }

 private:
  ByteWriter& big(std::uint64_t v, int n) {
    for (int i = n - 1; i >= 0; --i) out_.push_back(static_cast<std::byte>(v >> (8 * i)));
    return *this;
  }
  ByteWriter& little(std::uint64_t v, int n) {
    for (int i = 0; i < n; ++i) out_.push_back(static_cast<std::byte>(v >> (8 * i)));
    return *this;
  }
  Bytes& out_;
};

}  // namespace sluice
