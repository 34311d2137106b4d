#include "archive/outbox.hpp"

#include <catch2/catch.hpp>

#include "archive/line_state.hpp"
#include "unit/hls/sample_ledger.hpp"

using namespace sluice;
using namespace sluice::archive;

namespace {

// An outbox that follows a sample ledger, and the record that it writes.
class Desk {
 public:
  Desk() { uploads.apply(hls::UploadPlace{"s3://vods"}); }

  void read() {
    const std::string& text = ledger.text();
    for (std::size_t end; (end = text.find('\n', read_)) != std::string::npos; read_ = end + 1) outbox.apply(*hls::parse_record(text.substr(read_, end - read_)));
  }
  // Names of what is to be sent now, all taken.
  std::vector<Item> take_all() {
    std::vector<Item> out;
    while (auto item = outbox.take()) out.push_back(*item);
    return out;
  }
  std::string record() {
    std::string lines;
    for (const hls::UploadRecord& line : outbox.records()) {
      REQUIRE(uploads.apply(line));
      lines += hls::format_upload_record(line);
    }
    return plain(lines);
  }

  hls::SampleLedger ledger;
  hls::Uploads uploads;
  Outbox outbox{uploads, 100};

 private:
  static std::string plain(const std::string& lines) {
    std::string out;
    for (std::size_t at = 0, end; (end = lines.find('\n', at)) != std::string::npos; at = end + 1) {
      const std::string line = lines.substr(at, end - at - 9);
      // Segments without their times, which ledger_upload_test looks at.
      out += line.substr(0, line.front() == 'U' ? line.rfind(' ') : line.size()) + "\n";
    }
    return out;
  }
  std::size_t read_ = 0;
};

std::string label(const Item& item) { return (item.kind == Item::Kind::header ? "init " : "") + item.rendition + " " + std::to_string(item.number); }

std::vector<std::string> names(const std::vector<Item>& items) {
  std::vector<std::string> out;
  for (const Item& item : items) out.push_back(label(item));
  return out;
}

}  // namespace

TEST_CASE("headers are to be sent, then segments as they are finished, no open one") {
  Desk desk;
  desk.ledger.segments(1).parts(3);
  desk.read();
  const auto items = desk.take_all();
  CHECK(names(items) == std::vector<std::string>{"init source 0", "init low 0", "init audio 0", "source 0", "low 0", "audio 0"});
  CHECK(items[3].bytes == 4000);
  CHECK(items[5].audio);
  desk.ledger.parts(1);
  desk.read();
  CHECK(names(desk.take_all()) == std::vector<std::string>{"source 1", "low 1", "audio 1"});
}

TEST_CASE("a segment is recorded when it and all before it are there, its header too") {
  Desk desk;
  desk.ledger.segments(3);
  desk.read();
  const auto items = desk.take_all();
  const auto find = [&](const std::string& wanted) { return *std::ranges::find(items, wanted, label); };
  desk.outbox.done(find("source 1"), 4000);
  CHECK(desk.record() == "");
  desk.outbox.done(find("source 0"), 4000);
  CHECK(desk.record() == "");
  desk.outbox.done(find("init source 0"), 700);
  CHECK(desk.record() == "I source 0 700\nU source 0 4000\nU source 1 4000\n");
  CHECK(desk.record() == "");
  desk.outbox.done(find("source 2"), 4000);
  CHECK(desk.record() == "U source 2 4000\n");
}

TEST_CASE("what was not sent comes again, before what is newer") {
  Desk desk;
  desk.ledger.segments(2);
  desk.read();
  const auto items = desk.take_all();
  CHECK_FALSE(desk.outbox.idle());
  desk.outbox.put_back(items[4]);
  desk.outbox.put_back(items[1]);
  CHECK(names(desk.take_all()) == std::vector<std::string>{"init low 0", "low 0"});
}

TEST_CASE("nothing runs far ahead of what is slow: it could not be recorded before it") {
  Desk desk;
  desk.ledger.segments(9);
  desk.read();
  Outbox few(desk.uploads, 4);
  const std::string& text = desk.ledger.text();
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) few.apply(*hls::parse_record(text.substr(at, end - at)));
  std::vector<Item> taken;
  while (auto item = few.take()) taken.push_back(*item);
  REQUIRE(taken.size() == 4);
  for (const std::size_t done : {1, 2, 3}) few.done(taken[done], 1);
  CHECK_FALSE(few.take());
  few.done(taken[0], 1);
  CHECK(few.take()->serial == 4);
}

TEST_CASE("what has a fault of its own is set aside, and holds up neither others nor their record") {
  Desk desk;
  desk.ledger.segments(30);
  desk.read();
  Outbox few(desk.uploads, 4);
  const std::string& text = desk.ledger.text();
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) few.apply(*hls::parse_record(text.substr(at, end - at)));
  std::vector<Item> aside;
  std::size_t sent = 0;
  while (auto item = few.take()) {
    if (item->rendition == "low" && item->kind == Item::Kind::segment) {
      few.set_aside(aside.emplace_back(*item));
    } else {
      few.done(*item, item->bytes);
      ++sent;
    }
  }
  CHECK(sent == 3 + 2 * 30);
  CHECK(aside.size() == Outbox::most_aside);
  CHECK(few.waiting() == 30 - Outbox::most_aside);
  CHECK_FALSE(few.can_take());
  CHECK_FALSE(few.idle());
  CHECK(few.records().size() == 3 + 2 * 30);
  few.take_up(aside.front());
  few.done(aside.front(), 4000);
  CHECK(few.records() == std::vector<hls::UploadRecord>{hls::UploadedSegment{"low", 0, 4000, desk.ledger.rendition("low").find(0)->wall_ms}});
  CHECK(few.take()->number == Outbox::most_aside);
  few.take_up(aside[1]);
  few.put_back(aside[1]);  // its file could be read, and the store was away
  CHECK(few.take()->number == 1);
}

TEST_CASE("an outbox that begins with a record sends what it does not tell of") {
  Desk desk;
  for (const hls::UploadRecord& line : std::vector<hls::UploadRecord>{hls::UploadedInit{"source", 0, 700}, hls::UploadedSegment{"source", 0, 4000}, hls::UploadedSegment{"source", 1, 4000}, hls::UploadedInit{"low", 0, 700}})
    desk.uploads.apply(line);
  desk.ledger.segments(3);
  desk.read();
  CHECK(names(desk.take_all()) == std::vector<std::string>{"init audio 0", "low 0", "audio 0", "low 1", "audio 1", "source 2", "low 2", "audio 2"});
}

TEST_CASE("gaps are recorded without anything to send") {
  Desk desk;
  desk.ledger.segments(1).shed(true).gap(true).segments(1).shed(false).gap(false).segments(1);
  desk.read();
  const auto items = desk.take_all();
  CHECK(std::ranges::count(items, "low 1", label) == 0);
  for (const Item& item : items) {
    if (item.rendition == "low") desk.outbox.done(item, 4000);
  }
  CHECK(desk.record() == "I low 0 4000\nU low 0 4000\nU low 1 0\nU low 2 4000\n");
}

TEST_CASE("what is removed before it is sent is missed; what is being sent is not") {
  Desk desk;
  desk.ledger.segments(1);
  desk.read();
  const auto first = desk.take_all();
  desk.ledger.segments(9).remove_before(4);
  desk.read();
  CHECK(desk.outbox.missed() == 9);  // 1, 2 and 3 of three renditions
  for (const Item& item : first) desk.outbox.done(item, 4000);
  CHECK(desk.record() == "I audio 0 4000\nU audio 0 4000\nM audio 1 4\nI low 0 4000\nU low 0 4000\nM low 1 4\nI source 0 4000\nU source 0 4000\nM source 1 4\n");
  const auto rest = desk.take_all();
  CHECK(label(rest.front()) == "source 4");
  desk.outbox.gone(rest.front());
  CHECK(desk.record() == "M source 4 5\n");
}

TEST_CASE("a stream's end finishes its last segments") {
  Desk desk;
  desk.ledger.segments(1).parts(2);
  desk.read();
  CHECK_FALSE(desk.outbox.ended());
  desk.ledger.end();
  desk.read();
  CHECK(desk.outbox.ended());
  const auto items = desk.take_all();
  CHECK(label(items.back()) == "source 1");
  for (const Item& item : items) desk.outbox.done(item, 1);
  CHECK(desk.outbox.idle());
}

TEST_CASE("a new header goes before the segments that need it") {
  Desk desk;
  desk.ledger.segments(1).new_init().segments(1);
  desk.read();
  const auto items = desk.take_all();
  for (const Item& item : items) {
    if (item.rendition == "source" && label(item) != "init source 1") desk.outbox.done(item, 4000);
  }
  CHECK(desk.record() == "I source 0 4000\nU source 0 4000\n");
  desk.outbox.done(*std::ranges::find(items, "init source 1", label), 700);
  CHECK(desk.record() == "I source 1 700\nU source 1 4000\n");
}

TEST_CASE("a line that failed rests, longer each time, and is tried with one request") {
  SeededRandom random(1);
  LineState line({milliseconds(1000), milliseconds(4000), 0});
  Steady now{};
  CHECK(line.allowed(now, 4) == 4);
  line.failed(now, random);
  line.failed(now, random);  // that had been under way with it
  CHECK(line.allowed(now + milliseconds(999), 4) == 0);
  CHECK(line.allowed(now + milliseconds(1000), 4) == 1);
  CHECK((line.rests(now + milliseconds(999)) && !line.rests(now + milliseconds(1000))));
  now += milliseconds(1000);
  line.failed(now, random);
  CHECK(line.allowed(now + milliseconds(1999), 4) == 0);
  for (int i = 0; i < 5; ++i) line.failed(now = line.rests_until(), random);
  CHECK(line.rests_until() == now + milliseconds(4000));
  line.succeeded();
  CHECK(line.allowed(now, 4) == 4);
  CHECK((line.open() && !line.rests(now)));
}

TEST_CASE("tries are spread by a tenth around a time that doubles up to its limit") {
  SeededRandom random(2);
  const Backoff backoff;
  for (const auto& [failures, wait] : std::vector<std::pair<unsigned, int>>{{1, 100}, {2, 200}, {3, 400}, {6, 3200}, {7, 5000}, {100, 5000}}) {
    milliseconds least{100'000}, most{0};
    for (int i = 0; i < 500; ++i) {
      const milliseconds each = backoff.after(failures, random);
      least = std::min(least, each);
      most = std::max(most, each);
    }
    CHECK(least >= milliseconds(wait * 90 / 100));
    CHECK(most <= milliseconds(wait * 110 / 100));
    CHECK(most - least > milliseconds(wait / 10));
  }
}
