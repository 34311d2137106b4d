#include "../segmenter/containers.hpp"
#include "ffmpeg/demuxer.hpp"
#include "ts_parts.hpp"

namespace sluice::segmenter {

Containers with_libav() {
  return {.open = ffmpeg::Demuxer::open,
          .ts_parts = [](const std::vector<media::Track>& tracks) -> Result<std::function<Result<Bytes>(const hls::WritePart&)>> {
            SLUICE_TRY_VALUE(TsParts parts, TsParts::open(tracks));
            return [parts = std::make_shared<TsParts>(std::move(parts))](const hls::WritePart& part) { return parts->encode(part); };
          },
          .become_other = {}};
}

}  // namespace sluice::segmenter
