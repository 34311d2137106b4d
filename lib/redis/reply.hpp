#pragma once
// RESP (version 2) over hiredis's reader and formatter: the bytes of commands, and bytes → replies. No socket, no clock.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

struct redisReader;

namespace sluice::redis {

struct Reply {
  enum class Kind { nil, text, integer, array, error };
  Kind kind = Kind::nil;
  std::string text;          // of text (a status too) and error: "NOGROUP No such key …"
  std::int64_t integer = 0;
  std::vector<Reply> items;  // of array

  bool is(Kind other) const { return kind == other; }
};

// A command as the server reads it.
Bytes command_bytes(std::span<const std::string> words);

// Bytes in, replies out, cut anywhere. A fault ends it for good: Errc::invalid.
class ReplyReader {
 public:
  struct Limits {
    std::size_t unread = 64u << 20;    // bytes of a reply that is not whole yet
    std::size_t elements = 1u << 20;   // of one array
  };
  explicit ReplyReader(Limits limits);
  ReplyReader() : ReplyReader(Limits{}) {}

  Result<> feed(ByteView bytes);
  Result<std::optional<Reply>> next();  // nothing: more bytes are needed

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::unique_ptr<Limits> limits_;  // hiredis's callbacks point to it
};

}  // namespace sluice::redis
