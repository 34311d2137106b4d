#include "flv/head.hpp"

#include <algorithm>
#include <cmath>

#include "media/codec_config.hpp"
#include "media/frame_rate.hpp"
#include "rtmp/amf0.hpp"

namespace sluice::flv {

namespace {

constexpr std::size_t file_header_size = 9;
constexpr std::uint8_t has_audio_flag = 4, has_video_flag = 1;

// Nothing where it is more than a stream has: some encoders write bit/s for kbit/s.
double number(const rtmp::amf::Value& value, std::string_view name, double most) {
  const rtmp::amf::Value* found = value.find(name);
  const double read = found == nullptr ? 0 : found->number();
  return std::isfinite(read) && read > 0 && read <= most ? read : 0;
}
constexpr double most_frames = 1000, most_video_kbits = 400'000, most_audio_kbits = 20'000;

}  // namespace

std::optional<Tag> Tag::read(ByteView bytes, std::size_t& needed) {
  needed = header_size + trailer_size;
  if (bytes.size() < header_size) return std::nullopt;
  ByteReader in(bytes);
  Tag tag;
  tag.type = in.u8();
  const std::size_t body = in.be24();
  tag.milliseconds = in.be24();
  tag.milliseconds |= static_cast<std::uint32_t>(in.u8()) << 24;
  in.skip(3);
  needed = tag.size = header_size + body + trailer_size;
  if (bytes.size() < needed) return std::nullopt;
  tag.body = in.take(body);
  tag.sized = in.be32() == header_size + body;
  return tag;
}

bool Tag::known(std::uint8_t type) {
  return type == static_cast<std::uint8_t>(TagType::audio) || type == static_cast<std::uint8_t>(TagType::video) || type == static_cast<std::uint8_t>(TagType::script);
}

Head::State Head::read(ByteView bytes) {
  *this = {};
  needed_ = file_header_size + 4;
  if (bytes.size() < needed_) {
    const std::string_view begin = as_text(bytes.first(std::min<std::size_t>(bytes.size(), 3)));
    return begin == std::string_view("FLV").substr(0, begin.size()) ? State::incomplete : State::not_plain;
  }
  ByteReader in(bytes);
  if (as_text(in.take(3)) != "FLV" || in.u8() != 1) return State::not_plain;
  const std::uint8_t flags = in.u8();
  if (in.be32() != file_header_size) return State::not_plain;
  has_video_ = (flags & has_video_flag) != 0;
  has_audio_ = (flags & has_audio_flag) != 0;
  if (!has_video_ && !has_audio_) return State::not_plain;
  size_ = needed_;
  while (has_video_ != video_.has_value() || has_audio_ != audio_.has_value()) {
    std::size_t more = 0;
    const auto tag = Tag::read(bytes.subspan(size_), more);
    needed_ = size_ + more;
    if (!tag) return State::incomplete;
    if (!take(*tag)) return State::not_plain;
    size_ += tag->size;
  }
  // A rate that nobody tells must be measured.
  return !video_ || video_->track.frame_rate.num > 0 ? State::whole : State::not_plain;
}

bool Head::take(const Tag& tag) {
  if (!Tag::known(tag.type)) return false;
  if (tag.type == static_cast<std::uint8_t>(TagType::script)) {
    const auto values = rtmp::amf::read_amf0(tag.body);
    if (values && values->size() > 1 && values->front().text() == "onMetaData") describe((*values)[1]);
    return true;
  }
  std::vector<rtmp::flv::Packet> packets;
  const bool video = tag.type == static_cast<std::uint8_t>(TagType::video);
  const auto parsed = video ? rtmp::flv::parse_video(tag.body, packets) : rtmp::flv::parse_audio(tag.body, packets);
  if (!parsed || packets.size() != 1 || packets.front().track != 0) return false;
  if (packets.front().type == rtmp::flv::PacketType::metadata || packets.front().type == rtmp::flv::PacketType::channel_layout) return true;
  return packets.front().type == rtmp::flv::PacketType::sequence_start && configure(packets.front());
}

bool Head::configure(const rtmp::flv::Packet& packet) {
  using media::Codec;
  if (packet.codec != Codec::h264 && packet.codec != Codec::hevc && packet.codec != Codec::aac) return false;
  Lane lane;
  media::Track& track = lane.track;
  track.codec = *packet.codec;
  track.config.assign(packet.data.begin(), packet.data.end());
  if (packet.kind == media::Kind::video) {
    const auto length_size = media::nal_length_size(track);
    if (!length_size) return false;
    lane.length_size = *length_size;
    if (lane.length_size != 4) track.config[track.codec == Codec::h264 ? 4 : 21] |= std::byte{3};
    track.rendition = "source";
    track.bitrate = static_cast<std::uint32_t>(told_.video_kbits * 1000);
  } else {
    track.rendition = "audio";
    track.bitrate = static_cast<std::uint32_t>(told_.audio_kbits * 1000);
  }
  if (!media::describe(track)) return false;
  if (packet.kind == media::Kind::video) {
    if (told_.frame_rate > 0) track.frame_rate = media::told_frame_rate(told_.frame_rate);
    track.timescale = media::video_timescale;
  } else {
    if (track.sample_rate == 0) return false;
    track.timescale = track.sample_rate;
  }
  (packet.kind == media::Kind::video ? video_ : audio_) = std::move(lane);
  return true;
}

void Head::describe(const rtmp::amf::Value& metadata) {
  told_ = {.frame_rate = number(metadata, "framerate", most_frames), .video_kbits = number(metadata, "videodatarate", most_video_kbits), .audio_kbits = number(metadata, "audiodatarate", most_audio_kbits)};
}

}  // namespace sluice::flv
