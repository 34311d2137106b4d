#pragma once
// PacketSocket: whole messages between two processes of one user, with open descriptors (unix(7): SOCK_SEQPACKET, SCM_RIGHTS,
// SO_PEERCRED). And MemoryFile: bytes of any size that travel as one such descriptor.
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "os/unique_fd.hpp"

namespace sluice::os {

struct PacketMessage {
  std::string text;           // never empty
  std::vector<UniqueFd> fds;  // close-on-exec
};

class PacketSocket {
 public:
  static constexpr std::size_t longest = 64 * 1024;  // of a text
  static constexpr std::size_t most_fds = 8;         // with one message

  PacketSocket() = default;
  explicit PacketSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  // Errc::unavailable when nobody listens there; set_patience() counts for connecting, too.
  static Result<PacketSocket> connect(const std::string& path, std::chrono::milliseconds patience);
  // Only our own user, by the file's mode, and checked again by accept(). Replaces what a killed process left.
  static Result<PacketSocket> listen(const std::string& path);
  // Errc::denied for a process of another user; nothing when nobody waits.
  Result<std::optional<PacketSocket>> accept() const;

  // For a blocking socket: how long send() and receive() wait before they fail with Errc::unavailable.
  Result<> set_patience(std::chrono::milliseconds patience) const;
  Result<> send(std::string_view text, std::span<const int> fds = {}) const;
  // The same without waiting; `full` is set when nothing was sent, because the other process has not read what was before.
  Result<> try_send(std::string_view text, std::span<const int> fds, bool& full) const;
  // Nothing: the peer has closed.
  Result<std::optional<PacketMessage>> receive() const;
  // The same without waiting; `empty` is set when there is no message yet.
  Result<std::optional<PacketMessage>> try_receive(bool& empty) const;

  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  UniqueFd release() { return std::move(fd_); }

 private:
  Result<> send_with(int flags, std::string_view text, std::span<const int> fds, bool* full) const;
  Result<std::optional<PacketMessage>> receive_with(int flags, bool* empty) const;
  UniqueFd fd_;
};

// A memfd (memfd_create(2)) that is written piece by piece, then sealed: nobody can change it any more.
class MemoryFile {
 public:
  static Result<MemoryFile> make(std::string_view name);
  void append(ByteView bytes);  // where it fails, seal() says so
  Result<UniqueFd> seal();

 private:
  explicit MemoryFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  Result<> written_;
};

// What such a file holds, mapped; lives as long as a copy of `owner`. Errc::invalid for a descriptor that is none.
struct MappedBytes {
  std::shared_ptr<const void> owner;
  ByteView bytes;
};
Result<MappedBytes> map_memory_file(int fd);

}  // namespace sluice::os
