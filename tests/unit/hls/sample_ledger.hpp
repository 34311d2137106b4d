#pragma once
// A ledger in memory for tests: three renditions (source and low video, audio), 2 s segments of four parts.
#include <map>
#include <string>

#include "hls/ledger_view.hpp"

namespace sluice::hls {

class SampleLedger {
 public:
  // `anywhere`: its segments may begin without a keyframe.
  explicit SampleLedger(bool anywhere = false) : view_("") {
    put(LedgerHeader{StreamId("s1"), "demo", 1'763'820'000'000, 2000, 500, 533'334, 2, Format::cmaf, anywhere});
    declare();
  }

  SampleLedger& segments(int n) {
    while (n-- > 0) parts(4 - next_);
    return *this;
  }
  // Parts of the open segment; the fourth closes it.
  SampleLedger& parts(std::uint32_t n) {
    while (n-- > 0) {
      for (const auto& [name, timescale] : {std::pair{"source", 90'000}, {"low", 90'000}, {"audio", 48'000}}) {
        if (gone_ && name == std::string("low")) continue;
        Part part;
        part.msn = msn_;
        part.part = next_;
        part.duration = timescale / 2;
        part.start = static_cast<std::int64_t>(msn_ * 4 + next_) * part.duration;
        part.wall_ms = 1'763'820'000'000 + part.start * 1000 / timescale + 500 + later_;
        part.init = init_;
        const bool audio = name == std::string("audio");
        part.flags.gap = gap_ && name == std::string("low");
        part.flags.independent = !part.flags.gap && (audio || (next_ == 0 && independent_));
        part.flags.last = next_ == 3;
        part.flags.discontinuity = break_ && next_ == 0;
        part.bytes = part.flags.gap ? 0 : bytes_;
        std::uint64_t& written = written_[name];
        if (next_ == 0) written = 0;
        part.offset = written;
        written += part.bytes;
        put(PartRecord{name, part});
      }
      if (++next_ == 4) {
        next_ = 0;
        ++msn_;
        break_ = false;
      }
    }
    return *this;
  }
  SampleLedger& later(std::int64_t ms) {  // what comes now is finished so much later
    later_ = ms;
    return *this;
  }
  SampleLedger& discontinuity() {
    break_ = true;
    return *this;
  }
  SampleLedger& gap(bool on) {
    gap_ = on;
    return *this;
  }
  SampleLedger& gone() {  // "low" has no more parts, not even gaps
    gone_ = true;
    return *this;
  }
  SampleLedger& shed(bool on) {
    put(ShedRecord{"low", on});
    return *this;
  }
  SampleLedger& independent(bool on) {
    independent_ = on;
    return *this;
  }
  SampleLedger& part_bytes(std::uint64_t bytes) {
    bytes_ = bytes;
    return *this;
  }
  SampleLedger& new_init() {
    ++init_;
    declare();
    return *this;
  }
  SampleLedger& remove_before(MediaSequence msn) {
    put(RemovedRecord{msn});
    return *this;
  }
  SampleLedger& end() {
    put(EndRecord{1'763'820'100'000 + later_});
    return *this;
  }

  const StreamView& stream() const { return view_.stream(); }
  const RenditionView& rendition(const std::string& name) const { return *view_.stream().find(name); }
  const std::string& text() const { return text_; }

 private:
  void declare() {
    RenditionRecord source{"source", init_, media::Kind::video, "avc1.64001f", 90'000, 1280, 720, {30, 1}, 0, 0, 6'000'000, 0};
    put(source);
    RenditionRecord low{"low", init_, media::Kind::video, "avc1.4d401e", 90'000, 640, 360, {30, 1}, 0, 0, 800'000, 1'000'000};
    put(low);
    RenditionRecord audio{"audio", init_, media::Kind::audio, "mp4a.40.2", 48'000, 0, 0, {0, 1}, 48'000, 2, 128'000, 128'000};
    put(audio);
  }
  void put(const Record& record) {
    const std::string line = format_record(record);
    text_ += line;
    if (view_.feed(as_bytes(line)) != line.size()) throw std::runtime_error("the ledger refused " + line);
  }

  LedgerView view_;
  std::string text_;
  MediaSequence msn_ = 0;
  std::uint32_t next_ = 0, init_ = 0;
  std::map<std::string, std::uint64_t> written_;  // of the open segment, by rendition
  std::uint64_t bytes_ = 1000;
  std::int64_t later_ = 0;
  bool break_ = false, gap_ = false, gone_ = false, independent_ = true;
};

}  // namespace sluice::hls
