#include "nut/writer.hpp"

#include <algorithm>

#include "nut/format.hpp"

namespace sluice::nut {

namespace {

constexpr unsigned longest_step = 64;  // seconds of pts between two frames of a track, without a checksum

void put_packet(Bytes& out, std::uint64_t startcode, const Bytes& payload) {
  const std::size_t begin = out.size();
  ByteWriter(out).be64(startcode);
  const std::uint64_t forward = payload.size() + 4;
  put_v(out, forward);
  if (forward > 4096) {
    const std::uint32_t sum = checksum(ByteView(out).subspan(begin));
    ByteWriter(out).be32(sum);
  }
  append(out, payload);
  ByteWriter(out).be32(checksum(payload));
}

void put_frame_code(Bytes& out, std::uint32_t flags, unsigned codes) {
  put_v(out, flags);
  put_v(out, 6);  // fields that follow
  put_s(out, 0);  // pts delta
  put_v(out, 1);  // size multiplier
  put_v(out, 0);  // stream
  put_v(out, 0);  // size
  put_v(out, flags == flag_invalid ? 0 : reserved_fields);
  put_v(out, codes);
}

Bytes info_payload(std::uint64_t stream_plus_1, const Info& info) {
  Bytes payload;
  put_v(payload, stream_plus_1);
  put_s(payload, 0);  // no chapter
  put_v(payload, 0);
  put_v(payload, 0);
  put_v(payload, info.size());
  for (const auto& [key, value] : info) {
    put_vb(payload, key);
    put_s(payload, -1);  // UTF-8
    put_vb(payload, value);
  }
  return payload;
}

Info describe(const media::Track& track) {
  Info info;
  if (!track.rendition.empty()) info["rendition"] = track.rendition;
  if (!track.language.empty()) info["language"] = track.language;
  if (track.alone) info["sluice_alone"] = "1";
  if (track.bitrate) info["sluice_bitrate"] = std::to_string(track.bitrate);
  if (track.kind() == media::Kind::video && track.frame_rate.num > 0) {
    info["r_frame_rate"] = std::to_string(track.frame_rate.num) + "/" + std::to_string(track.frame_rate.den);
  }
  return info;
}

}  // namespace

Writer::Writer(std::vector<media::Track> tracks, Info info, std::vector<unsigned> decode_delays)
    : tracks_(std::move(tracks)), info_(std::move(info)), decode_delays_(std::move(decode_delays)) {
  decode_delays_.resize(tracks_.size());
  sent_.resize(tracks_.size());
  for (const media::Track& track : tracks_) timescales_.push_back(track.timescale);
  std::ranges::sort(timescales_);
  timescales_.erase(std::ranges::unique(timescales_).begin(), timescales_.end());
}

void Writer::header(Bytes& out) {
  const std::size_t begin = out.size();
  append(out, as_bytes(file_id));

  Bytes main;
  put_v(main, 3);  // version
  put_v(main, tracks_.size());
  put_v(main, max_distance);
  put_v(main, timescales_.size());
  for (std::uint32_t timescale : timescales_) {
    put_v(main, 1);
    put_v(main, timescale);
  }
  put_frame_code(main, frame_flags, 1);
  put_frame_code(main, frame_flags | flag_key, 1);
  put_frame_code(main, frame_flags | flag_checksum, 1);
  put_frame_code(main, frame_flags | flag_checksum | flag_key, 1);
  put_frame_code(main, flag_invalid, 251);  // with 'N', which counts itself, 256
  put_v(main, 0);                           // no elision headers
  put_packet(out, main_startcode, main);

  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    const media::Track& track = tracks_[i];
    const bool video = track.kind() == media::Kind::video;
    Bytes stream;
    put_v(stream, i);
    put_v(stream, video ? 0 : 1);
    put_vb(stream, fourcc(track.codec));
    put_v(stream, static_cast<std::uint64_t>(std::ranges::lower_bound(timescales_, track.timescale) - timescales_.begin()));
    put_v(stream, msb_pts_shift);
    put_v(stream, std::uint64_t{longest_step} * track.timescale);  // a greater step of pts carries a checksum
    put_v(stream, decode_delays_[i]);
    put_v(stream, 0);  // flags: the frame rate may vary
    put_vb(stream, track.config);
    if (video) {
      put_v(stream, track.width);
      put_v(stream, track.height);
      put_v(stream, 1);  // square samples
      put_v(stream, 1);
      put_v(stream, 0);  // colour space unknown
    } else {
      put_v(stream, track.sample_rate);
      put_v(stream, 1);
      put_v(stream, track.channels);
    }
    put_packet(out, stream_startcode, stream);
  }
  if (!info_.empty()) put_packet(out, info_startcode, info_payload(0, info_));
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    if (const Info about = describe(tracks_[i]); !about.empty())
      put_packet(out, info_startcode, info_payload(i + 1, about));
  }
  written_ += out.size() - begin;
}

void Writer::syncpoint(Bytes& out, const media::Packet& packet, std::uint64_t at) {
  const std::uint32_t timescale = tracks_[packet.track].timescale;
  const auto base = static_cast<std::uint64_t>(std::ranges::lower_bound(timescales_, timescale) - timescales_.begin());
  std::uint64_t back = at;
  for (const Sent& sent : sent_) {
    if (sent.key_syncpoint) back = std::min(back, sent.key_syncpoint);
  }
  const std::int64_t key_pts = std::max<std::int64_t>(packet.pts, 0);
  Bytes payload;
  put_v(payload, static_cast<std::uint64_t>(key_pts) * timescales_.size() + base);
  put_v(payload, (at - back) / 16);
  put_packet(out, syncpoint_startcode, payload);
  for (std::size_t i = 0; i < sent_.size(); ++i) sent_[i].last_pts = media::rescale(key_pts, timescale, tracks_[i].timescale);
  last_syncpoint_ = at;
  any_syncpoint_ = true;
}

Result<> Writer::frame(Bytes& out, const media::Packet& packet) {
  if (packet.track >= sent_.size()) return fail(Errc::invalid, "write packet: no track " + std::to_string(packet.track));
  if (packet.pts < 0 || packet.dts > packet.pts) {
    return fail(Errc::invalid, "write packet: pts " + std::to_string(packet.pts) + ", dts " + std::to_string(packet.dts));
  }
  Sent& sent = sent_[packet.track];
  const std::size_t begin = out.size();
  // 32: more than a syncpoint and a frame header take
  if (!any_syncpoint_ || written_ + packet.data.size() + 32 > last_syncpoint_ + max_distance) syncpoint(out, packet, written_);

  const std::int64_t step = packet.pts > sent.last_pts ? packet.pts - sent.last_pts : sent.last_pts - packet.pts;
  const bool checked = packet.data.size() > 2 * max_distance || step > std::int64_t{longest_step / 2} * tracks_[packet.track].timescale;
  const std::size_t header = out.size();
  out.push_back(static_cast<std::byte>((checked ? code_checked_frame : code_frame) | (packet.key ? code_key : 0)));
  put_v(out, packet.track);
  put_v(out, static_cast<std::uint64_t>(packet.pts) + (1u << msb_pts_shift));  // the full time, not its low bits
  put_v(out, packet.data.size());
  put_v(out, static_cast<std::uint64_t>(packet.pts - packet.dts));
  put_v(out, static_cast<std::uint64_t>(std::max<std::int64_t>(packet.duration, 0)));
  if (checked) {
    const std::uint32_t sum = checksum(ByteView(out).subspan(header));
    ByteWriter(out).be32(sum);
  }

  sent.last_pts = packet.pts;
  if (packet.key) sent.key_syncpoint = last_syncpoint_;
  written_ += out.size() - begin + packet.data.size();
  return {};
}

void Writer::info(Bytes& out, std::size_t track, const Info& info) {
  const std::size_t begin = out.size();
  if (!any_syncpoint_) syncpoint(out, {}, written_);  // what stands before the first one is the header
  put_packet(out, info_startcode, info_payload(track == no_track ? 0 : track + 1, info));
  written_ += out.size() - begin;
}

}  // namespace sluice::nut
