#pragma once
// SharedInput: bytes as they come in, read straight into chunks that whatever is made of them may keep and share: space(), then commit(); look at
// unread(), skip() what is understood, and keep owner() with each view. No byte is copied, save a torn end that moves into the next chunk.
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace sluice {

class SharedInput {
 public:
  static constexpr std::size_t chunk_size = 256 * 1024;
  static constexpr std::size_t slack = 64;  // behind every chunk: decoders may read a little past a packet

  SharedInput();

  // Room for at least `least` more bytes; fill from its start and say how many by commit(). Valid until the next call.
  std::span<std::byte> space(std::size_t least = 1);
  void commit(std::size_t bytes) { filled_ += bytes; }
  void push(ByteView bytes);  // space, copy, commit

  ByteView unread() const { return {chunk_->bytes.get() + at_, filled_ - at_}; }
  void skip(std::size_t bytes) { at_ += bytes; }  // ≤ unread().size()
  std::shared_ptr<const void> owner() const { return chunk_; }  // of every view of unread() so far

 private:
  struct Chunk {
    explicit Chunk(std::size_t size) : bytes(new std::byte[size]), capacity(size) {}
    std::unique_ptr<std::byte[]> bytes;
    std::size_t capacity;
  };
  std::shared_ptr<Chunk> chunk_of(std::size_t capacity);

  std::vector<std::shared_ptr<Chunk>> kept_;  // each is used again when nobody holds it any more
  std::shared_ptr<Chunk> chunk_;
  std::size_t at_ = 0, filled_ = 0;
};

}  // namespace sluice
