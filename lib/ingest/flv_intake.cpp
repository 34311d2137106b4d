#include "ingest/flv_intake.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "log/log.hpp"
#include "media/byte_stream.hpp"
#include "media/codec_config.hpp"
#include "media/frame_rate.hpp"
#include "media/nal_unit.hpp"
#include "media/vp9_frame.hpp"

namespace sluice::ingest {

using media::Codec;
using media::Kind;
using rtmp::flv::PacketType;

namespace {

bool takes_config(Codec codec) {
  return codec != Codec::mp3 && codec != Codec::ac3 && codec != Codec::eac3;
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

double number(const rtmp::amf::Value& value, std::string_view name) {
  const rtmp::amf::Value* found = value.find(name);
  const double read = found == nullptr ? 0 : found->number();
  return std::isfinite(read) && read > 0 && read < 1e9 ? read : 0;
}

// kbit/s, as onMetaData has them; some encoders write bits, which no stream has a thousand times of.
double rate(const rtmp::amf::Value& value, std::string_view name, double most_kbits) {
  const double kbits = number(value, name);
  return kbits <= most_kbits ? kbits : 0;
}
constexpr double most_video_kbits = 400'000, most_audio_kbits = 20'000;

// A language tag (RFC 5646), as far as a playlist takes it.
std::string language(const rtmp::amf::Value& value) {
  const rtmp::amf::Value* found = value.find("language");
  const std::string_view tag = found == nullptr ? std::string_view() : found->text();
  const bool plain = std::ranges::all_of(tag, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; });
  return plain && tag.size() >= 2 && tag.size() <= 35 && tag != "und" ? std::string(tag) : "";
}

// Tracks beyond the default one, by their ids ("audioTrackIdInfoMap", "videoTrackIdInfoMap").
template <class Each>
void for_each_track(const rtmp::amf::Value& value, std::string_view map, Each each) {
  const rtmp::amf::Value* found = value.find(map);
  const rtmp::amf::Members* members = found == nullptr ? nullptr : found->members();
  if (members == nullptr) return;
  for (const auto& [name, about] : *members)
    if (const auto id = parse_number<std::uint8_t>(name)) each(*id, about);
}

}  // namespace

void FlvIntake::metadata(const rtmp::amf::Value& value) {
  told_.clear();
  Told& video = told_[{Kind::video, 0}];
  video = {.frame_rate = number(value, "framerate"),
           .video_kbits = rate(value, "videodatarate", most_video_kbits),
           .width = number(value, "width"),
           .height = number(value, "height")};
  Told& audio = told_[{Kind::audio, 0}];
  audio = {.audio_kbits = rate(value, "audiodatarate", most_audio_kbits),
           .audio_rate = number(value, "audiosamplerate"),
           .channels = number(value, "audiochannels"),
           .language = language(value)};
  std::set<std::uint8_t> videos, audios;
  if (value.find("videocodecid") != nullptr || video.width > 0) videos.insert(0);
  if (value.find("audiocodecid") != nullptr || audio.audio_rate > 0) audios.insert(0);
  // Each has an entry of its own for what differs from the default track; of what it does not tell we know nothing.
  for_each_track(value, "videoTrackIdInfoMap", [&](std::uint8_t id, const rtmp::amf::Value& about) {
    videos.insert(id);
    if (id == 0) return;
    told_[{Kind::video, id}] = {.frame_rate = number(about, "framerate"),
                                .video_kbits = rate(about, "videodatarate", most_video_kbits),
                                .width = number(about, "width"),
                                .height = number(about, "height")};
  });
  for_each_track(value, "audioTrackIdInfoMap", [&](std::uint8_t id, const rtmp::amf::Value& about) {
    audios.insert(id);
    Told& own = told_[{Kind::audio, id}];
    if (const std::string tag = language(about); !tag.empty()) own.language = tag;
    if (id == 0) return;
    own.audio_kbits = rate(about, "audiodatarate", most_audio_kbits);
    own.audio_rate = std::max(number(about, "samplerate"), number(about, "audiosamplerate"));
    own.channels = std::max(number(about, "channels"), number(about, "audiochannels"));
  });
  if (!videos.empty() || !audios.empty())
    intake_.announce(static_cast<unsigned>(videos.size()), static_cast<unsigned>(audios.size()));
}

FlvIntake::Told FlvIntake::told(Kind kind, std::uint8_t id) const {
  const auto found = told_.find({kind, id});
  return found == told_.end() ? Told{} : found->second;
}

Result<> FlvIntake::media(const rtmp::MediaMessage& message, Steady now) {
  packets_.clear();
  const auto parsed = message.kind == Kind::video ? rtmp::flv::parse_video(message.payload.bytes, packets_)
                                                  : rtmp::flv::parse_audio(message.payload.bytes, packets_);
  Result<> first_error = parsed;
  for (const rtmp::flv::Packet& packet : packets_) {
    auto taken = take(packet, message, now);
    if (!taken && first_error) first_error = std::move(taken);  // of one track: the others go on
  }
  return first_error;
}

Result<> FlvIntake::take(const rtmp::flv::Packet& packet, const rtmp::MediaMessage& message, Steady now) {
  if (packet.type == PacketType::sequence_end) {
    intake_.leave(packet.kind, packet.track);
    return {};
  }
  if (!packet.codec) {
    ++passed_over_;
    return {};
  }
  Lane& lane = lanes_[{packet.kind, packet.track}];
  if (packet.type == PacketType::sequence_start) {
    SLUICE_TRY(configure(lane, packet));
    hand_in(lane, packet.track);
  } else if (packet.type == PacketType::frames) {
    lane.left_out ? static_cast<void>(++passed_over_) : offer(lane, packet, message, now);
  }
  return {};
}

Result<> FlvIntake::configure(Lane& lane, const rtmp::flv::Packet& packet) {
  media::Track track;
  const Told about = told(packet.kind, packet.track);
  track.codec = *packet.codec;
  track.config.assign(packet.data.begin(), packet.data.end());
  if (packet.kind == Kind::video) {
    track.width = static_cast<std::uint32_t>(about.width);
    track.height = static_cast<std::uint32_t>(about.height);
    track.bitrate = static_cast<std::uint32_t>(about.video_kbits * 1000);
    if (track.codec == Codec::vp9 && lane.configured && lane.track.codec == Codec::vp9) {
      track.width = lane.track.width;  // the keyframe that follows tells another
      track.height = lane.track.height;
    }
    if (track.codec == Codec::h264 || track.codec == Codec::hevc) {
      SLUICE_TRY_VALUE(lane.length_size, media::nal_length_size(track));
      if (lane.length_size != 4) announce_four_byte_lengths(track);
    }
  } else {
    track.sample_rate = static_cast<std::uint32_t>(about.audio_rate);
    track.channels = about.channels > 0 ? static_cast<std::uint32_t>(about.channels) : 2;
    track.bitrate = static_cast<std::uint32_t>(about.audio_kbits * 1000);
    track.language = about.language;
  }
  SLUICE_TRY(media::describe(track));
  // What the streamer set is truer than a VUI that encoders fill at will.
  if (packet.kind == Kind::video && about.frame_rate > 0) track.frame_rate = media::told_frame_rate(about.frame_rate);
  lane.track = std::move(track);
  return {};
}

void FlvIntake::hand_in(Lane& lane, std::uint8_t id) {
  lane.configured = intake_.configure(lane.track, id);
  if (!lane.configured && !lane.left_out)
    log::warn("more tracks than are taken: one is left out", {{"kind", lane.track.kind() == Kind::video ? "video" : "audio"}, {"id", id}});
  lane.left_out = !lane.configured;
}

// VP9 tells the size of its picture in each keyframe, and nowhere else.
void FlvIntake::resize(Lane& lane, const rtmp::flv::Packet& packet) {
  const auto size = media::read_vp9_keyframe(packet.data);
  if (!size || (size->width == lane.track.width && size->height == lane.track.height)) return;
  lane.track.width = size->width;
  lane.track.height = size->height;
  hand_in(lane, packet.track);
}

// Some encoders tell of another size of their picture in no sequence header, only where all decoders of byte streams look: by parameter
// sets before a keyframe. False: that was all, there is no picture in the message.
bool FlvIntake::take_sets(Lane& lane, const media::Offered& offered) {
  using Found = media::InBandSets::Found;
  constexpr std::size_t most_units = 256;
  const Codec codec = lane.track.codec;
  if (lane.sets.config() != lane.track.config) lane.sets.configured(codec, lane.track.config);
  bool picture = false;
  const bool read = media::units_before_picture(codec, offered.data, most_units, units_, picture);
  const auto is_set = [codec](ByteView unit) { return media::nal::is_parameter_set(codec, media::nal::type_of(codec, unit)); };
  const bool alone = read && !picture && std::ranges::any_of(units_, is_set);
  // Where a message is nothing but sets, they are those of the keyframe behind it; another PPS alone can be any picture's.
  const bool sequence = alone && std::ranges::any_of(units_, [codec](ByteView unit) { return media::nal::is_sps(codec, media::nal::type_of(codec, unit)); });
  const Found found = read ? lane.sets.take(codec, units_, offered.key || sequence) : Found::broken;
  if (found == Found::configuration) {
    lane.track.config = lane.sets.config();
    static_cast<void>(media::describe(lane.track));  // they were read before
    if (const double fps = told(Kind::video, offered.id).frame_rate; fps > 0) lane.track.frame_rate = media::told_frame_rate(fps);
    hand_in(lane, offered.id);
  } else if (found != Found::nothing_new && !lane.told_of_sets) {
    lane.told_of_sets = true;
    log::warn(found == Found::broken ? "parameter sets among the pictures cannot be read, or are too many or too large: those in force stay"
                                     : "parameter sets among the pictures change too often: those in force stay, until there is a pause",
              {{"id", offered.id}});
  }
  return !alone || !lane.sets.repeats();
}

void FlvIntake::offer(Lane& lane, const rtmp::flv::Packet& packet, const rtmp::MediaMessage& message, Steady now) {
  if (!takes_config(*packet.codec) && !lane.configured) {
    rtmp::flv::Packet bare = packet;  // its first frame tells all there is
    bare.data = {};
    if (configure(lane, bare)) hand_in(lane, packet.track);
  }
  if (packet.codec == Codec::vp9 && packet.key && lane.configured) resize(lane, packet);
  media::Offered offered{.kind = packet.kind,
                         .raw = message.timestamp,
                         .composition = packet.composition_offset,
                         .key = packet.key,
                         .owner = message.payload.owner,
                         .data = packet.data,
                         .id = packet.track,
                         .nanoseconds = packet.nanoseconds};
  const bool units = packet.codec == Codec::h264 || packet.codec == Codec::hevc;
  if (units && lane.length_size != 4) {
    auto bytes = std::make_shared<const Bytes>(with_four_byte_lengths(packet.data, lane.length_size));
    offered.data = *bytes;
    offered.owner = std::move(bytes);
  }
  if (units && lane.configured && lane.track.codec == *packet.codec && !take_sets(lane, offered)) return;
  intake_.offer(std::move(offered), now);
}

}  // namespace sluice::ingest
