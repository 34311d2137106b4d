#pragma once
// Inside lib/net only: what a connection has yet to give to the kernel. Bytes are shared and not copied; files go by sendfile.
#include <sys/types.h>

#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "net/tcp.hpp"

namespace sluice::net {

class SendQueue {
 public:
  using Content = std::variant<Bytes, SharedBytes, FileRange>;

  bool push(Content content, std::size_t sent = 0);  // without the first `sent` bytes; false: there was nothing in it
  std::size_t size() const { return size_; }
  bool empty() const { return first_ == chunks_.size(); }
  void clear();

  // Writes from the front, once; what was written is gone. As write(2): -1 with errno, and 0 for a file that was cut short.
  ssize_t write_to(int socket);
  // Moves up to `most` bytes from the front to the end of `out`. false: a file could not be read so far, and how says errno (0: it was cut short).
  bool take(std::size_t most, Bytes& out);

 private:
  struct Chunk {
    Content content;
    std::size_t sent = 0;
    std::size_t size() const;
    bool is_file() const { return std::holds_alternative<FileRange>(content); }
    ByteView view() const;  // of what is no file
  };
  ssize_t write_buffers(int socket) const;
  ssize_t write_file(int socket) const;
  void consume(std::size_t n);
  void forget_sent();

  // Nothing is allocated while nothing waits: most connections are idle, and an empty deque would be half of what one takes.
  std::vector<Chunk> chunks_;
  std::size_t first_ = 0;  // those before it have been sent
  std::size_t size_ = 0;
};

}  // namespace sluice::net
