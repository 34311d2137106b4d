#include <catch2/catch.hpp>

#include "hls/blocking.hpp"
#include "unit/hls/sample_ledger.hpp"

using namespace sluice;
using namespace sluice::hls;
using std::chrono::milliseconds;

namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

Verdict ask(const SampleLedger& ledger, std::uint64_t msn, std::optional<std::uint64_t> part, milliseconds waited = milliseconds(0)) {
  return judge(ledger.stream(), ledger.rendition("source"), {msn, part, false}, waited);
}

}  // namespace

TEST_CASE("directives are read from the query") {
  const auto read = read_directives(Query{{"a", "b"}, {"_HLS_msn", "7"}, {"_HLS_part", "2"}, {"_HLS_skip", "v2"}});
  REQUIRE(read);
  CHECK(read->msn == 7);
  CHECK(read->part == 2);
  CHECK(read->skip);
  CHECK_FALSE(read_directives(Query{})->blocking());
  CHECK_FALSE(read_directives(Query{{"_HLS_skip", "perhaps"}})->skip);
}

TEST_CASE("a part without a media sequence number is a bad request, and so is nonsense") {
  CHECK_FALSE(read_directives(Query{{"_HLS_part", "2"}}));
  CHECK_FALSE(read_directives(Query{{"_HLS_msn", "-1"}}));
  CHECK_FALSE(read_directives(Query{{"_HLS_msn", "1x"}}));
  CHECK_FALSE(read_directives(Query{{"_HLS_msn", ""}}));
  CHECK_FALSE(read_directives(Query{{"_HLS_msn", "99999999999999999999999"}}));
  CHECK_FALSE(read_directives(Query{{"_HLS_msn", "1"}, {"_HLS_msn", "2"}}));
}

TEST_CASE("what is there is served: parts, whole segments, and numbers long gone") {
  SampleLedger ledger;
  ledger.segments(20).parts(2);  // 0..19 complete, 20 has two parts
  CHECK(ask(ledger, 20, 1) == Verdict::serve);
  CHECK(ask(ledger, 19, std::nullopt) == Verdict::serve);
  CHECK(ask(ledger, 0, 3) == Verdict::serve);
  CHECK(ask(ledger, 0, 77) == Verdict::serve);
}

TEST_CASE("the next part, and a segment that is not finished, are waited for") {
  SampleLedger ledger;
  ledger.segments(3).parts(2);
  CHECK(ask(ledger, 3, 2) == Verdict::wait);
  CHECK(ask(ledger, 3, std::nullopt) == Verdict::wait);
  CHECK(ask(ledger, 4, 0) == Verdict::wait);
  CHECK(ask(ledger, 4, std::nullopt) == Verdict::wait);
  ledger.parts(1);
  CHECK(ask(ledger, 3, 2) == Verdict::serve);
}

TEST_CASE("a part past the segment's last means part 0 of the next") {
  SampleLedger ledger;
  ledger.segments(3);
  CHECK(ask(ledger, 2, 4) == Verdict::wait);
  ledger.parts(1);
  CHECK(ask(ledger, 2, 4) == Verdict::serve);
}

TEST_CASE("more than two segments past the last one is a bad request") {
  SampleLedger ledger;
  ledger.segments(3);  // the last is 2
  CHECK(ask(ledger, 4, std::nullopt) == Verdict::wait);
  CHECK(ask(ledger, 5, std::nullopt) == Verdict::bad_request);
  ledger.parts(1);     // the last listed is still 2
  CHECK(ask(ledger, 4, std::nullopt) == Verdict::wait);
  CHECK(ask(ledger, 5, 0) == Verdict::bad_request);
}

TEST_CASE("a part beyond the advance part limit is a bad request") {
  SampleLedger ledger;
  ledger.segments(3).parts(2);
  CHECK(advance_part_limit(ledger.stream()) == 6);  // 3 s of 0.53 s parts
  CHECK(ask(ledger, 3, 1 + 6) == Verdict::wait);
  CHECK(ask(ledger, 3, 1 + 7) == Verdict::bad_request);
  CHECK(ask(ledger, 4, 6) == Verdict::bad_request);
}

TEST_CASE("a wait of three target durations ends in 503") {
  SampleLedger ledger;
  ledger.segments(3);
  CHECK(longest_wait(ledger.stream()) == milliseconds(6000));
  CHECK(ask(ledger, 3, 0, milliseconds(5999)) == Verdict::wait);
  CHECK(ask(ledger, 3, 0, milliseconds(6000)) == Verdict::unavailable);
}

TEST_CASE("directives are ignored when the stream has ended") {
  SampleLedger ledger;
  ledger.segments(3).end();
  CHECK(ask(ledger, 99, 99) == Verdict::serve);
}

TEST_CASE("a stream that has not begun is waited for") {
  SampleLedger ledger;
  CHECK(ask(ledger, 0, 0) == Verdict::wait);
  CHECK(ask(ledger, 2, std::nullopt) == Verdict::bad_request);
}

TEST_CASE("only the hinted part is waited for") {
  SampleLedger ledger;
  ledger.segments(3).parts(2);
  bool found = false;
  const auto part = [&](std::uint64_t msn, std::size_t index, milliseconds waited = milliseconds(0)) {
    return judge_part(ledger.stream(), ledger.rendition("source"), msn, index, waited, found);
  };
  CHECK(part(3, 1) == Verdict::serve);
  CHECK(found);
  CHECK(part(3, 2) == Verdict::wait);
  CHECK(part(3, 2, milliseconds(6000)) == Verdict::unavailable);
  CHECK(part(3, 3) == Verdict::serve);
  CHECK_FALSE(found);
  CHECK(part(2, 4) == Verdict::serve);
  CHECK_FALSE(found);
  CHECK(part(4, 0) == Verdict::serve);
  CHECK_FALSE(found);
  ledger.end();
  CHECK(part(3, 2) == Verdict::serve);
  CHECK_FALSE(found);
}
