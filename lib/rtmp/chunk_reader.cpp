#include "rtmp/chunk_reader.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace sluice::rtmp {

namespace {

constexpr std::uint32_t largest_chunk = 0xff'ffff;     // 5.4.1: no message is longer

std::uint32_t le32(ByteView v) { return ByteReader(v).le32(); }

}  // namespace

Result<std::optional<Message>> ChunkReader::next(ByteView& in) {
  for (;;) {
    if (in_chunk_) {
      ByteView carried(carry_.data(), carried_);
      ByteView& from = carried_ > 0 ? carried : in;
      const std::size_t before = from.size();
      read_payload(from);
      if (carried_ > 0) {
        std::memmove(carry_.data(), carry_.data() + (before - from.size()), from.size());
        carried_ = from.size();
        if (chunk_left_ > 0) continue;
      }
      if (chunk_left_ > 0) return std::nullopt;
      in_chunk_ = false;
      const ChunkStream& chunk_stream = streams_[current_];
      if (chunk_stream.received < chunk_stream.length) continue;
      SLUICE_TRY_VALUE(Message message, finish_message());
      SLUICE_TRY(obey(message));
      return message;
    }
    if (carried_ == 0) {
      SLUICE_TRY_VALUE(const std::size_t used, read_header(in));
      if (used > 0) {
        in = in.subspan(used);
        continue;
      }
    }
    const std::size_t more = std::min(in.size(), longest_header - carried_);
    std::copy_n(in.begin(), more, carry_.begin() + carried_);
    carried_ += more;
    in = in.subspan(more);
    SLUICE_TRY_VALUE(const std::size_t used, read_header(ByteView(carry_.data(), carried_)));
    if (used == 0) return std::nullopt;
    carried_ -= used;
    std::memmove(carry_.data(), carry_.data() + used, carried_);
  }
}

// 5.3.1. Nothing is changed until the header is whole.
Result<std::size_t> ChunkReader::read_header(ByteView view) {
  ByteReader reader(view);
  const std::uint8_t first = reader.u8();
  const unsigned format = first >> 6;
  std::uint32_t id = first & 0x3f;
  if (id == 0) {
    id = 64u + reader.u8();
  } else if (id == 1) {
    const std::uint32_t low = reader.u8();
    id = 64u + low + 256u * reader.u8();
  }
  constexpr std::array<std::size_t, 4> header_size{11, 7, 3, 0};
  if (reader.failed() || reader.remaining() < header_size[format]) return 0;

  SLUICE_TRY_VALUE(ChunkStream* found, find(id));
  ChunkStream& chunk_stream = *found;
  if (chunk_stream.half && format != 3) {
    return fail(Errc::invalid, fmt::format("chunk stream {}: a message begins inside another", id));
  }
  // Some peers begin with format 1, which lacks nothing but the message stream; the other formats need a past.
  if (!chunk_stream.known && format > 1) {
    return fail(Errc::invalid, fmt::format("chunk stream {}: begins with a header of format {}", id, format));
  }

  if (format == 3) {
    if (chunk_stream.extended) {
      if (reader.remaining() < 4) return 0;
      ByteReader ahead(view.subspan(reader.position()));
      const std::uint32_t field = ahead.be32();
      if (!chunk_stream.half) {
        reader.skip(4);
        chunk_stream.extended_field = field;
        chunk_stream.delta = field;
      } else if (field == chunk_stream.extended_field || field == chunk_stream.timestamp) {
        // 5.3.1.3 wants the field repeated, yet some peers go on with the payload: what is not the field is payload.
        reader.skip(4);
      }
    }
    if (!chunk_stream.half) {
      chunk_stream.timestamp += chunk_stream.delta;
      SLUICE_TRY(begin_message(chunk_stream));
    }
  } else {
    std::uint32_t time = reader.be24();
    std::uint32_t length = chunk_stream.length, stream = chunk_stream.stream;
    std::uint8_t type = chunk_stream.type;
    if (format <= 1) {
      length = reader.be24();
      type = reader.u8();
    }
    if (format == 0) stream = le32(reader.take(4));
    const bool extended = time == no_time;
    if (extended) {
      if (reader.remaining() < 4) return 0;
      time = reader.be32();
    }
    chunk_stream.known = true;
    chunk_stream.extended = extended;
    chunk_stream.extended_field = time;
    chunk_stream.length = length;
    chunk_stream.type = type;
    chunk_stream.stream = stream;
    // After a full header, a format 3 message adds that header's timestamp (5.3.1.2.4).
    chunk_stream.delta = time;
    chunk_stream.timestamp = format == 0 ? time : chunk_stream.timestamp + time;
    SLUICE_TRY(begin_message(chunk_stream));
  }
  current_ = static_cast<std::size_t>(&chunk_stream - streams_.data());
  chunk_left_ = std::min(chunk_size_, chunk_stream.length - chunk_stream.received);
  in_chunk_ = true;
  return reader.position();
}

Result<> ChunkReader::begin_message(ChunkStream& chunk_stream) {
  if (chunk_stream.length > limits_.message) {
    return fail(Errc::invalid,
                fmt::format("a message of {} bytes; {} are allowed", chunk_stream.length, limits_.message));
  }
  if (held_ + chunk_stream.length > limits_.held) {
    return fail(Errc::invalid, fmt::format("unfinished messages of more than {} bytes", limits_.held));
  }
  held_ += chunk_stream.length;
  chunk_stream.half = true;
  chunk_stream.received = 0;
  if (chunk_stream.length > 0) chunk_stream.block = std::make_shared_for_overwrite<std::byte[]>(chunk_stream.length);
  return {};
}

Result<ChunkReader::ChunkStream*> ChunkReader::find(std::uint32_t id) {
  if (current_ < streams_.size() && streams_[current_].id == id) return &streams_[current_];
  for (ChunkStream& chunk_stream : streams_) {
    if (chunk_stream.id == id) return &chunk_stream;
  }
  if (streams_.size() >= limits_.chunk_streams) {
    return fail(Errc::invalid, fmt::format("more than {} chunk streams", limits_.chunk_streams));
  }
  streams_.push_back({.id = id});
  return &streams_.back();
}

void ChunkReader::read_payload(ByteView& from) {
  ChunkStream& chunk_stream = streams_[current_];
  const std::size_t size = std::min<std::size_t>(chunk_left_, from.size());
  if (size > 0) std::memcpy(chunk_stream.block.get() + chunk_stream.received, from.data(), size);
  chunk_stream.received += static_cast<std::uint32_t>(size);
  chunk_left_ -= static_cast<std::uint32_t>(size);
  from = from.subspan(size);
}

Result<Message> ChunkReader::finish_message() {
  ChunkStream& chunk_stream = streams_[current_];
  held_ -= chunk_stream.length;
  chunk_stream.half = false;
  chunk_stream.received = 0;
  const ByteView bytes(chunk_stream.block.get(), chunk_stream.length);
  return Message{.type = static_cast<MessageType>(chunk_stream.type),
                 .timestamp = chunk_stream.timestamp,
                 .stream = chunk_stream.stream,
                 .chunk_stream = chunk_stream.id,
                 .payload = {std::move(chunk_stream.block), bytes}};
}

// 5.4.1 and 5.4.2: the two messages that are about chunks.
Result<> ChunkReader::obey(const Message& message) {
  if (message.type == MessageType::set_chunk_size) {
    ByteReader reader(message.payload.bytes);
    const std::uint32_t size = reader.be32();
    if (reader.failed() || size == 0 || size > 0x7fff'ffff) {
      return fail(Errc::invalid, "Set Chunk Size: no size that a chunk can have");
    }
    chunk_size_ = std::min(size, largest_chunk);
  } else if (message.type == MessageType::abort) {
    ByteReader reader(message.payload.bytes);
    const std::uint32_t id = reader.be32();
    for (ChunkStream& chunk_stream : streams_) {
      if (reader.failed() || chunk_stream.id != id || !chunk_stream.half) continue;
      held_ -= chunk_stream.length;
      chunk_stream.half = false;
      chunk_stream.received = 0;
      chunk_stream.block.reset();
    }
  }
  return {};
}

}  // namespace sluice::rtmp
