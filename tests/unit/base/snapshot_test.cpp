#include "base/snapshot.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <set>

#include "base/clock.hpp"
#include "snapshots.hpp"

using namespace sluice;
using sluice::test::restored;
using sluice::test::saved;

namespace {
enum class Colour { red, green };

struct Inner {
  std::int32_t number = 0;
  std::string text;
  bool operator==(const Inner&) const = default;
};
template <class Archive, class T>
  requires std::same_as<std::remove_const_t<T>, Inner>
void fields(Archive& archive, T& inner) {
  archive(inner.number, inner.text);
  archive.check(inner.number >= -5, "a number too small");
}

struct Outer {
  bool yes = false;
  std::uint8_t small = 0;
  double real = 0;
  Bytes bytes;
  std::optional<std::int64_t> maybe, not_here = 1;
  std::deque<Inner> several;
  std::set<std::pair<std::uint64_t, std::size_t>> pairs;
  std::map<std::string, Inner> named;
  std::shared_ptr<const Inner> one, same, none = std::make_shared<Inner>();
  Steady at;
  milliseconds took{0};
  Colour colour = Colour::red;

  template <class Self, class Archive>
  static void all(Self& self, Archive& archive) {
    archive.section("outer", 3);
    archive(self.yes, self.small, self.real, self.bytes, self.maybe, self.not_here, self.several, self.pairs, self.named, self.one, self.same,
            self.none, self.at, self.took);
    archive.choice(self.colour, Colour::green);
  }
  void save(SnapshotWriter& out) const { all(*this, out); }
  void restore(SnapshotReader& in) { all(*this, in); }
};

Outer sample() {
  Outer outer;
  outer.yes = true;
  outer.small = 255;
  outer.real = -0.5;
  outer.bytes = to_bytes("abc");
  outer.maybe = -7;
  outer.not_here.reset();
  outer.several = {{1, "one"}, {-2, "two"}};
  outer.pairs = {{1, 2}, {3, 4}};
  outer.named = {{"a", {5, "five"}}};
  outer.one = outer.same = std::make_shared<Inner>(Inner{6, "six"});
  outer.none = nullptr;
  outer.at = Steady(std::chrono::hours(5));
  outer.took = milliseconds(-3);
  outer.colour = Colour::green;
  return outer;
}
}  // namespace

TEST_CASE("what is saved is restored, and what was shared is shared again") {
  const Outer before = sample();
  const Bytes bytes = saved(before);
  Outer after;
  REQUIRE(restored(bytes, after));
  CHECK(after.yes);
  CHECK(after.small == 255);
  CHECK(after.real == -0.5);
  CHECK(after.bytes == before.bytes);
  CHECK(after.maybe == -7);
  CHECK_FALSE(after.not_here);
  CHECK(after.several == before.several);
  CHECK(after.pairs == before.pairs);
  CHECK(after.named == before.named);
  CHECK(*after.one == *before.one);
  CHECK(after.one == after.same);
  CHECK_FALSE(after.none);
  CHECK(after.at == before.at);
  CHECK(after.took == before.took);
  CHECK(after.colour == Colour::green);
  CHECK(saved(after) == bytes);
}

TEST_CASE("a snapshot that ends early, goes on, or is another's is refused, wherever") {
  const Bytes bytes = saved(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Outer outer;
    const auto read = restored(ByteView(bytes).first(size), outer);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::invalid);
  }
  Bytes longer = bytes;
  longer.push_back(std::byte{0});
  Outer outer;
  CHECK(restored(longer, outer).error().what.find("left over") != std::string::npos);
}

TEST_CASE("another version, another section and values out of range are named") {
  const auto why = [](const Bytes& bytes, auto read) {
    SnapshotReader reader(bytes);
    read(reader);
    const auto done = reader.finish();
    return done ? std::string() : done.error().what;
  };
  Bytes bytes;
  SnapshotWriter(bytes).section("time line", 2);
  CHECK(why(bytes, [](auto& in) { in.section("time line", 1); }).find("the time line is of version 2, and version 1 is understood") !=
        std::string::npos);
  CHECK(why(bytes, [](auto& in) { in.section("intake", 2); }).find("the intake is not where it should be") != std::string::npos);
  bytes = saved(std::int64_t{300}, Inner{-9, ""});
  CHECK(why(bytes, [](auto& in) {
          std::uint8_t small = 0;
          in(small);
          CHECK(small == 0);
        }).find("range") != std::string::npos);
  CHECK(why(bytes, [](auto& in) {
          Colour colour{};
          in.choice(colour, Colour::green);
          CHECK(colour == Colour::red);
        }).find("choice") != std::string::npos);
  CHECK(why(bytes, [](auto& in) {
          std::int64_t number = 0;
          Inner inner;
          in(number, inner);
        }).find("a number too small") != std::string::npos);
}

TEST_CASE("a sink gets the same bytes; what is large it gets as it lies") {
  const Bytes large(100'000, std::byte{7});
  const Outer object = sample();
  const auto write = [&](SnapshotWriter& out) {
    for (int i = 0; i < 3000; ++i) out(object, i);
    out.view(nullptr, large);
    out(object);
    out.finish();
  };
  Bytes whole;
  SnapshotWriter direct(whole);
  write(direct);
  Bytes pieces;
  std::size_t longest = 0;
  bool as_it_lies = false;
  SnapshotWriter out([&](ByteView piece) {
    append(pieces, piece);
    if (piece.data() == large.data())
      as_it_lies = piece.size() == large.size();
    else
      longest = std::max(longest, piece.size());
  });
  write(out);
  CHECK((pieces == whole));
  CHECK(as_it_lies);
  CHECK(longest <= 32 * 1024);
}

TEST_CASE("views lie in the snapshot and keep its owner") {
  auto bytes = std::make_shared<Bytes>();
  SnapshotWriter(*bytes).view(nullptr, as_bytes("payload"));
  std::shared_ptr<const void> owner;
  ByteView data;
  SnapshotReader reader(*bytes, bytes);
  reader.view(owner, data);
  REQUIRE(reader.finish());
  CHECK(as_text(data) == "payload");
  CHECK(data.data() > bytes->data());
  CHECK(owner == bytes);
}
