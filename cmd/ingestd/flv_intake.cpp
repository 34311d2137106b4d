#include "flv_intake.hpp"

#include <cmath>

#include "media/byte_stream.hpp"
#include "media/codec_config.hpp"

namespace sluice::ingestd {

using media::Codec;
using media::Kind;
using rtmp::flv::PacketType;

namespace {

bool takes_config(Codec codec) {
  return codec != Codec::mp3 && codec != Codec::ac3 && codec != Codec::eac3;
}

// "29.97" as the fraction that is meant.
media::Rational frame_rate_of(double rate) {
  if (!(rate > 1 && rate < 1000)) return {0, 1};
  const double ntsc = rate * 1001 / 1000;
  if (std::abs(rate - std::round(rate)) > 0.005 && std::abs(ntsc - std::round(ntsc)) < 0.005)
    return {std::llround(ntsc) * 1000, 1001};
  return {std::llround(rate * 1000), 1000};
}

// NAL units behind 1- or 2-byte lengths, with the 4-byte ones that travel here.
Bytes with_four_byte_lengths(ByteView data, unsigned length_size) {
  Bytes out;
  ByteWriter writer(out);
  for (ByteView unit : media::prefixed_units(data, length_size)) writer.be32(unit.size()).bytes(unit);
  return out;
}

// Where avcC and hvcC keep lengthSizeMinusOne (ISO/IEC 14496-15 5.3.3.1, 8.3.3.1).
void announce_four_byte_lengths(media::Track& track) {
  const std::size_t at = track.codec == Codec::h264 ? 4 : 21;
  if (track.config.size() > at) track.config[at] |= std::byte{3};
}

}  // namespace

void FlvIntake::metadata(const rtmp::amf::Value& value) {
  auto number = [&](const char* name) {
    const rtmp::amf::Value* found = value.find(name);
    const double read = found == nullptr ? 0 : found->number();
    return std::isfinite(read) && read > 0 && read < 1e9 ? read : 0;
  };
  frame_rate_ = number("framerate");
  video_kbits_ = number("videodatarate");
  audio_kbits_ = number("audiodatarate");
  width_ = number("width");
  height_ = number("height");
  audio_rate_ = number("audiosamplerate");
  const bool video = value.find("videocodecid") != nullptr || width_ > 0;
  const bool audio = value.find("audiocodecid") != nullptr || audio_rate_ > 0;
  if (video || audio) intake_.announce(video, audio);
}

Result<> FlvIntake::media(const rtmp::MediaMessage& message, Steady now) {
  packets_.clear();
  const auto parsed = message.kind == Kind::video ? rtmp::flv::parse_video(message.payload.bytes, packets_)
                                                  : rtmp::flv::parse_audio(message.payload.bytes, packets_);
  for (const rtmp::flv::Packet& packet : packets_) {
    if (packet.track != 0 || !packet.codec) {
      ++passed_over_;
      continue;
    }
    if (packet.type == PacketType::sequence_start) {
      SLUICE_TRY(configure(packet));
    } else if (packet.type == PacketType::frames) {
      offer(packet, message, now);
    }
  }
  return parsed;
}

Result<> FlvIntake::configure(const rtmp::flv::Packet& packet) {
  media::Track track;
  track.codec = *packet.codec;
  track.config.assign(packet.data.begin(), packet.data.end());
  if (packet.kind == Kind::video) {
    track.width = static_cast<std::uint32_t>(width_);
    track.height = static_cast<std::uint32_t>(height_);
    track.bitrate = static_cast<std::uint32_t>(video_kbits_ * 1000);
    if (track.codec == Codec::h264 || track.codec == Codec::hevc) {
      SLUICE_TRY_VALUE(length_size_, media::nal_length_size(track));
      if (length_size_ != 4) announce_four_byte_lengths(track);
    }
  } else {
    track.sample_rate = static_cast<std::uint32_t>(audio_rate_);
    track.channels = 2;
    track.bitrate = static_cast<std::uint32_t>(audio_kbits_ * 1000);
  }
  SLUICE_TRY(media::describe(track));
  // What the streamer set is truer than a VUI that encoders fill at will.
  if (packet.kind == Kind::video && frame_rate_ > 0) track.frame_rate = frame_rate_of(frame_rate_);
  intake_.configure(std::move(track));
  return {};
}

void FlvIntake::offer(const rtmp::flv::Packet& packet, const rtmp::MediaMessage& message, Steady now) {
  if (!takes_config(*packet.codec) && !intake_.audio()) {
    rtmp::flv::Packet bare = packet;  // its first frame tells all there is
    bare.data = {};
    (void)configure(bare);
  }
  media::Offered offered{.kind = packet.kind,
                         .raw = message.timestamp,
                         .composition = packet.composition_offset,
                         .key = packet.key,
                         .owner = message.payload.owner,
                         .data = packet.data};
  const bool units = packet.codec == Codec::h264 || packet.codec == Codec::hevc;
  if (units && length_size_ != 4) {
    auto bytes = std::make_shared<const Bytes>(with_four_byte_lengths(packet.data, length_size_));
    offered.data = *bytes;
    offered.owner = std::move(bytes);
  }
  intake_.offer(std::move(offered), now);
}

}  // namespace sluice::ingestd
