#include "rtmp/chunk_writer.hpp"

#include <algorithm>

#include "rtmp/chunk_limits.hpp"

namespace sluice::rtmp {

namespace {

void write_basic_header(ByteWriter& out, unsigned format, std::uint32_t id) {
  if (id < 64) {
    out.u8(format << 6 | id);
  } else if (id < 320) {
    out.u8(format << 6).u8(id - 64);
  } else {
    out.u8(format << 6 | 1).u8((id - 64) & 0xff).u8((id - 64) >> 8);
  }
}

}  // namespace

void ChunkWriter::write(Bytes& out, MessageType type, std::uint32_t chunk_stream, std::uint32_t stream,
                        std::uint32_t timestamp, ByteView payload) {
  auto last = std::ranges::find(streams_, chunk_stream, &ChunkStream::id);
  const bool fresh = last == streams_.end();
  if (fresh) last = streams_.insert(last, {.id = chunk_stream});

  // Time going back, or another message stream, needs a full header. After one, format 3 would be read in two ways, so it
  // is used only once a delta has been said.
  const std::uint32_t delta = timestamp - last->timestamp;
  unsigned format = 0;
  if (!fresh && last->stream == stream && delta < 0x8000'0000) {
    const bool same = last->type == type && last->length == payload.size();
    format = !same ? 1 : last->has_delta && last->delta == delta ? 3 : 2;
  }
  last->length = payload.size();
  const std::uint32_t time = format == 0 ? timestamp : delta;
  const bool extended = time >= no_time;

  ByteWriter w(out);
  write_basic_header(w, format, chunk_stream);
  if (format <= 2) w.be24(extended ? no_time : time);
  if (format <= 1) w.be24(payload.size()).u8(static_cast<std::uint8_t>(type));
  if (format == 0) w.le32(stream);
  if (extended) w.be32(time);
  for (bool first = true; first || !payload.empty(); first = false) {
    if (!first) {
      write_basic_header(w, 3, chunk_stream);
      if (extended) w.be32(time);
    }
    const std::size_t size = std::min<std::size_t>(payload.size(), chunk_size_);
    w.bytes(payload.first(size));
    payload = payload.subspan(size);
  }

  last->stream = stream;
  last->timestamp = timestamp;
  last->delta = delta;
  last->type = type;
  last->has_delta = format != 0;
}

void ChunkWriter::set_chunk_size(Bytes& out, std::uint32_t size) {
  Bytes payload;
  ByteWriter(payload).be32(size);
  write(out, MessageType::set_chunk_size, 2, 0, 0, payload);
  chunk_size_ = size;
}

}  // namespace sluice::rtmp
