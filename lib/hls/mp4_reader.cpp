#include "hls/mp4_reader.hpp"

#include <algorithm>
#include <functional>
#include <optional>

namespace sluice::hls {
namespace {

constexpr std::size_t visual_fields = 78;       // of a visual sample entry, before the boxes within
constexpr std::size_t most_samples = 100'000;  // in one trun: far beyond any segment

struct ReadBox {
  std::string type;
  ByteView body;
  std::size_t at = 0, size = 0;  // of the whole box, from the start of the data
};

std::unexpected<Error> broken(const std::string& type, std::size_t at, const std::string& what) {
  return fail(Errc::invalid, "box " + type + " at byte " + std::to_string(at) + ": " + what);
}

// Calls `each` for every box of `body`, which begins at byte `base` of the data.
Result<> walk(ByteView body, std::size_t base, const std::function<Result<>(const ReadBox&)>& each) {
  std::size_t at = 0;
  while (at < body.size()) {
    ByteReader reader(body.subspan(at));
    std::uint64_t size = reader.be32();
    const std::string type(as_text(reader.take(4)));
    if (reader.failed()) return broken("?", base + at, "there is no room for a box");
    if (size == 1) size = reader.be64();
    if (size == 0) size = body.size() - at;  // to the end (ISO/IEC 14496-12 4.2)
    if (reader.failed() || size < reader.position() || size > body.size() - at) {
      return broken(type, base + at, "its size " + std::to_string(size) + " does not fit");
    }
    const auto length = static_cast<std::size_t>(size);
    SLUICE_TRY(each({type, body.subspan(at + reader.position(), length - reader.position()), base + at, length}));
    at += length;
  }
  return {};
}

// Which format was encrypted (ISO/IEC 14496-12 8.12): frma of the sample entry's sinf.
std::string original_format(std::string type, ByteView entry) {
  const std::size_t fields = type == "encv" ? visual_fields : type == "enca" ? 28 : 0;  // before the boxes within
  if (fields == 0 || entry.size() < fields) return type;
  std::string found;
  const auto look = [&](const ReadBox& sinf) -> Result<> {
    if (sinf.type != "sinf") return {};
    return walk(sinf.body, 0, [&](const ReadBox& box) -> Result<> {
      if (box.type == "frma") found = as_text(ByteReader(box.body).take(4));
      return {};
    });
  };
  (void)walk(entry.subspan(fields), 0, look);
  return found.empty() ? type : found;
}

// The decoder configuration of an entry whose samples hold no parameter sets of their own (ISO/IEC 14496-15).
Bytes configuration(const std::string& type, ByteView entry) {
  if ((type != "avc1" && type != "hvc1") || entry.size() < visual_fields) return {};
  Bytes found;
  (void)walk(entry.subspan(visual_fields), 0, [&](const ReadBox& box) -> Result<> {
    if (box.type == (type == "avc1" ? "avcC" : "hvcC")) found.assign(box.body.begin(), box.body.end());
    return {};
  });
  return found;
}

std::size_t body_at(const ReadBox& box) { return box.at + box.size - box.body.size(); }

// mdia, minf and stbl lie within one another; `depth` bounds a hostile nesting of them.
Result<> read_trak(const ReadBox& trak, Mp4Track& track, int depth = 0) {
  if (depth > 4) return broken(trak.type, trak.at, "it is nested too deeply");
  return walk(trak.body, body_at(trak), [&](const ReadBox& box) -> Result<> {
    ByteReader reader(box.body);
    if (box.type == "tkhd") {
      const std::uint8_t version = reader.u8();
      reader.skip(3 + (version == 1 ? 16 : 8));
      track.id = reader.be32();
    } else if (box.type == "mdhd") {
      const std::uint8_t version = reader.u8();
      reader.skip(3 + (version == 1 ? 16 : 8));
      track.timescale = reader.be32();
    } else if (box.type == "hdlr") {
      reader.skip(8);
      track.handler = as_text(reader.take(4));
    } else if (box.type == "stsd") {
      reader.skip(4);
      const std::uint32_t entries = reader.be32();
      reader.skip(4);
      const auto codec = reader.take(4);
      if (entries == 0) return broken("stsd", box.at, "it has no sample entry");
      const ByteView entry = reader.rest();
      track.codec = original_format(std::string(as_text(codec)), entry);
      track.config = configuration(std::string(as_text(codec)), entry);
    } else if (box.type == "mdia" || box.type == "minf" || box.type == "stbl") {
      return read_trak(box, track, depth + 1);
    }
    if (reader.failed()) return broken(box.type, box.at, "it is too short");
    return {};
  });
}

Result<> read_mvex(const ReadBox& mvex, Mp4Header& header) {
  return walk(mvex.body, body_at(mvex), [&](const ReadBox& box) -> Result<> {
    if (box.type != "trex") return {};
    ByteReader reader(box.body);
    reader.skip(4);
    const std::uint32_t id = reader.be32();
    reader.skip(4);
    const std::uint32_t duration = reader.be32(), size = reader.be32(), flags = reader.be32();
    if (reader.failed()) return broken("trex", box.at, "it is too short");
    for (Mp4Track& track : header.tracks) {
      if (track.id != id) continue;
      track.default_duration = duration;
      track.default_size = size;
      track.default_flags = flags;
    }
    return {};
  });
}

struct SampleDefaults {
  std::uint32_t duration = 0, size = 0, flags = 0;
};

// The samples of a trun, from `offset` on; moves `offset` past them.
Result<> read_trun(const ReadBox& box, const SampleDefaults& defaults, std::size_t moof_at, std::uint64_t& offset, Mp4Fragment& fragment) {
  ByteReader reader(box.body);
  reader.u8();
  const std::uint32_t flags = reader.be24();
  const std::uint32_t count = reader.be32();
  if (count > most_samples) return broken("trun", box.at, "it names too many samples");
  if (flags & 0x1) offset = moof_at + static_cast<std::int64_t>(static_cast<std::int32_t>(reader.be32()));
  std::optional<std::uint32_t> first_flags;
  if (flags & 0x4) first_flags = reader.be32();
  for (std::uint32_t i = 0; i < count && !reader.failed(); ++i) {
    Mp4Sample sample{defaults.duration, defaults.size, true, offset};
    std::uint32_t sample_flags = i == 0 && first_flags ? *first_flags : defaults.flags;
    if (flags & 0x100) sample.duration = reader.be32();
    if (flags & 0x200) sample.size = reader.be32();
    if (flags & 0x400) sample_flags = reader.be32();
    if (flags & 0x800) reader.skip(4);
    sample.sync = (sample_flags & 0x10000) == 0;
    offset += sample.size;
    fragment.samples.push_back(sample);
  }
  if (reader.failed()) return broken("trun", box.at, "it is too short");
  return {};
}

Result<Mp4Fragment> read_traf(const ReadBox& traf, std::size_t moof_at, const Mp4Header& header) {
  Mp4Fragment fragment;
  SampleDefaults defaults;
  bool has_header = false, has_time = false;
  std::uint64_t offset = moof_at;
  const auto walked = walk(traf.body, body_at(traf), [&](const ReadBox& box) -> Result<> {
    ByteReader reader(box.body);
    if (box.type == "tfhd") {
      reader.u8();
      const std::uint32_t flags = reader.be24();
      fragment.track = reader.be32();
      const Mp4Track* track = header.find(fragment.track);
      if (!track) return broken("tfhd", box.at, "the header has no track " + std::to_string(fragment.track));
      defaults = {track->default_duration, track->default_size, track->default_flags};
      if (flags & 0x1) offset = reader.be64();
      if (flags & 0x2) reader.skip(4);
      if (flags & 0x8) defaults.duration = reader.be32();
      if (flags & 0x10) defaults.size = reader.be32();
      if (flags & 0x20) defaults.flags = reader.be32();
      has_header = true;
    } else if (box.type == "tfdt") {
      const std::uint8_t version = reader.u8();
      reader.skip(3);
      fragment.decode_time = version == 1 ? reader.be64() : reader.be32();
      has_time = true;
    } else if (box.type == "trun") {
      if (!has_header) return broken("trun", box.at, "it stands before tfhd");
      return read_trun(box, defaults, moof_at, offset, fragment);
    }
    if (reader.failed()) return broken(box.type, box.at, "it is too short");
    return {};
  });
  if (!walked) return std::unexpected(walked.error());
  if (!has_header) return broken("traf", traf.at, "it has no tfhd");
  if (!has_time) return broken("traf", traf.at, "it has no tfdt");
  return fragment;
}

}  // namespace

const Mp4Track* Mp4Header::find(std::uint32_t id) const {
  const auto at = std::ranges::find(tracks, id, &Mp4Track::id);
  return at == tracks.end() ? nullptr : &*at;
}

std::uint64_t Mp4Fragment::duration() const {
  std::uint64_t sum = 0;
  for (const Mp4Sample& sample : samples) sum += sample.duration;
  return sum;
}

Result<Mp4Header> read_mp4_header(ByteView bytes) {
  Mp4Header header;
  bool has_moov = false;
  SLUICE_TRY(walk(bytes, 0, [&](const ReadBox& box) -> Result<> {
    if (box.type != "moov") return {};
    if (has_moov) return broken("moov", box.at, "there is a second one");
    has_moov = true;
    SLUICE_TRY(walk(box.body, body_at(box), [&](const ReadBox& inner) -> Result<> {
      if (inner.type != "trak") return {};
      Mp4Track track;
      SLUICE_TRY(read_trak(inner, track));
      if (track.id == 0 || track.timescale == 0) return broken("trak", inner.at, "it has no track id or no timescale");
      header.tracks.push_back(std::move(track));
      return {};
    }));
    return walk(box.body, body_at(box), [&](const ReadBox& inner) -> Result<> {
      return inner.type == "mvex" ? read_mvex(inner, header) : Result<>{};
    });
  }));
  if (!has_moov) return fail(Errc::invalid, "there is no moov box");
  if (header.tracks.empty()) return fail(Errc::invalid, "the moov box has no track");
  return header;
}

Result<std::vector<Mp4Fragment>> read_mp4_fragments(ByteView bytes, const Mp4Header& header) {
  std::vector<Mp4Fragment> fragments;
  std::size_t awaiting = 0;  // the first fragment whose mdat has not come yet
  SLUICE_TRY(walk(bytes, 0, [&](const ReadBox& box) -> Result<> {
    if (box.type == "moof") {
      if (awaiting < fragments.size()) return broken("moof", box.at, "the one before has no mdat");
      return walk(box.body, body_at(box), [&](const ReadBox& inner) -> Result<> {
        if (inner.type != "traf") return {};
        SLUICE_TRY_VALUE(Mp4Fragment fragment, read_traf(inner, box.at, header));
        fragments.push_back(std::move(fragment));
        return {};
      });
    }
    if (box.type != "mdat") return {};
    const std::size_t begin = body_at(box), end = box.at + box.size;
    for (; awaiting < fragments.size(); ++awaiting) {
      for (const Mp4Sample& sample : fragments[awaiting].samples) {
        if (sample.offset < begin || sample.offset > end || sample.size > end - sample.offset) {
          return broken("mdat", box.at, "a sample at byte " + std::to_string(sample.offset) + " lies outside");
        }
      }
    }
    return {};
  }));
  if (fragments.empty()) return fail(Errc::invalid, "there is no moof box");
  if (awaiting < fragments.size()) return fail(Errc::invalid, "the last moof has no mdat");
  return fragments;
}

}  // namespace sluice::hls
