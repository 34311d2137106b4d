#pragma once
// ChunkWriter: messages into a chunk stream (Adobe RTMP 1.0 section 5.3), with the shortest header that says it.
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/snapshot.hpp"
#include "rtmp/message.hpp"

namespace sluice::rtmp {

class ChunkWriter {
 public:
  // Appends the message, in chunks one after another. `payload` may be up to 2^24 − 1 bytes; `chunk_stream` 2…65599.
  void write(Bytes& out, MessageType type, std::uint32_t chunk_stream, std::uint32_t stream, std::uint32_t timestamp,
             ByteView payload);
  // Tells the peer, and obeys. 1…2^24 − 1.
  void set_chunk_size(Bytes& out, std::uint32_t size);
  std::uint32_t chunk_size() const { return chunk_size_; }

  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

 private:
  struct ChunkStream {
    std::uint32_t id = 0;
    std::uint32_t stream = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t delta = 0;
    std::size_t length = 0;
    MessageType type{};
    bool has_delta = false;

    void save(SnapshotWriter& out) const;
    void restore(SnapshotReader& in);
    template <class Self, class Archive>
    static void fields(Self& self, Archive& archive);
  };
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);
  std::vector<ChunkStream> streams_;
  std::uint32_t chunk_size_ = 128;
};

}  // namespace sluice::rtmp
