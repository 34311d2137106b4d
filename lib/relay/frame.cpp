#include "relay/frame.hpp"

#include <algorithm>
#include <utility>

namespace sluice::relay {

namespace {
constexpr std::string_view letters = "HCPJSRDEXB";
}

void write_frame_head(std::byte* head, Type type, std::size_t length) {
  head[0] = static_cast<std::byte>(type);
  for (int i = 0; i < 4; ++i) head[1 + i] = static_cast<std::byte>(length >> (24 - 8 * i));
}

void append_frame(Bytes& out, Type type, ByteView payload) {
  const std::size_t at = out.size();
  out.resize(at + frame_head);
  write_frame_head(out.data() + at, type, payload.size());
  append(out, payload);
}

Result<> FrameReader::begin_frame() {
  ByteReader head(held_);
  const char letter = static_cast<char>(head.u8());
  left_ = head.be32();
  held_.clear();
  if (letters.find(letter) == std::string_view::npos) return fail(Errc::invalid, "a frame of a type that is not known");
  type_ = static_cast<Type>(letter);
  if (left_ > (type_ == Type::media ? longest_media_frame : longest_word_frame)) return fail(Errc::invalid, "a frame is too long");
  in_payload_ = true;
  return {};
}

Result<> FrameReader::feed(ByteView bytes, Handler& handler) {
  if (failed_) return fail(Errc::invalid, "a broken connection goes on");
  const auto step = [&]() -> Result<> {
    if (!in_payload_) {
      const std::size_t n = std::min(frame_head - held_.size(), bytes.size());
      append(held_, bytes.first(n));
      bytes = bytes.subspan(n);
      if (held_.size() < frame_head) return {};
      SLUICE_TRY(begin_frame());
    }
    const ByteView piece = bytes.first(std::min(left_, bytes.size()));
    bytes = bytes.subspan(piece.size());
    left_ -= piece.size();
    if (type_ == Type::media) {
      in_payload_ = left_ > 0;
      return piece.empty() ? Result<>{} : handler.on_media(piece);
    }
    append(held_, piece);
    if (left_ > 0) return {};
    in_payload_ = false;
    const Bytes whole = std::exchange(held_, {});
    return handler.on_frame(type_, whole);
  };
  while (!bytes.empty()) {
    if (auto stepped = step(); !stepped) {
      failed_ = true;
      return stepped;
    }
  }
  return {};
}

}  // namespace sluice::relay
