// A connection's state for the process that goes on with it: every half message, header and window of it.
#include <algorithm>

#include "rtmp/server_impl.hpp"

namespace sluice::rtmp {

namespace {
constexpr std::uint32_t largest_message = 0xff'ffff;   // 6.1.1: its length has three bytes
constexpr std::size_t largest_held = 1u << 30;
}  // namespace

// ---- what comes

template <class Self, class Archive>
void ChunkReader::ChunkStream::fields(Self& self, Archive& archive) {
  archive(self.id, self.known, self.extended, self.timestamp, self.delta, self.length, self.type, self.stream, self.extended_field,
          self.received, self.half);
}

void ChunkReader::ChunkStream::save(SnapshotWriter& out) const {
  fields(*this, out);
  out.view(nullptr, half ? ByteView(block.get(), received) : ByteView());
}

void ChunkReader::ChunkStream::restore(SnapshotReader& in) {
  fields(*this, in);
  std::shared_ptr<const void> owner;
  ByteView begun;
  in.view(owner, begun);
  in.check(half ? received <= length && begun.size() == received : received == 0 && begun.empty(), "a half message of another length");
  in.check(length <= largest_message, "a message too long for its header");
  if (in.failed() || !half || length == 0) return;
  block = std::make_shared_for_overwrite<std::byte[]>(length);
  std::ranges::copy(begun, block.get());
}

template <class Self, class Archive>
void ChunkReader::fields(Self& self, Archive& archive) {
  archive.section("chunk reader", 1);
  archive(self.limits_.message, self.limits_.held, self.limits_.chunk_streams, self.chunk_size_, self.held_, self.streams_, self.current_,
          self.chunk_left_, self.in_chunk_);
}

void ChunkReader::save(SnapshotWriter& out) const {
  fields(*this, out);
  out.view(nullptr, ByteView(carry_.data(), carried_));
}

void ChunkReader::restore(SnapshotReader& in) {
  fields(*this, in);
  std::shared_ptr<const void> owner;
  ByteView carried;
  in.view(owner, carried);
  std::size_t begun = 0;
  for (const ChunkStream& chunk_stream : streams_) begun += chunk_stream.half ? chunk_stream.length : 0;
  in.check(begun == held_ && limits_.held <= largest_held && held_ <= limits_.held, "half messages of another size");
  in.check(chunk_size_ > 0 && chunk_size_ <= largest_message && streams_.size() <= limits_.chunk_streams, "chunks that none may send");
  in.check(carried.size() <= carry_.size(), "a chunk header too long");
  if (in_chunk_ && !in.failed()) {
    in.check(current_ < streams_.size() && streams_[current_].half, "a chunk of no message");
    if (!in.failed()) in.check(chunk_left_ <= streams_[current_].length - streams_[current_].received, "a chunk longer than its message");
  }
  if (in.failed()) return void(*this = ChunkReader());
  std::ranges::copy(carried, carry_.begin());
  carried_ = carried.size();
}

// ---- what goes

template <class Self, class Archive>
void ChunkWriter::ChunkStream::fields(Self& self, Archive& archive) {
  archive(self.id, self.stream, self.timestamp, self.delta, self.length, self.has_delta);
  archive.choice(self.type, MessageType{255});
}
void ChunkWriter::ChunkStream::save(SnapshotWriter& out) const { fields(*this, out); }
void ChunkWriter::ChunkStream::restore(SnapshotReader& in) { fields(*this, in); }

template <class Self, class Archive>
void ChunkWriter::fields(Self& self, Archive& archive) {
  archive.section("chunk writer", 1);
  archive(self.chunk_size_, self.streams_);
  archive.check(self.chunk_size_ > 0, "chunks of no size");
}
void ChunkWriter::save(SnapshotWriter& out) const { fields(*this, out); }
void ChunkWriter::restore(SnapshotReader& in) {
  fields(*this, in);
  if (in.failed()) *this = ChunkWriter();
}

template <class Self, class Archive>
void Link::fields(Self& self, Archive& archive) {
  archive.section("link", 1);
  archive(self.reader_, self.writer_, self.output_, self.window_, self.received_, self.told_, self.acknowledged_, self.pongs_left_);
}
void Link::save(SnapshotWriter& out) const { fields(*this, out); }
void Link::restore(SnapshotReader& in) { fields(*this, in); }

// ---- the session

template <class Self, class Archive>
void ServerHandshake::fields(Self& self, Archive& archive) {
  archive.section("handshake", 1);
  archive.choice(self.state_, State::done);
  archive(self.c1_, self.c2_left_);
  bool digests = self.scheme_.has_value();
  DigestScheme scheme = self.scheme_.value_or(DigestScheme::zero);
  archive(digests);
  archive.choice(scheme, DigestScheme::one);
  if constexpr (!std::is_const_v<Self>) self.scheme_ = digests ? std::optional(scheme) : std::nullopt;
  archive.check(self.c1_.size() < handshake_size && self.c2_left_ <= handshake_size, "a handshake that is too long");
}
void ServerHandshake::save(SnapshotWriter& out) const { fields(*this, out); }
void ServerHandshake::restore(SnapshotReader& in) {
  fields(*this, in);
  if (in.failed()) c1_.clear(), c2_left_ = handshake_size;
}

template <class Self, class Archive>
void ServerSession::Impl::fields(Self& self, Archive& archive) {
  archive.section("RTMP session", 1);
  archive(self.handshake_, self.link, self.bytes, self.kept_);
  archive.choice(self.asked_, Asked::publish);
  archive(self.asked_transaction_, self.asked_stream_, self.app_, self.connected_, self.enhanced_, self.peer_caps_, self.streams_,
          self.publishing_stream_, self.finished_, self.notices_, self.commands_, self.now_, self.setup_until_, self.heard_,
          self.pongs_allowed_, self.pinged_, self.waited_);
}
void ServerSession::Impl::save(SnapshotWriter& out) const { fields(*this, out); }
void ServerSession::Impl::restore(SnapshotReader& in) {
  fields(*this, in);
  events_.clear();
  next_event_ = 0;
  if (in.failed()) finished_ = true;
}

}  // namespace sluice::rtmp
