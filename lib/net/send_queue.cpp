#include "net/send_queue.hpp"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace sluice::net {

namespace {
constexpr std::size_t buffers_per_write = 64;
constexpr std::size_t file_bytes_per_write = 1024 * 1024;
}  // namespace

std::size_t SendQueue::Chunk::size() const {
  if (const auto* own = std::get_if<Bytes>(&content)) return own->size() - sent;
  if (const auto* shared = std::get_if<SharedBytes>(&content)) return (*shared)->size() - sent;
  return std::get<FileRange>(content).size - sent;
}

ByteView SendQueue::Chunk::view() const {
  if (const auto* own = std::get_if<Bytes>(&content)) return ByteView(*own).subspan(sent);
  return ByteView(*std::get<SharedBytes>(content)).subspan(sent);
}

bool SendQueue::push(Content content, std::size_t sent) {
  Chunk chunk{std::move(content), sent};
  const std::size_t size = chunk.size();
  if (size == 0) return false;
  chunks_.push_back(std::move(chunk));
  size_ += size;
  return true;
}

void SendQueue::clear() {
  std::vector<Chunk>().swap(chunks_);
  first_ = size_ = 0;
}

ssize_t SendQueue::write_to(int socket) {
  const ssize_t n = chunks_[first_].is_file() ? write_file(socket) : write_buffers(socket);
  if (n > 0) consume(static_cast<std::size_t>(n));
  return n;
}

ssize_t SendQueue::write_buffers(int socket) const {
  if (first_ + 1 == chunks_.size()) {  // most often: a line to one of many
    const ByteView view = chunks_.back().view();
    return ::send(socket, view.data(), view.size(), MSG_NOSIGNAL);
  }
  std::array<iovec, buffers_per_write> parts;
  std::size_t count = 0;
  const auto waiting = std::span(chunks_).subspan(first_);
  for (const Chunk& chunk : waiting) {
    if (count == parts.size() || chunk.is_file()) break;
    const ByteView view = chunk.view();
    parts[count++] = {const_cast<std::byte*>(view.data()), view.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  const bool more = count < waiting.size();  // a file follows its headers: let the kernel join them
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

ssize_t SendQueue::write_file(int socket) const {
  const Chunk& chunk = chunks_[first_];
  const FileRange& range = std::get<FileRange>(chunk.content);
  off_t offset = static_cast<off_t>(range.offset + chunk.sent);
  return ::sendfile(socket, range.file->get(), &offset, std::min(chunk.size(), file_bytes_per_write));
}

bool SendQueue::take(std::size_t most, Bytes& out) {
  while (most > 0 && !empty()) {
    const Chunk& chunk = chunks_[first_];
    std::size_t part = std::min(most, chunk.size());
    if (chunk.is_file()) {
      const FileRange& range = std::get<FileRange>(chunk.content);
      const std::size_t had = out.size();
      out.resize(had + part);
      const ssize_t n = ::pread(range.file->get(), out.data() + had, part, static_cast<off_t>(range.offset + chunk.sent));
      out.resize(had + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return n == 0 ? (errno = 0, false) : false;
      part = static_cast<std::size_t>(n);
    } else {
      append(out, chunk.view().first(part));
    }
    consume(part);
    most -= part;
  }
  return true;
}

void SendQueue::consume(std::size_t n) {
  size_ -= n;
  while (n > 0) {
    Chunk& front = chunks_[first_];
    const std::size_t part = std::min(n, front.size());
    front.sent += part;
    n -= part;
    if (front.size() > 0) return;
    front.content = Bytes{};
    ++first_;
  }
  forget_sent();
}

// Those that were sent go all at once, or when they are more than those that wait.
void SendQueue::forget_sent() {
  if (empty()) return clear();
  constexpr std::size_t few = 64;
  if (first_ < few || first_ < chunks_.size() - first_) return;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

}  // namespace sluice::net
