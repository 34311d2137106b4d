#include "base/shared_input.hpp"

#include <algorithm>

namespace sluice {

namespace {
constexpr std::size_t least_room = 4096;
constexpr std::size_t chunks_kept = 4;  // given back and asked for again, their pages would be cleared each time
}  // namespace

SharedInput::SharedInput() : chunk_(chunk_of(chunk_size + slack)) {}

std::shared_ptr<SharedInput::Chunk> SharedInput::chunk_of(std::size_t capacity) {
  const auto free = std::ranges::find_if(kept_, [&](const auto& chunk) { return chunk.use_count() == 1 && chunk->capacity >= capacity; });
  if (free != kept_.end()) return *free;
  auto fresh = std::make_shared<Chunk>(capacity);
  if (kept_.size() < chunks_kept && capacity == chunk_size + slack) kept_.push_back(fresh);
  return fresh;
}

std::span<std::byte> SharedInput::space(std::size_t least) {
  std::size_t room = chunk_->capacity - slack - filled_;
  // Views hold the chunk: it is never moved or written again, save when nobody else holds it.
  const bool kept_too = std::ranges::find(kept_, chunk_) != kept_.end();
  if (at_ == filled_ && chunk_.use_count() == (kept_too ? 2 : 1)) {
    at_ = filled_ = 0;
    room = chunk_->capacity - slack;
  }
  if (room < std::max(least, least_room)) {
    const ByteView kept = unread();
    auto fresh = chunk_of(std::max(chunk_size, kept.size() + std::max(least, least_room)) + slack);
    std::ranges::copy(kept, fresh->bytes.get());
    chunk_ = std::move(fresh);
    filled_ = kept.size();
    at_ = 0;
    room = chunk_->capacity - slack - filled_;
  }
  return {chunk_->bytes.get() + filled_, room};
}

void SharedInput::push(ByteView bytes) {
  if (bytes.empty()) return;
  std::ranges::copy(bytes, space(bytes.size()).begin());
  commit(bytes.size());
}

}  // namespace sluice
