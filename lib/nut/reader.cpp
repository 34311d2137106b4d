#include "nut/reader.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "nut/format.hpp"

namespace sluice::nut {

namespace {
constexpr std::uint64_t largest_frame = 64u << 20;
constexpr std::uint64_t largest_header = 1u << 20;
constexpr std::size_t most_tracks = 64;

std::unexpected<Error> malformed(const char* what) { return fail(Errc::invalid, std::string("media pipe: ") + what); }

// A packet with a start code: its whole size, and its payload once all of it is there.
struct Framed {
  bool whole = false;
  std::size_t size = 0;
  ByteView payload;
};

Result<Framed> framed(ByteView bytes) {
  ByteReader in(bytes);
  in.skip(8);
  const std::uint64_t forward = get_v(in);
  const std::size_t summed = in.position();
  if (forward > 4096) in.skip(4);
  if (in.failed()) {
    if (bytes.size() >= 32) return malformed("a header's length makes no sense");
    return Framed{};
  }
  if (forward < 4 || forward > largest_header) return malformed("a header's length makes no sense");
  if (forward > 4096 && ByteReader(bytes.subspan(summed)).be32() != checksum(bytes.first(summed))) {
    return malformed("a header's first checksum is wrong");
  }
  const std::size_t size = in.position() + forward;
  if (bytes.size() < size) return Framed{};
  const ByteView payload = bytes.subspan(in.position(), forward - 4);
  if (ByteReader(bytes.subspan(size - 4)).be32() != checksum(payload)) return malformed("a header's checksum is wrong");
  return Framed{true, size, payload};
}

// The frame codes of the main header must be the ones nut::Writer writes.
bool our_frame_codes(ByteReader& in) {
  const std::uint32_t flags[] = {frame_flags, frame_flags | flag_key, frame_flags | flag_checksum,
                                 frame_flags | flag_checksum | flag_key, flag_invalid};
  for (std::uint32_t want : flags) {
    const bool invalid = want == flag_invalid;
    if (get_v(in) != want || get_v(in) != 6 || get_s(in) != 0 || get_v(in) != 1 || get_v(in) != 0 || get_v(in) != 0 ||
        get_v(in) != (invalid ? 0 : reserved_fields) || get_v(in) != (invalid ? 251 : 1)) {
      return false;
    }
  }
  return !in.failed();
}

struct MainHeader {
  std::uint64_t tracks = 0;
  std::vector<std::uint32_t> timescales;
};

std::optional<MainHeader> parse_main(ByteReader& in) {
  MainHeader main;
  const std::uint64_t version = get_v(in);
  main.tracks = get_v(in);
  get_v(in);  // max_distance
  const std::uint64_t bases = get_v(in);
  if (version != 3 || main.tracks == 0 || main.tracks > most_tracks || bases == 0 || bases > most_tracks) return std::nullopt;
  for (std::uint64_t i = 0; i < bases; ++i) {
    const std::uint64_t num = get_v(in), den = get_v(in);
    if (num != 1 || den == 0 || den > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    main.timescales.push_back(static_cast<std::uint32_t>(den));
  }
  if (!our_frame_codes(in)) return std::nullopt;
  return main;
}
}  // namespace

Form recognise(ByteView begin) {
  const std::size_t id = std::min(begin.size(), file_id.size());
  if (as_text(begin.first(id)) != file_id.substr(0, id)) return Form::foreign;
  if (begin.size() < file_id.size() + 8) return Form::undecided;
  const ByteView rest = begin.subspan(file_id.size());
  if (ByteReader(rest).be64() != main_startcode) return Form::foreign;
  const auto packet = framed(rest);
  if (!packet) return Form::foreign;
  if (!packet->whole) return begin.size() < 4096 ? Form::undecided : Form::foreign;
  ByteReader in(packet->payload);
  return parse_main(in) ? Form::ours : Form::foreign;
}

Result<bool> Reader::header() {
  while (!ready_) {
    SLUICE_TRY_VALUE(const bool moved, header_packet());
    if (!moved) return false;
  }
  return true;
}

Result<bool> Reader::header_packet() {
  ByteView bytes = input_.unread();
  if (!begun_) {
    if (bytes.size() < file_id.size()) return false;
    if (as_text(bytes.first(file_id.size())) != file_id) return malformed("does not begin as NUT does");
    input_.skip(file_id.size());
    begun_ = true;
    bytes = input_.unread();
  }
  if (bytes.size() < 8) return false;
  const std::uint64_t startcode = ByteReader(bytes).be64();
  if (startcode == syncpoint_startcode) {
    if (tracks_.empty() || described_ < tracks_.size()) return malformed("a track has no header");
    ready_ = true;
    return true;
  }
  SLUICE_TRY_VALUE(const Framed packet, framed(bytes));
  if (!packet.whole) return false;
  const ByteReader payload(packet.payload);
  if (startcode == main_startcode) {
    SLUICE_TRY(main_header(payload));
  } else if (startcode == stream_startcode) {
    SLUICE_TRY(stream_header(payload));
  } else if (startcode == info_startcode) {
    SLUICE_TRY_VALUE(auto change, info_packet(payload));
    if (change && !change->track) info_ = std::move(change->info);
    else if (change) {
      media::Track& track = tracks_[*change->track];
      track.rendition = change->info["rendition"];
      track.language = change->info["language"];
      track.alone = change->info["sluice_alone"] == "1";
      track.bitrate = parse_number<std::uint32_t>(change->info["sluice_bitrate"]).value_or(0);
      const auto rate = split(change->info["r_frame_rate"], '/');
      if (rate.size() == 2) {
        const auto num = parse_number<std::int64_t>(rate[0]), den = parse_number<std::int64_t>(rate[1]);
        if (num && den && *num > 0 && *den > 0) track.frame_rate = {*num, *den};
      }
    }
  } else {
    return malformed("an unknown header");
  }
  input_.skip(packet.size);
  return true;
}

Result<> Reader::main_header(ByteReader in) {
  if (!tracks_.empty()) return malformed("a second main header");
  auto main = parse_main(in);
  if (!main) return malformed("the main header is not the pipe's");
  timescales_ = std::move(main->timescales);
  tracks_.resize(main->tracks);
  return {};
}

Result<> Reader::stream_header(ByteReader in) {
  if (get_v(in) != described_ || described_ >= tracks_.size()) return malformed("stream headers are out of order");
  media::Track track;
  const std::uint64_t stream_class = get_v(in);
  const auto codec = codec_of(as_text(get_vb(in)));
  const std::uint64_t base = get_v(in);
  for (int skipped = 0; skipped < 4; ++skipped) get_v(in);  // pts shift and distance, decode delay, flags
  const ByteView config = get_vb(in);
  if (!codec || base >= timescales_.size()) return malformed("a stream header names no codec or time base of ours");
  track.codec = *codec;
  track.timescale = timescales_[base];
  track.config.assign(config.begin(), config.end());
  if (stream_class != (track.kind() == media::Kind::video ? 0u : 1u)) return malformed("a codec in the wrong class");
  const std::uint64_t first = get_v(in), second = get_v(in), third = get_v(in);
  if (std::max({first, second, third}) > std::numeric_limits<std::uint32_t>::max()) return malformed("a stream header's size");
  if (track.kind() == media::Kind::video) {
    track.width = static_cast<std::uint32_t>(first);
    track.height = static_cast<std::uint32_t>(second);
  } else {
    track.sample_rate = static_cast<std::uint32_t>(first);
    track.channels = static_cast<std::uint32_t>(third);
  }
  if (in.failed()) return malformed("a stream header is cut short");
  tracks_[described_++] = std::move(track);
  return {};
}

Result<std::optional<InfoChange>> Reader::info_packet(ByteReader in) {
  InfoChange change;
  const std::uint64_t stream = get_v(in);
  if (stream > described_) return malformed("information about an unknown track");
  if (stream) change.track = stream - 1;
  for (int skipped = 0; skipped < 3; ++skipped) get_v(in);  // chapter
  const std::uint64_t count = get_v(in);
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    std::string key(as_text(get_vb(in)));
    if (get_s(in) != -1) return std::nullopt;  // not text: none of ours
    change.info.insert_or_assign(std::move(key), std::string(as_text(get_vb(in))));
  }
  if (in.failed()) return malformed("information is cut short");
  return change;
}

Result<std::optional<Event>> Reader::next() {
  SLUICE_TRY_VALUE(const bool ready, header());
  if (!ready) return std::nullopt;
  for (;;) {
    const ByteView bytes = input_.unread();
    if (bytes.empty()) return std::nullopt;
    if (bytes[0] == std::byte{'N'}) {
      if (bytes.size() < 8) return std::nullopt;
      const std::uint64_t startcode = ByteReader(bytes).be64();
      SLUICE_TRY_VALUE(const Framed packet, framed(bytes));
      if (!packet.whole) return std::nullopt;
      input_.skip(packet.size);
      if (startcode == info_startcode) {
        SLUICE_TRY_VALUE(auto change, info_packet(ByteReader(packet.payload)));
        if (change) return Event(std::move(*change));
      } else if (startcode != syncpoint_startcode) {
        return malformed("an unknown header among the frames");
      }
      continue;
    }

    ByteReader in(bytes);
    const std::uint8_t code = in.u8();
    if (code > code_checked_key) return malformed("an unknown frame code");
    const std::uint64_t track = get_v(in);
    const std::uint64_t coded_pts = get_v(in);
    const std::uint64_t size = get_v(in);
    const std::uint64_t reorder = get_v(in);
    const std::uint64_t duration = get_v(in);
    const std::size_t summed = in.position();
    if (in.failed() && bytes.size() < 64) return std::nullopt;
    if (in.failed() || track >= tracks_.size() || coded_pts < (1u << msb_pts_shift) || size > largest_frame) {
      return malformed("a frame header makes no sense");
    }
    if (code & code_checked_frame) {
      if (in.remaining() < 4) return std::nullopt;
      if (in.be32() != checksum(bytes.first(summed))) return malformed("a frame header's checksum is wrong");
    }
    if (in.remaining() < size) {
      input_.space(size - in.remaining());
      return std::nullopt;
    }
    media::Packet packet;
    packet.track = track;
    packet.pts = static_cast<std::int64_t>(coded_pts - (1u << msb_pts_shift));
    packet.dts = packet.pts - static_cast<std::int64_t>(reorder);
    packet.duration = static_cast<std::int64_t>(duration);
    packet.key = code & code_key;
    packet.data = in.take(size);
    packet.owner = input_.owner();
    input_.skip(in.position());
    return Event(std::move(packet));
  }
}

}  // namespace sluice::nut
