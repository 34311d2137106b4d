#include "flv/file.hpp"

#include <atomic>

#include "base/shared_input.hpp"
#include "flv/head.hpp"
#include "media/audio_frames.hpp"
#include "media/byte_stream.hpp"
#include "pipe/container_times.hpp"

namespace sluice::flv {

namespace {

constexpr std::size_t longest_found = 4u << 20;  // of a tag behind damage
constexpr std::size_t longest_head = 4096;  // a stream whose configurations come later is not plain

class File final : public pipe::Container {
 public:
  explicit File(pipe::Read read) : read_(std::move(read)) {}

  Result<> open() {
    Head head;
    for (;;) {
      const Head::State state = head.read(input_.unread());
      if (state == Head::State::whole) break;
      if (state == Head::State::not_plain || head.needed() > longest_head) return fail(Errc::invalid, "the FLV is none that begins with its configurations");
      SLUICE_TRY_VALUE(const bool more, fetch(head.needed()));
      if (!more) return fail(Errc::invalid, "the FLV ends before its first frame");
    }
    input_.skip(head.size());
    if (head.video()) add(*head.video(), video_);
    if (head.audio()) add(*head.audio(), audio_);
    return {};
  }

  const std::vector<media::Track>& tracks() const override { return tracks_; }
  const pipe::Metadata& metadata() const override { return metadata_; }
  std::uint64_t damaged() const override { return damaged_; }

  Result<std::optional<media::Packet>> next() override {
    for (;;) {
      std::size_t needed = 0;
      const auto tag = Tag::read(input_.unread(), needed);
      if (!tag) {
        SLUICE_TRY_VALUE(const bool whole, fetch(needed));
        if (whole) continue;
        if (!input_.unread().empty()) ++damaged_;  // torn by the end
        input_.skip(input_.unread().size());
        return std::nullopt;
      }
      if (!Tag::known(tag->type)) {
        ++damaged_;
        SLUICE_TRY(find_tag());
        continue;
      }
      auto packet = take(*tag);
      input_.skip(tag->size);
      if (packet) return packet;
    }
  }

 private:
  struct Side {
    std::size_t track = 0;
    unsigned length_size = 4;
    pipe::ContainerTimes times;
  };

  void add(const Lane& lane, std::optional<Side>& side) {
    side = Side{.track = tracks_.size(), .length_size = lane.length_size, .times = {}};
    tracks_.push_back(lane.track);
  }

  // That so many bytes are unread; false when the end comes before.
  Result<bool> fetch(std::size_t bytes) {
    while (input_.unread().size() < bytes) {
      const auto room = input_.space(bytes - input_.unread().size());
      SLUICE_TRY_VALUE(const std::size_t got, read_(room));
      if (got == 0) return false;
      input_.commit(got);
    }
    return true;
  }

  // Behind damage: to the next bytes that are a tag with its own size behind it, or to the end.
  Result<> find_tag() {
    for (;;) {
      input_.skip(1);
      SLUICE_TRY_VALUE(const bool header, fetch(Tag::header_size));
      if (!header) break;
      std::size_t needed = 0;
      const ByteView bytes = input_.unread();
      static_cast<void>(Tag::read(bytes, needed));
      if (!Tag::known(static_cast<std::uint8_t>(bytes[0])) || needed > longest_found) continue;
      SLUICE_TRY_VALUE(const bool whole, fetch(needed));
      if (whole && Tag::read(input_.unread(), needed)->sized) return {};
    }
    input_.skip(input_.unread().size());
    return {};
  }

  std::optional<media::Packet> take(const Tag& tag) {
    if (tag.type == static_cast<std::uint8_t>(TagType::script)) return std::nullopt;
    const bool video = tag.type == static_cast<std::uint8_t>(TagType::video);
    std::optional<Side>& side = video ? video_ : audio_;
    parsed_.clear();
    const auto parsed = video ? rtmp::flv::parse_video(tag.body, parsed_) : rtmp::flv::parse_audio(tag.body, parsed_);
    if (!parsed || parsed_.empty()) {
      ++damaged_;
      return std::nullopt;
    }
    const rtmp::flv::Packet& from = parsed_.front();
    if (from.type != rtmp::flv::PacketType::frames) return std::nullopt;  // a configuration that comes again, an end
    if (!side || from.track != 0 || from.codec != tracks_[side->track].codec || from.data.empty()) {
      ++damaged_;
      return std::nullopt;
    }
    const media::Track& track = tracks_[side->track];
    media::Packet packet{.track = side->track, .key = from.key, .owner = input_.owner(), .data = from.data};
    if (video && side->length_size != 4) {
      auto bytes = std::make_shared<const Bytes>(media::length_prefixed(track.codec, media::prefixed_units(from.data, side->length_size), track.config));
      packet.data = *bytes;
      packet.owner = std::move(bytes);
    }
    const auto ticks = [&](std::int64_t milliseconds) { return media::rescale(milliseconds, 1000, track.timescale); };
    const std::int64_t at = unwrapped(tag.milliseconds);
    // Whole milliseconds, as the file's times are.
    packet.duration = video ? ticks(1000 * track.frame_rate.den / track.frame_rate.num) : media::audio_frame_length(track, from.data);
    if (side->times.set(packet, track, ticks(at), ticks(at + (video ? from.composition_offset : 0)), ticks(1))) ++damaged_;
    return packet;
  }

  // 32 bits of milliseconds begin again after 49.7 days.
  std::int64_t unwrapped(std::uint32_t milliseconds) {
    const auto step = static_cast<std::int32_t>(milliseconds - static_cast<std::uint32_t>(last_ms_));
    const std::int64_t at = began_ ? last_ms_ + step : milliseconds;
    began_ = true;
    return last_ms_ = std::max<std::int64_t>(at, 0);
  }

  pipe::Read read_;
  SharedInput input_;
  std::vector<media::Track> tracks_;
  pipe::Metadata metadata_;
  std::optional<Side> video_, audio_;
  std::vector<rtmp::flv::Packet> parsed_;  // of one tag; kept for its memory
  std::int64_t last_ms_ = 0;
  bool began_ = false;
  std::atomic<std::uint64_t> damaged_{0};
};

}  // namespace

Form recognise(ByteView begin) {
  Head head;
  switch (head.read(begin)) {
    case Head::State::whole: return Form::plain;
    case Head::State::not_plain: return Form::other;
    case Head::State::incomplete: break;
  }
  return head.needed() > longest_head ? Form::other : Form::undecided;
}

Result<std::unique_ptr<pipe::Container>> open(pipe::Read read, pipe::ReadLimits) {
  auto file = std::make_unique<File>(std::move(read));
  SLUICE_TRY(file->open());
  return file;
}

}  // namespace sluice::flv
