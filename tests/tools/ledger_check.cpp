// rooms: hls os
// ledger_check DIR [RENDITION=SAMPLES ...]: reads a ledger and every byte of its media, and prints one JSON
// object a rendition: samples, seconds, holes (lost time) and overlaps (repeated time), gaps, and every rule
// of sluice-ledger(5) that is broken. With RENDITION=SAMPLES the count must be that. Exit 0 when nothing is
// wrong, 1 otherwise.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.hpp"
#include "hls/cmaf.hpp"
#include "hls/ledger_reader.hpp"
#include "os/file.hpp"

using namespace sluice;
using namespace sluice::hls;

namespace {

struct Findings {
  std::string rendition;
  std::uint64_t samples = 0, keys = 0, gap_parts = 0, discontinuities = 0, forced_segments = 0,
                repeated_pictures = 0;
  std::int64_t hole_ticks = 0, overlap_ticks = 0;
  std::vector<std::string> faults;

  template <class... Args>
  void fault(fmt::format_string<Args...> text, Args&&... args) {
    faults.push_back(fmt::format(text, std::forward<Args>(args)...));
  }
};

void check_part_lengths(const LedgerHeader& header, const Rendition& r, const Segment& s, Findings& f) {
  for (std::size_t i = 0; i < s.parts.size(); ++i) {
    const Part& p = s.parts[i];
    const double length = static_cast<double>(p.duration) / r.record.timescale;
    if (length > header.part_target_us / 1e6 + 1e-9)
      f.fault("{}.{}: part of {:.4f} s passes the part target", s.msn, p.part, length);
    const bool exempt = p.flags.last || p.flags.gap || p.flags.independent || i + 1 == s.parts.size() ||
                        s.parts[i + 1].flags.gap;
    if (!exempt && length < 0.85 * header.part_target_us / 1e6)
      f.fault("{}.{}: part of {:.4f} s is below 85 % of the part target", s.msn, p.part, length);
  }
  const double length = static_cast<double>(s.duration()) / r.record.timescale;
  if (static_cast<std::uint32_t>(length + 0.5) > header.target_duration_s)
    f.fault("{}: segment of {:.4f} s passes the target duration", s.msn, length);
}

// The chunk of a CMAF part against its line.
void check_chunk(const Part& p, ByteView bytes, std::set<std::int64_t>& shown, Findings& f) {
  const Result<Chunk> chunk = parse_cmaf_chunk(bytes);
  if (!chunk) return f.fault("{}.{}: {}", p.msn, p.part, chunk.error().what);
  if (chunk->bytes != bytes.size())
    f.fault("{}.{}: {} bytes in one chunk of {}", p.msn, p.part, bytes.size(), chunk->bytes);
  if (chunk->start != p.start)
    f.fault("{}.{}: tfdt {} is not START {}", p.msn, p.part, chunk->start, p.start);
  std::int64_t at = chunk->start;
  for (const Sample& sample : chunk->samples) {
    if (!shown.insert(at + sample.cts).second) ++f.repeated_pictures;
    at += sample.duration;
    f.keys += sample.key;
  }
  f.samples += chunk->samples.size();
  if (at != p.end()) f.fault("{}.{}: samples end at {}, the part at {}", p.msn, p.part, at, p.end());
  if (!chunk->samples.empty() && chunk->samples.front().key != p.flags.independent)
    f.fault("{}.{}: flag I and the first sample disagree", p.msn, p.part);
}

Findings check_rendition(const LedgerReader& ledger, const Rendition& r) {
  const LedgerHeader& header = *ledger.header();
  Findings f{r.record.name};
  std::set<std::int64_t> shown;
  std::optional<std::int64_t> end;
  if (r.record.init && !std::filesystem::exists(ledger.path(init_path(r.record.name, *r.record.init))))
    f.fault("no init file");
  for (const Segment& s : r.segments) {
    check_part_lengths(header, r, s, f);
    const std::string path = ledger.path(segment_path(r.record.name, s.msn, header.format));
    const std::string media = s.gap() ? "" : os::read_file(path).value_or("");
    if (media.size() < s.bytes())
      f.fault("{}: {} bytes of media, {} in the index", s.msn, media.size(), s.bytes());
    if (s.complete && media.size() > s.bytes())
      f.fault("{}: {} bytes behind the last part", s.msn, media.size() - s.bytes());
    if (!s.parts.front().flags.gap && !s.parts.front().flags.independent) ++f.forced_segments;
    for (const Part& p : s.parts) {
      if (p.flags.discontinuity) ++f.discontinuities;
      if (end && !p.flags.discontinuity) {
        f.hole_ticks += std::max<std::int64_t>(0, p.start - *end);
        f.overlap_ticks += std::max<std::int64_t>(0, *end - p.start);
      } else if (end && p.start < *end) {
        f.fault("{}.{}: time steps back at a discontinuity", s.msn, p.part);
      }
      end = p.end();
      f.gap_parts += p.flags.gap;
      if (!p.flags.gap && header.format == Format::cmaf && media.size() >= p.offset + p.bytes)
        check_chunk(p, as_bytes(media).subspan(p.offset, p.bytes), shown, f);
    }
  }
  if (f.hole_ticks) f.fault("{} ticks are missing between parts", f.hole_ticks);
  if (f.overlap_ticks) f.fault("{} ticks are there twice", f.overlap_ticks);
  if (r.record.kind == media::Kind::video && f.repeated_pictures)
    f.fault("{} pictures are shown twice", f.repeated_pictures);
  return f;
}

// Renditions start their segments together, and have their discontinuities in the same ones.
void check_alignment(const LedgerReader& ledger, std::vector<Findings>& all) {
  std::map<MediaSequence, double> starts;
  std::map<MediaSequence, bool> discontinuity;
  for (std::size_t i = 0; i < ledger.renditions().size(); ++i) {
    const Rendition& r = ledger.renditions()[i];
    for (const Segment& s : r.segments) {
      const double at = static_cast<double>(s.start()) / r.record.timescale;
      const auto [known, fresh] = starts.emplace(s.msn, at);
      if (!fresh && std::abs(known->second - at) > 0.45 && s.msn != r.segments.front().msn)
        all[i].fault("{}: starts {:.3f} s away from another rendition's", s.msn, at - known->second);
      const auto [d, first] = discontinuity.emplace(s.msn, s.discontinuity());
      if (!first && d->second != s.discontinuity())
        all[i].fault("{}: a discontinuity that not all renditions have", s.msn);
    }
  }
}

std::string json(const LedgerReader& ledger, const Findings& f) {
  const Rendition& r = *ledger.find(f.rendition);
  std::size_t parts = 0;
  for (const Segment& s : r.segments) parts += s.parts.size();
  std::string faults;
  for (const std::string& fault : f.faults)
    faults += fmt::format("{}\"{}\"", faults.empty() ? "" : ",", fault);
  return fmt::format(
      R"({{"rendition":"{}","samples":{},"keys":{},"segments":{},"parts":{},"end_s":{:.6f},"lost_s":{:.6f},"repeated_s":{:.6f},)"
      R"("repeated_pictures":{},"gap_parts":{},"discontinuities":{},"forced_segments":{},"ended":{},"faults":[{}]}})",
      f.rendition, f.samples, f.keys, r.segments.size(), parts,
      static_cast<double>(r.end) / r.record.timescale, static_cast<double>(f.hole_ticks) / r.record.timescale,
      static_cast<double>(f.overlap_ticks) / r.record.timescale, f.repeated_pictures, f.gap_parts,
      f.discontinuities, f.forced_segments, ledger.ended(), faults);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: ledger_check DIR [RENDITION=SAMPLES ...]\n");
    return 2;
  }
  LedgerReader ledger(argv[1]);
  const Result<bool> read = ledger.poll();
  if (!read || !ledger.header()) {
    fmt::print(stderr, "ledger_check: {}\n", read ? "no header" : to_string(read.error()));
    return 1;
  }
  std::vector<Findings> all;
  for (const Rendition& r : ledger.renditions()) all.push_back(check_rendition(ledger, r));
  check_alignment(ledger, all);
  if (ledger.index().torn()) all.front().fault("the index has a torn tail");
  for (int i = 2; i < argc; ++i) {
    const auto words = split(argv[i], '=');
    const auto count = words.size() == 2 ? parse_number<std::uint64_t>(words[1]) : std::nullopt;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Findings& f) { return f.rendition == words[0]; });
    if (!count || found == all.end()) {
      fmt::print(stderr, "ledger_check: {} names no rendition and count\n", argv[i]);
      return 2;
    }
    if (found->samples != *count) found->fault("{} samples, expected {}", found->samples, *count);
  }
  bool good = true;
  for (const Findings& f : all) {
    fmt::print("{}\n", json(ledger, f));
    good = good && f.faults.empty();
  }
  return good ? 0 : 1;
}
