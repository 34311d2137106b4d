#include "net/send_queue.hpp"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

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

bool SendQueue::push(Content content) {
  Chunk chunk{std::move(content)};
  const std::size_t size = chunk.size();
  if (size == 0) return false;
  chunks_.push_back(std::move(chunk));
  size_ += size;
  return true;
}

void SendQueue::clear() {
  chunks_.clear();
  size_ = 0;
}

ssize_t SendQueue::write_to(int socket) {
  const ssize_t n = chunks_.front().is_file() ? write_file(socket) : write_buffers(socket);
  if (n > 0) consume(static_cast<std::size_t>(n));
  return n;
}

ssize_t SendQueue::write_buffers(int socket) const {
  std::array<iovec, buffers_per_write> parts;
  std::size_t count = 0;
  for (const Chunk& chunk : chunks_) {
    if (count == parts.size() || chunk.is_file()) break;
    const ByteView view = chunk.view();
    parts[count++] = {const_cast<std::byte*>(view.data()), view.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  const bool more = count < chunks_.size();  // a file follows its headers: let the kernel join them
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

ssize_t SendQueue::write_file(int socket) const {
  const Chunk& chunk = chunks_.front();
  const FileRange& range = std::get<FileRange>(chunk.content);
  off_t offset = static_cast<off_t>(range.offset + chunk.sent);
  return ::sendfile(socket, range.file->get(), &offset, std::min(chunk.size(), file_bytes_per_write));
}

bool SendQueue::take(std::size_t most, Bytes& out) {
  while (most > 0 && !chunks_.empty()) {
    const Chunk& chunk = chunks_.front();
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
    Chunk& front = chunks_.front();
    const std::size_t part = std::min(n, front.size());
    front.sent += part;
    n -= part;
    if (front.size() == 0) chunks_.pop_front();
  }
}

}  // namespace sluice::net
