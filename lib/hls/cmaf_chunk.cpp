#include <algorithm>
#include <limits>

#include "hls/cmaf.hpp"
#include "hls/cmaf_boxes.hpp"

namespace sluice::hls {
namespace {

// ISO/IEC 14496-12 8.8.3.1: sample_depends_on and sample_is_non_sync_sample.
constexpr std::uint32_t sync_sample = 0x02000000;
constexpr std::uint32_t other_sample = 0x01010000;
constexpr std::uint32_t non_sync_bit = 0x00010000;

// tfhd (8.8.7) and trun (8.8.8) flags.
constexpr std::uint32_t default_duration = 0x08, default_flags = 0x20, base_is_moof = 0x020000;
constexpr std::uint32_t data_offset = 0x01, first_flags = 0x04, durations = 0x100, sizes = 0x200,
                        flags = 0x400, cts_offsets = 0x800;

std::uint32_t flags_of(bool key) {
  return key ? sync_sample : other_sample;
}

}  // namespace

bool cmaf_chunk_head(Bytes& out, std::uint32_t sequence, std::int64_t start, media::Kind kind,
                     std::span<const Sample> samples) {
  std::uint64_t payload = 0;
  bool same_duration = true, has_cts = false, later_key = false;
  for (const Sample& sample : samples) {
    payload += sample.size;
    same_duration = same_duration && sample.duration == samples.front().duration;
    has_cts = has_cts || sample.cts != 0;
    later_key = later_key || (&sample != &samples.front() && sample.key);
  }
  if (payload > std::numeric_limits<std::uint32_t>::max() - 8) return false;
  const bool audio = kind == media::Kind::audio;
  const bool each_flags = !audio && later_key;
  const bool own_first = !audio && !later_key && !samples.empty() && samples.front().key;

  const std::size_t moof_at = out.size();
  std::size_t offset_at = 0;
  {
    Box moof(out, "moof");
    { Box(out, "mfhd", 0, 0)->be32(sequence); }
    Box traf(out, "traf");
    {
      Box tfhd(out, "tfhd", 0, base_is_moof | default_flags | (same_duration ? default_duration : 0));
      tfhd->be32(1);
      if (same_duration) tfhd->be32(samples.empty() ? 0 : samples.front().duration);
      tfhd->be32(flags_of(audio));
    }
    { Box(out, "tfdt", 1, 0)->be64(static_cast<std::uint64_t>(start)); }
    Box trun(out, "trun", 1,
             data_offset | sizes | (own_first ? first_flags : 0) | (same_duration ? 0 : durations) |
                 (each_flags ? flags : 0) | (has_cts ? cts_offsets : 0));
    trun->be32(samples.size());
    offset_at = out.size();
    trun->be32(0);
    if (own_first) trun->be32(sync_sample);
    for (const Sample& sample : samples) {
      if (!same_duration) trun->be32(sample.duration);
      trun->be32(sample.size);
      if (each_flags) trun->be32(flags_of(sample.key));
      if (has_cts) trun->be32(static_cast<std::uint32_t>(sample.cts));
    }
  }
  ByteWriter mdat(out);
  mdat.be32(payload + 8).text("mdat");
  mdat.patch_be32(offset_at, static_cast<std::uint32_t>(out.size() - moof_at));
  return true;
}

namespace {

struct BoxView {
  std::string_view type;
  ByteView body;
};

// The next box, or an empty type where there is no whole one.
BoxView next_box(ByteReader& in) {
  const std::uint32_t size = in.be32();
  const ByteView type = in.take(4);
  if (in.failed() || size < 8) return {};
  const ByteView body = in.take(size - 8);
  if (in.failed()) return {};
  return {as_text(type), body};
}

struct Defaults {
  std::uint32_t duration = 0, sample_flags = 0;
};

bool read_tfhd(ByteView body, Defaults& to) {
  ByteReader in(body);
  const std::uint32_t present = in.be32() & 0xffffff;
  in.be32();
  if (present & 0x01) in.be64();
  if (present & 0x02) in.be32();
  if (present & default_duration) to.duration = in.be32();
  if (present & 0x10) in.be32();
  if (present & default_flags) to.sample_flags = in.be32();
  return !in.failed() && (present & base_is_moof);
}

bool read_trun(ByteView body, const Defaults& defaults, Chunk& to) {
  ByteReader in(body);
  const std::uint32_t present = in.be32() & 0xffffff;
  const std::uint32_t count = in.be32();
  if (!(present & data_offset) || !(present & sizes)) return false;
  to.data_offset = in.be32();
  std::uint32_t first = defaults.sample_flags;
  if (present & first_flags) first = in.be32();
  if (in.failed() || count > in.remaining() / 4) return false;
  to.samples.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Sample sample;
    sample.duration = present & durations ? in.be32() : defaults.duration;
    sample.size = in.be32();
    const std::uint32_t own = present & flags ? in.be32() : i == 0 ? first : defaults.sample_flags;
    sample.key = !(own & non_sync_bit);
    if (present & cts_offsets) sample.cts = static_cast<std::int32_t>(in.be32());
    to.samples.push_back(sample);
  }
  return !in.failed();
}

bool read_traf(ByteView body, Chunk& to) {
  ByteReader in(body);
  Defaults defaults;
  bool head = false, time = false, run = false;
  while (!in.at_end()) {
    const BoxView box = next_box(in);
    if (box.type == "tfhd") {
      head = read_tfhd(box.body, defaults);
    } else if (box.type == "tfdt") {
      ByteReader fields(box.body);
      const bool wide = fields.u8() == 1;
      fields.be24();
      to.start = wide ? static_cast<std::int64_t>(fields.be64()) : fields.be32();
      time = !fields.failed() && to.start >= 0;
    } else if (box.type == "trun") {
      if (run || !head) return false;
      run = read_trun(box.body, defaults, to);
    } else if (box.type.empty()) {
      return false;
    }
  }
  return head && time && run;
}

}  // namespace

Result<Chunk> parse_cmaf_chunk(ByteView bytes) {
  const auto wrong = [](const char* what) { return fail(Errc::invalid, what); };
  ByteReader in(bytes);
  const BoxView moof = next_box(in);
  if (moof.type != "moof") return wrong("chunk without a whole moof");
  const BoxView mdat = next_box(in);
  if (mdat.type != "mdat") return wrong("chunk without a whole mdat");
  Chunk chunk;
  chunk.bytes = in.position();
  bool traf = false;
  ByteReader inside(moof.body);
  while (!inside.at_end()) {
    const BoxView box = next_box(inside);
    if (box.type == "mfhd" && box.body.size() == 8) chunk.sequence = ByteReader(box.body.subspan(4)).be32();
    if (box.type == "traf") {
      if (traf || !read_traf(box.body, chunk)) return wrong("chunk with a broken traf");
      traf = true;
    }
    if (box.type.empty()) return wrong("moof with a broken box");
  }
  if (!traf) return wrong("chunk without a traf");
  std::uint64_t payload = 0;
  for (const Sample& sample : chunk.samples) payload += sample.size;
  if (chunk.data_offset != chunk.bytes - mdat.body.size() || payload != mdat.body.size())
    return wrong("chunk whose samples do not fill its mdat");
  return chunk;
}

}  // namespace sluice::hls
