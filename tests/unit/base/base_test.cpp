#include <catch2/catch.hpp>
#include <set>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/text.hpp"

using namespace sluice;

TEST_CASE("ByteReader reads both byte orders and remembers a read past the end") {
  const Bytes bytes = to_bytes("\x01\x02\x03\x04\x05");
  ByteReader reader(bytes);
  CHECK(reader.be16() == 0x0102);
  CHECK(reader.le16() == 0x0403);
  CHECK_FALSE(reader.failed());
  CHECK(reader.be32() == 0);
  CHECK(reader.failed());
  CHECK(reader.remaining() == 0);
}

TEST_CASE("ByteWriter writes what ByteReader reads") {
  Bytes out;
  ByteWriter(out).u8(7).be24(0x010203).be64(1ULL << 40).le32(0x11223344).be_double(1.5);
  ByteReader reader(out);
  CHECK(reader.u8() == 7);
  CHECK(reader.be24() == 0x010203);
  CHECK(reader.be64() == 1ULL << 40);
  CHECK(reader.le32() == 0x11223344);
  CHECK(reader.be_double() == 1.5);
  CHECK(reader.at_end());
}

TEST_CASE("hex, base32 and base64 agree with RFC 4648 section 10") {
  CHECK(hex(as_bytes("foobar")) == "666f6f626172");
  CHECK(base32(as_bytes("foobar")) == "mzxw6ytboi");
  CHECK(base32(as_bytes("f")) == "my");
  CHECK(base64(as_bytes("f")) == "Zg==");
  CHECK(base64(as_bytes("foob")) == "Zm9vYg==");
  CHECK(base64(as_bytes("foobar")) == "Zm9vYmFy");
}

TEST_CASE("numbers are parsed whole or not at all") {
  CHECK(parse_number<int>("42") == 42);
  CHECK_FALSE(parse_number<int>("42x"));
  CHECK_FALSE(parse_number<int>(""));
  CHECK_FALSE(parse_number<std::uint8_t>("256"));
  CHECK(parse_real("1.25") == 1.25);
}

TEST_CASE("tokens hold 160 bits, are lower-case and do not repeat") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string token = random_token(system_random());
    CHECK(token.size() == 32);
    CHECK(token == ascii_lower(token));
    seen.insert(token);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("below() stays below and reaches every value") {
  SeededRandom random(7);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(5));
  CHECK(seen == std::set<std::uint64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("RFC 3339 times carry milliseconds") {
  CHECK(format_rfc3339(Wall(milliseconds(0))) == "1970-01-01T00:00:00.000Z");
  CHECK(format_rfc3339(Wall(milliseconds(1'709'210'096'789))) == "2024-02-29T12:34:56.789Z");
}

TEST_CASE("an errno becomes an error that names what was tried") {
  const auto error = fail_errno(2, "open /no/such").error();
  CHECK(error.code == Errc::not_found);
  CHECK(error.what == "open /no/such: No such file or directory");
}

TEST_CASE("a time is read back as it was written, and what is none is refused") {
  const Wall at{milliseconds(1'790'000'000'123)};
  CHECK(parse_rfc3339(format_rfc3339(at)) == at);
  CHECK(parse_rfc3339("2026-02-28T23:59:59Z") == parse_rfc3339("2026-02-28T23:59:59.000Z"));
  CHECK(parse_rfc3339("2026-02-28T23:59:59.98765Z")->time_since_epoch() % seconds(1) == milliseconds(987));
  for (const char* none : {"", "Z", "2026-02-28T23:59:59", "2026-02-29T00:00:00Z", "2026-02-28 23:59:59Z", "2026-02-28T24:00:00Z",
                           "2026-02-28T23:60:00Z", "2026-02-28T23:59:59.Z", "2026-02-28T23:59:59,5Z", "2026-02-28T23:59:59.5xZ",
                           "2026-02-28T23:59:59+01:00", "26-02-28T23:59:59Z", "-026-02-28T23:59:59Z"})
    CHECK_FALSE(parse_rfc3339(none));
}
