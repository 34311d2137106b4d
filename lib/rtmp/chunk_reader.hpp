#pragma once
// ChunkReader: messages out of a chunk stream (Adobe RTMP 1.0 section 5.3). A payload byte is copied once, into a block
// allocated when its message begins; chunks allocate nothing.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/snapshot.hpp"
#include "rtmp/chunk_limits.hpp"
#include "rtmp/message.hpp"

namespace sluice::rtmp {

class ChunkReader {
 public:
  explicit ChunkReader(ChunkLimits limits = {}) : limits_(limits) {}

  // Takes bytes off the front of `in` up to the end of the next message, and returns that; nothing when `in` is used up and
  // no message is whole. Call it until then, also with an empty `in`: it may have looked ahead by a few bytes.
  // Set Chunk Size and Abort take effect here and are returned too. Errors (Errc::invalid): a limit is passed, a header
  // stands where none may. Do not read on after one.
  Result<std::optional<Message>> next(ByteView& in);

  // For messages that begin from now on; those that have begun may end.
  void set_limits(ChunkLimits limits) {
    limits_ = limits;
    limits_.held = std::max(limits.held, held_);
  }
  std::uint32_t chunk_size() const { return chunk_size_; }
  std::size_t held() const { return held_; }  // bytes of messages that have begun and not ended

  // Between two calls of next(): half messages and half headers, too.
  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

 private:
  struct ChunkStream {
    std::uint32_t id = 0;
    bool known = false;               // a full header has been seen
    bool extended = false;            // the last header had an extended timestamp
    std::uint32_t timestamp = 0;      // of the message that is being read, or was last
    std::uint32_t delta = 0;          // what a message without a timestamp of its own adds
    std::uint32_t length = 0;
    std::uint8_t type = 0;
    std::uint32_t stream = 0;
    std::uint32_t extended_field = 0;  // as it was written
    std::uint32_t received = 0;       // bytes of the half message
    bool half = false;
    std::shared_ptr<std::byte[]> block;

    void save(SnapshotWriter& out) const;
    void restore(SnapshotReader& in);
    template <class Self, class Archive>
    static void fields(Self& self, Archive& archive);
  };
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);
  // Basic header ≤ 3, message header ≤ 11, extended timestamp 4.
  static constexpr std::size_t longest_header = 18;

  // Bytes of a whole chunk header at the front of `view`, having applied it; 0 when there are too few.
  Result<std::size_t> read_header(ByteView view);
  Result<> begin_message(ChunkStream& chunk_stream);
  Result<ChunkStream*> find(std::uint32_t id);
  void read_payload(ByteView& from);
  Result<Message> finish_message();
  Result<> obey(const Message& message);

  ChunkLimits limits_;
  std::uint32_t chunk_size_ = 128;
  std::size_t held_ = 0;
  std::vector<ChunkStream> streams_;           // few: found by looking at each
  std::size_t current_ = 0;                    // index of the chunk stream whose chunk is being read
  std::uint32_t chunk_left_ = 0;               // payload bytes of that chunk to come
  bool in_chunk_ = false;
  std::array<std::byte, longest_header> carry_{};  // the beginning of a header that the input cut
  std::size_t carried_ = 0;
};

}  // namespace sluice::rtmp
