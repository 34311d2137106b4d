#include "archive/bucket.hpp"

#include <catch2/catch.hpp>
#include <stdlib.h>

#include <filesystem>

#include "os/file.hpp"

using namespace sluice;
using namespace sluice::archive;

namespace {

// A bucket whose service nobody asks: what is put there cannot be read.
class Desk {
 public:
  Desk() {
    char path[] = "/tmp/sluice-bucket-XXXXXX";
    folder = ::mkdtemp(path);
    file = folder + "/7.m4s";
  }
  ~Desk() { std::filesystem::remove_all(folder); }

  Sent put(Item::Kind kind, std::uint64_t bytes) {
    Object object;
    object.key = "demo/source/7.m4s";
    object.path = file;
    object.bytes = bytes;
    object.item = Item{.kind = kind, .rendition = "source", .number = 7, .bytes = bytes};
    std::optional<Sent> sent;
    bucket.put(object, milliseconds(1000), [&](const Sent& outcome) { sent = outcome; });
    REQUIRE(sent);  // at once: no request was sent
    return *sent;
  }

  std::string folder, file;
  curl::Transfers transfers;
  Bucket bucket{{*s3::parse_place("s3://vods"), *s3::parse_service("http://127.0.0.1:9", "us-east-1"), {"key", "secret", ""}}, transfers, system_clock()};
};

}  // namespace

TEST_CASE("a segment that was emptied to be removed is gone, as one that is unlinked; a shorter one is told as a fault of the disk") {
  Desk desk;
  const Sent unlinked = desk.put(Item::Kind::segment, 1000);
  CHECK(unlinked.outcome == Sent::Outcome::removed);
  CHECK(unlinked.error.code == Errc::not_found);
  REQUIRE(os::write_file_atomically(desk.file, ""));
  const Sent emptied = desk.put(Item::Kind::segment, 1000);
  CHECK(emptied.outcome == Sent::Outcome::removed);
  CHECK(emptied.error.code == Errc::not_found);
  REQUIRE(os::write_file_atomically(desk.file, "half"));
  const Sent shorter = desk.put(Item::Kind::segment, 1000);
  CHECK(shorter.outcome == Sent::Outcome::removed);
  CHECK(shorter.error.code == Errc::invalid);
  CHECK(shorter.error.what == desk.file + " is shorter than its ledger says");
}
