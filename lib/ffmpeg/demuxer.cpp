#include "ffmpeg/demuxer.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <ranges>
#include <utility>
#include <vector>

#include "ffmpeg/av.hpp"
#include "media/byte_stream.hpp"
#include "pipe/container_times.hpp"

namespace sluice::ffmpeg {

namespace {
using media::Codec;
using media::Kind;
constexpr int io_size = 64 * 1024;
constexpr int most_bad_packets = 1000;  // in a row, before the input is given up
constexpr std::size_t most_undated = 16;  // as many pictures as H.264 and HEVC reorder

enum class Form { as_is, start_codes, short_lengths, adts };

struct Lane {  // one stream of the container that feeds one track
  std::size_t track = 0;
  AVRational time_base{1, 1};
  Form form = Form::as_is;
  unsigned length_size = 4;
  pipe::ContainerTimes times;
  std::vector<AvPacket> undated;  // its first pictures, until one has a decode time
  bool dated = false;
};

ByteView view(const AVPacket& packet) {
  return {reinterpret_cast<const std::byte*>(packet.data), static_cast<std::size_t>(packet.size)};
}
}  // namespace

struct Demuxer::Impl {
  pipe::Read read;
  Result<> read_error;
  AvInput input;
  AVIOContext* io = nullptr;
  std::vector<media::Track> tracks;
  pipe::Metadata metadata;
  std::vector<std::optional<Lane>> lanes;  // by stream
  std::deque<media::Packet> held;          // read, and not asked for yet
  std::atomic<std::uint64_t> damaged{0};   // read by other threads
  bool ended = false;

  ~Impl() {
    input.reset();
    if (io) av_freep(&io->buffer);
    avio_context_free(&io);
  }
  static int read_io(void* self, std::uint8_t* out, int size) {
    auto& impl = *static_cast<Impl*>(self);
    auto got = impl.read({reinterpret_cast<std::byte*>(out), static_cast<std::size_t>(size)});
    if (!got) {
      impl.read_error = std::unexpected(got.error());
      return AVERROR(EIO);
    }
    return *got ? static_cast<int>(*got) : AVERROR_EOF;
  }

  Result<> open(pipe::ReadLimits limits);
  Result<AvPacket> read_packet();  // null at the end
  Result<> make_tracks();
  void learn(Lane& lane, media::Track& track, ByteView first);
  void take(AvPacket packet);  // into held
  void date(Lane& lane, std::int64_t next_dts);
  void end();
  std::optional<media::Packet> convert(AvPacket packet);
  void hold(AvPacket packet);
  void retime(Lane& lane, const AVPacket& from, media::Packet& to);
};

Result<> Demuxer::Impl::open(pipe::ReadLimits limits) {
  quiet();
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(io_size));
  io = avio_alloc_context(buffer, io_size, 0, this, read_io, nullptr, nullptr);
  AVFormatContext* context = avformat_alloc_context();
  if (!io || !context) return fail(Errc::internal, "allocate demuxer");
  io->seekable = 0;
  context->pb = io;
  context->flags |= AVFMT_FLAG_CUSTOM_IO;
  context->probesize = static_cast<std::int64_t>(std::max<std::size_t>(limits.probe_bytes, 32));
  context->max_analyze_duration = std::max<std::int64_t>(limits.probe_time.count(), 1);
  context->format_probesize = static_cast<int>(std::max<std::size_t>(limits.probe_bytes, 2048));
  const int opened = avformat_open_input(&context, nullptr, nullptr, nullptr);  // frees the context when it fails
  if (!read_error) return read_error;
  if (opened < 0) return fail_av(opened, "recognise the container");
  input.reset(context);
  const int found = avformat_find_stream_info(context, nullptr);
  if (!read_error) return read_error;
  if (found < 0) return fail_av(found, "make out the tracks");
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(context->metadata, "", entry, AV_DICT_IGNORE_SUFFIX))) metadata[entry->key] = entry->value;
  return make_tracks();
}

Result<> Demuxer::Impl::make_tracks() {
  unsigned videos = 0, audios = 0;
  for (unsigned i = 0; i < input->nb_streams; ++i) {
    AVStream& stream = *input->streams[i];
    const AVCodecParameters& params = *stream.codecpar;
    const auto codec = codec_of(params.codec_id);
    auto& lane = lanes.emplace_back();
    if (!codec || stream.disposition & AV_DISPOSITION_ATTACHED_PIC) {
      stream.discard = AVDISCARD_ALL;
      continue;
    }
    media::Track track;
    track.codec = *codec;
    track.bitrate = static_cast<std::uint32_t>(std::clamp<std::int64_t>(params.bit_rate, 0, 0xffff'ffff));
    const auto* extra = reinterpret_cast<const std::byte*>(params.extradata);
    if (params.extradata_size > 0) track.config.assign(extra, extra + params.extradata_size);
    if (track.kind() == Kind::video) {
      track.rendition = videos++ ? "source" + std::to_string(videos) : "source";
      track.width = static_cast<std::uint32_t>(params.width);
      track.height = static_cast<std::uint32_t>(params.height);
      const AVRational rate = stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
      if (rate.num > 0 && rate.den > 0) track.frame_rate = {rate.num, rate.den};
    } else {
      track.rendition = audios++ ? "audio" + std::to_string(audios) : "audio";
      track.sample_rate = static_cast<std::uint32_t>(params.sample_rate);
      track.channels = static_cast<std::uint32_t>(params.ch_layout.nb_channels);
      if (params.sample_rate <= 0 && track.codec != Codec::aac) {  // AAC tells it in each ADTS header
        stream.discard = AVDISCARD_ALL;
        --audios;
        continue;
      }
      track.timescale = track.sample_rate;
    }
    if (const auto* name = av_dict_get(stream.metadata, "rendition", nullptr, 0)) track.rendition = name->value;
    if (const auto* tag = av_dict_get(stream.metadata, "language", nullptr, 0); tag && std::string_view(tag->value) != "und")
      track.language = tag->value;
    lane = Lane{.track = tracks.size(), .time_base = stream.time_base};
    tracks.push_back(std::move(track));
  }
  if (tracks.empty()) return fail(Errc::invalid, "no track of a codec that can be taken");

  // A configuration may stand in the first packets only: read on until each track that needs one has it.
  std::vector<bool> known(tracks.size());
  std::deque<AvPacket> early;
  for (int packets = 0; packets < 500 && !std::ranges::all_of(known, std::identity{}); ++packets) {
    for (auto& lane : lanes) {
      if (!lane || known[lane->track] || tracks[lane->track].config.empty()) continue;
      learn(*lane, tracks[lane->track], {});
      known[lane->track] = true;
    }
    if (std::ranges::all_of(known, std::identity{})) break;
    SLUICE_TRY_VALUE(AvPacket packet, read_packet());
    if (!packet) break;
    auto& lane = lanes[static_cast<std::size_t>(packet->stream_index)];
    if (lane && !known[lane->track]) {
      learn(*lane, tracks[lane->track], view(*packet));
      const Codec codec = tracks[lane->track].codec;
      const bool needed = codec == Codec::h264 || codec == Codec::hevc || codec == Codec::aac;
      known[lane->track] = !needed || !tracks[lane->track].config.empty();
    }
    early.push_back(std::move(packet));
  }
  for (const media::Track& track : tracks)
    if (track.timescale == 0) return fail(Errc::invalid, "an audio track without a sample rate");
  for (auto& packet : early) take(std::move(packet));
  return {};
}

void Demuxer::Impl::learn(Lane& lane, media::Track& track, ByteView first) {
  if (track.codec == Codec::h264 || track.codec == Codec::hevc) {
    const ByteView source = track.config.empty() ? first : ByteView(track.config);
    if (media::has_start_code(source)) {
      lane.form = Form::start_codes;
      track.config = media::decoder_configuration(track.codec, media::nal_units(source));
    } else if (!track.config.empty()) {
      const std::size_t at = track.codec == Codec::h264 ? 4 : 21;
      if (track.config.size() <= at) return;
      lane.length_size = (static_cast<unsigned>(track.config[at]) & 3) + 1;
      if (lane.length_size != 4) lane.form = Form::short_lengths;
      track.config[at] |= std::byte{3};
    }
  } else if (track.codec == Codec::aac && track.config.empty()) {
    if (const auto frame = media::adts(first)) {
      lane.form = Form::adts;
      track.config = frame->config;
      if (track.sample_rate == 0) {
        track.timescale = track.sample_rate = frame->sample_rate;
        track.channels = frame->channels;
      }
    }
  }
}

Result<AvPacket> Demuxer::Impl::read_packet() {
  for (int bad = 0; bad < most_bad_packets;) {
    AvPacket packet(av_packet_alloc());
    if (!packet) return fail(Errc::internal, "allocate packet");
    const int got = av_read_frame(input.get(), packet.get());
    if (!read_error) return std::unexpected(read_error.error());
    if (got == AVERROR_EOF) return AvPacket{};
    if (got == AVERROR(EAGAIN)) continue;
    if (got < 0) {
      if (io->eof_reached) return AvPacket{};
      ++bad;
      ++damaged;
      continue;
    }
    if (packet->flags & AV_PKT_FLAG_CORRUPT && io->eof_reached) {
      ++damaged;  // torn by the end of the input
      continue;
    }
    // A stream that appears later than the header is left out: the pipe's tracks are fixed.
    const auto stream = static_cast<std::size_t>(packet->stream_index);
    if (stream < lanes.size() && lanes[stream] && packet->size > 0) return packet;
  }
  return fail(Errc::invalid, "read packets: " + std::to_string(most_bad_packets) + " damaged ones in a row");
}

void Demuxer::Impl::retime(Lane& lane, const AVPacket& from, media::Packet& to) {
  const media::Track& track = tracks[lane.track];
  const auto ticks = [&](std::int64_t value) {
    return media::rescale(value * lane.time_base.num, lane.time_base.den, track.timescale);
  };
  const auto told = [&](std::int64_t value) { return value == AV_NOPTS_VALUE ? std::nullopt : std::optional(ticks(value)); };
  to.duration = from.duration > 0 ? ticks(from.duration) : 0;
  if (lane.times.set(to, track, told(from.dts), told(from.pts), ticks(1))) ++damaged;
}

// Containers that tell when a picture is shown, as NUT, leave it open when the first ones are decoded where others are shown before them.
void Demuxer::Impl::take(AvPacket packet) {
  Lane& lane = *lanes[static_cast<std::size_t>(packet->stream_index)];
  const bool video = tracks[lane.track].kind() == Kind::video;
  if (video && !lane.dated && packet->dts == AV_NOPTS_VALUE && lane.undated.size() < most_undated) {
    lane.undated.push_back(std::move(packet));
    return;
  }
  if (!lane.dated) date(lane, packet->dts);
  hold(std::move(packet));
}

// Those that wait are decoded one after another up to then.
void Demuxer::Impl::date(Lane& lane, std::int64_t next_dts) {
  lane.dated = true;
  if (next_dts != AV_NOPTS_VALUE)
    for (auto& packet : lane.undated | std::views::reverse) packet->dts = next_dts -= std::max<std::int64_t>(packet->duration, 1);
  for (auto& packet : std::exchange(lane.undated, {})) hold(std::move(packet));
}

// None of what waits will be told more of.
void Demuxer::Impl::end() {
  for (auto& lane : lanes)
    if (lane && !lane->dated) date(*lane, AV_NOPTS_VALUE);
}

void Demuxer::Impl::hold(AvPacket packet) {
  if (auto made = convert(std::move(packet))) held.push_back(std::move(*made));
}

std::optional<media::Packet> Demuxer::Impl::convert(AvPacket from) {
  Lane& lane = *lanes[static_cast<std::size_t>(from->stream_index)];
  const media::Track& track = tracks[lane.track];
  media::Packet packet;
  packet.track = lane.track;
  packet.key = from->flags & AV_PKT_FLAG_KEY || track.kind() == Kind::audio;
  packet.data = view(*from);
  const auto rewrite = [&](const std::vector<ByteView>& units) {
    auto bytes = std::make_shared<const Bytes>(media::length_prefixed(track.codec, units, track.config));
    packet.data = *bytes;
    packet.owner = std::move(bytes);
  };
  switch (lane.form) {
    case Form::as_is: break;
    case Form::start_codes: rewrite(media::nal_units(packet.data)); break;
    case Form::short_lengths: rewrite(media::prefixed_units(packet.data, lane.length_size)); break;
    case Form::adts:
      if (const auto frame = media::adts(packet.data); frame && frame->size <= packet.data.size())
        packet.data = packet.data.subspan(frame->header, frame->size - frame->header);
      else packet.data = {};
  }
  if (packet.data.empty()) {
    ++damaged;
    return std::nullopt;
  }
  retime(lane, *from, packet);
  if (!packet.owner) packet.owner = std::shared_ptr<AVPacket>(from.release(), [](AVPacket* p) { av_packet_free(&p); });
  return packet;
}

Demuxer::Demuxer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Demuxer::~Demuxer() = default;

Result<std::unique_ptr<pipe::Container>> Demuxer::open(pipe::Read read, pipe::ReadLimits limits) {
  auto impl = std::make_unique<Impl>();
  impl->read = std::move(read);
  SLUICE_TRY(impl->open(limits));
  return std::unique_ptr<pipe::Container>(new Demuxer(std::move(impl)));
}

const std::vector<media::Track>& Demuxer::tracks() const { return impl_->tracks; }
const pipe::Metadata& Demuxer::metadata() const { return impl_->metadata; }
std::uint64_t Demuxer::damaged() const { return impl_->damaged; }

Result<std::optional<media::Packet>> Demuxer::next() {
  Impl& impl = *impl_;
  while (impl.held.empty() && !impl.ended) {
    SLUICE_TRY_VALUE(AvPacket packet, impl.read_packet());
    impl.ended = !packet;
    if (packet) impl.take(std::move(packet));
    else impl.end();
  }
  if (impl.held.empty()) return std::nullopt;
  media::Packet packet = std::move(impl.held.front());
  impl.held.pop_front();
  return packet;
}

}  // namespace sluice::ffmpeg
