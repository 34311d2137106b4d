#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "base/text.hpp"
#include "rtmp/amf0.hpp"
#include "rtmp/amf3.hpp"
#include "unit/hex.hpp"

using namespace sluice;
using sluice::test::from_hex;
using namespace sluice::rtmp;
using namespace sluice::rtmp::amf;

namespace {

std::string amf0(const Value& value) {
  Bytes out;
  write_amf0(out, value);
  return hex(out);
}
std::string amf3(const Value& value) {
  Bytes out;
  write_amf3(out, value);
  return hex(out);
}
Result<Value> read3(ByteView bytes, Limits limits = {}) { return Amf3Reader(bytes, limits).read(); }
Result<Value> read0(ByteView bytes, Limits limits = {}) { return Amf0Reader(bytes, limits).read(); }

Value random_value(SeededRandom& random, int depth) {
  const auto name = [&random](std::size_t i) { return "n" + std::to_string(i) + std::string(random.below(40), 'x'); };
  switch (random.below(depth > 3 ? 6 : 9)) {
    case 0: return Value();
    case 1: return Value(random.below(2) == 0);
    case 2: return Value(static_cast<double>(random.u64()) / 3.0);
    case 3: return Value(static_cast<double>(static_cast<std::int32_t>(random.u64()) >> random.below(32)));
    case 4: return Value(std::string(random.below(300), 'a'));
    case 5: return Value(Date{static_cast<double>(random.below(1'000'000'000))});
    case 6: {
      Object object;
      for (std::size_t i = 0; i < random.below(4); ++i) object.members.emplace_back(name(i), random_value(random, depth + 1));
      return object;
    }
    case 7: {
      EcmaArray array;
      array.members.emplace_back("one", 1);
      for (std::size_t i = 0; i < random.below(4); ++i) array.members.emplace_back(name(i), random_value(random, depth + 1));
      return array;
    }
    default: {
      Array array;
      for (std::size_t i = 0; i < random.below(4); ++i) array.items.push_back(random_value(random, depth + 1));
      return array;
    }
  }
}

}  // namespace

TEST_CASE("AMF 0 on the wire, section 2") {
  CHECK(amf0(1.0) == "003ff0000000000000");
  CHECK(amf0(true) == "0101");
  CHECK(amf0("live") == "0200046c697665");
  CHECK(amf0(Value()) == "05");
  CHECK(amf0(Undefined{}) == "06");
  CHECK(amf0(Object{{}, {{"a", 0.0}}}) == "030001610000000000000000000000" "09");
  CHECK(amf0(EcmaArray{{{"a", false}}}) == "08000000010001610100000009");
  CHECK(amf0(Array{{Value(), "x"}}) == "0a0000000205020001" "78");
  CHECK(amf0(Date{0}) == "0b00000000000000000000");
  CHECK(amf0(std::string(65'536, 'a')).starts_with("0c0001000061"));
  CHECK(amf0(Object{"C", {}}) == "10000143000009");
}

TEST_CASE("AMF 3 on the wire, section 3") {
  CHECK(amf3(Value()) == "01");
  CHECK(amf3(true) == "03");
  CHECK(amf3(0) == "0400");
  CHECK(amf3(127) == "047f");
  CHECK(amf3(128) == "048100");
  CHECK(amf3(0x3fff) == "04ff7f");
  CHECK(amf3(0x4000) == "04818000");
  CHECK(amf3(0x1fffff) == "04ffff7f");
  CHECK(amf3(0x200000) == "0480c08000");
  CHECK(amf3(-1) == "04ffffffff");
  CHECK(amf3((1 << 28) - 1) == "04bfffffff");
  CHECK(amf3(1 << 28) == "0541b0000000000000");
  CHECK(amf3(0.5) == "053fe0000000000000");
  CHECK(amf3("ab") == "06056162");
  CHECK(amf3(Array{{1, 2}}) == "090501" "0401" "0402");
  CHECK(amf3(Object{{}, {{"a", 1}}}) == "0a0b01" "0361" "0401" "01");
}

TEST_CASE("AMF 3 references: strings, objects, traits") {
  // ["ab", "ab"]: the second by reference
  CHECK(*read3(from_hex("090501" "06056162" "0600")) == Value(Array{{"ab", "ab"}}));
  // [{a:1} of class "C" with a sealed member, another by the same traits, the first again]
  CHECK(*read3(from_hex("090701" "0a13" "0343" "0361" "0401" "0a01" "0402" "0a02")) ==
        Value(Array{{Object{"C", {{"a", 1}}}, Object{"C", {{"a", 2}}}, Object{"C", {{"a", 1}}}}}));
  // an array that holds itself
  CHECK(*read3(from_hex("090301" "0900")) == Value(Array{{Unsupported{}}}));
  CHECK_FALSE(read3(from_hex("0602")));    // no such string
  CHECK_FALSE(read3(from_hex("0a04")));    // no such object
  CHECK_FALSE(read3(from_hex("0a05")));    // no such traits
  CHECK_FALSE(read3(from_hex("0a0701")));  // externalizable
}

TEST_CASE("AMF 3 vectors and dictionaries") {
  CHECK(*read3(from_hex("0d0300" "ffffffff")) == Value(Array{{-1.0}}));
  CHECK(*read3(from_hex("0e0300" "ffffffff")) == Value(Array{{4294967295.0}}));
  CHECK(*read3(from_hex("0f0300" "3fe0000000000000")) == Value(Array{{0.5}}));
  CHECK(*read3(from_hex("100300" "01" "03")) == Value(Array{{true}}));
  CHECK(*read3(from_hex("110300" "060361" "0405")) == Value(EcmaArray{{{"a", 5}}}));
}

TEST_CASE("whatever is written is read again, in both") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom random(seed);
    const Value value = random_value(random, 0);
    Bytes zero, three;
    write_amf0(zero, value);
    write_amf3(three, value);
    CHECK(read0(zero).value() == value);
    CHECK(read3(three).value() == value);
    // AMF 3 inside AMF 0
    Bytes switched{std::byte{0x11}};
    append(switched, three);
    append(switched, zero);
    auto both = read_amf0(switched);
    REQUIRE(both);
    REQUIRE(both->size() == 2);
    CHECK((*both)[0] == value);
    CHECK((*both)[1] == value);
  }
}

TEST_CASE("what is cut short is an error wherever it is cut") {
  SeededRandom random(3);
  const Value value = Object{"C", {{"list", Array{{1, "two", EcmaArray{{{"x", Date{5}}}}}}}, {"xml", Xml{"<a/>"}}}};
  Bytes zero, three;
  write_amf0(zero, value);
  write_amf3(three, value);
  for (std::size_t size = 0; size < zero.size(); ++size) CHECK_FALSE(read0(ByteView(zero).first(size)));
  for (std::size_t size = 0; size < three.size(); ++size) CHECK_FALSE(read3(ByteView(three).first(size)));
}

TEST_CASE("depth, number and weight of values are limited") {
  Bytes deep0, deep3;
  for (int i = 0; i < 1000; ++i) {
    append(deep0, from_hex("03000161"));
    append(deep3, from_hex("090301"));
  }
  CHECK(read0(deep0).error().what == "AMF 0: nested too deeply");
  CHECK(read3(deep3).error().what == "AMF 3: nested too deeply");

  Bytes many = from_hex("0a00002000");
  many.resize(many.size() + 0x2000, std::byte{5});
  CHECK(read0(many).error().what == "AMF 0: too many values");
  CHECK_FALSE(read0(from_hex("0affffffff05")));         // promises what the message does not hold
  CHECK_FALSE(read3(from_hex("09ffffffff01")));
  CHECK_FALSE(read3(from_hex("0fffffffff00")));

  // One long string, then references to it: 240 MB out of 70 KB.
  Bytes bomb = from_hex("09bf7f01");
  Bytes text;
  write_amf3(text, std::string(60'000, 'x'));
  append(bomb, text);
  for (int i = 0; i < 4000; ++i) append(bomb, from_hex("0600"));
  CHECK(read3(bomb).error().what == "AMF 3: too many values");

  // Each array holds the one before twice.
  Bytes doubling = from_hex("0a00000020" "0a0000000105");
  for (int i = 1; i < 31; ++i) {
    append(doubling, from_hex("0a00000002"));
    for (int twice = 0; twice < 2; ++twice) ByteWriter(doubling).u8(7).be16(static_cast<unsigned>(i));
  }
  CHECK(read0(doubling).error().what == "AMF 0: too many values");
}
