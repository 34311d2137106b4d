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
    std::size_t bytes = 8u << 20;      // of one reply's texts, and of what was fed and not read yet
    std::size_t elements = 1u << 16;   // of all arrays in one reply
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
  Limits limits_;
  std::unique_ptr<Limits> left_;  // of the limits, for the reply that is being read; hiredis's callbacks point to it
};

}  // namespace sluice::redis
