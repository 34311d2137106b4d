#include "renditions.hpp"

#include <string_view>
#include <utility>

#include "log/log.hpp"
#include "metrics/metrics.hpp"

namespace sluice::ingestd {

namespace {
constexpr const char* shed_series = "sluice_ingest_rendition_shed";
constexpr std::string_view live = "live", shed = "shed", gone = "gone";
}  // namespace

Renditions::~Renditions() {
  for (const auto& [name, state] : states_) metrics::remove_gauge(shed_series, {{"channel", channel_}, {"rendition", name}});
}

void Renditions::look(const std::vector<hls::Rendition>& renditions) {
  for (const hls::Rendition& rendition : renditions) {
    const std::string& name = rendition.record.name;
    const std::string_view state = rendition_state(rendition);
    const auto [known, fresh] = states_.try_emplace(name, live);
    if (!fresh && known->second == state) continue;
    if (known->second != state) tell(state, name);
    known->second = state;
    metrics::gauge(shed_series, "Whether a live stream's rendition is shed: the machine cannot keep up, or what a publisher sends of it cannot be used",
                   {{"channel", channel_}, {"rendition", name}})
        .Set(state == shed ? 1 : 0);
  }
}

void Renditions::tell(std::string_view state, const std::string& name) const {
  const log::Fields where{{"channel", channel_}, {"stream", stream_}, {"rendition", name}};
  if (state == gone) return log::info("rendition gone: nothing feeds it any more", where);
  log::warn(state == shed ? "rendition shed" : "rendition back", where);
}

std::string_view rendition_state(const hls::Rendition& rendition) { return rendition.gone ? gone : rendition.shed ? shed : live; }

std::vector<media::Track> pictures_of(const std::vector<hls::Rendition>& renditions) {
  using media::Codec;
  constexpr std::pair<std::string_view, Codec> codecs[] = {{"hvc1", Codec::hevc}, {"av01", Codec::av1}, {"vp09", Codec::vp9}};
  std::vector<media::Track> pictures;
  for (const hls::Rendition& rendition : renditions) {
    const hls::RenditionRecord& record = rendition.record;
    if (record.kind != media::Kind::video) continue;
    media::Track track{.rendition = record.name, .width = record.width, .height = record.height, .frame_rate = record.frame_rate};
    for (const auto& [prefix, codec] : codecs)
      if (record.codecs.starts_with(prefix)) track.codec = codec;
    if (record.name == "source") return {std::move(track)};
    pictures.push_back(std::move(track));
  }
  return pictures;
}

std::uint64_t bitrate_of(const hls::Rendition& rendition) {
  return rendition.record.bitrate > 0 ? rendition.record.bitrate : measured_bitrate(rendition);
}

std::uint64_t measured_bitrate(const hls::Rendition& rendition) {
  if (rendition.segments.empty()) return 0;
  const hls::Segment& latest = rendition.segments.back();
  const auto ticks = static_cast<std::uint64_t>(latest.duration());
  return ticks == 0 ? 0 : latest.bytes() * 8 * rendition.record.timescale / ticks;
}

}  // namespace sluice::ingestd
