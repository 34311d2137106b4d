#include "renditions.hpp"

#include <string_view>
#include <utility>

#include "log/log.hpp"
#include "metrics/metrics.hpp"

namespace sluice::ingestd {

namespace {
constexpr const char* shed_series = "sluice_ingest_rendition_shed";
}  // namespace

Renditions::~Renditions() {
  for (const auto& [name, shed] : shed_) metrics::remove_gauge(shed_series, {{"channel", channel_}, {"rendition", name}});
}

void Renditions::look(const std::vector<hls::Rendition>& renditions) {
  for (const hls::Rendition& rendition : renditions) {
    const std::string& name = rendition.record.name;
    const auto [known, fresh] = shed_.try_emplace(name, false);
    if (!fresh && known->second == rendition.shed) continue;
    if (known->second != rendition.shed)
      log::warn(rendition.shed ? "rendition shed" : "rendition back",
                {{"channel", channel_}, {"stream", stream_}, {"rendition", name}});
    known->second = rendition.shed;
    metrics::gauge(shed_series, "Whether a live stream's rendition is shed because the machine cannot keep up",
                   {{"channel", channel_}, {"rendition", name}})
        .Set(rendition.shed ? 1 : 0);
  }
}

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
