#include "header.hpp"

#include "base/random.hpp"
#include "hls/segment_rules.hpp"

namespace sluice::segmenter {
namespace {

constexpr std::uint32_t least_part_ms = 50, most_segment_ms = 60'000;

}  // namespace

hls::LedgerHeader new_header(const app::Settings& settings, const std::vector<media::Track>& tracks, std::int64_t epoch_ms, bool keyed) {
  hls::LedgerHeader header = hls::plan_lengths(settings.duration("segment"), settings.duration("part"), tracks);
  header.stream = StreamId(settings.text("stream").empty() ? random_token(system_random(), 100)
                                                           : settings.text("stream"));
  header.channel = settings.text("channel");
  header.epoch_ms = epoch_ms;
  header.anywhere = !keyed;
  header.format = settings.text("format") == "ts" ? hls::Format::ts : hls::Format::cmaf;
  return header;
}

Result<> check_header(const app::Settings& settings) {
  const milliseconds segment = settings.duration("segment"), part = settings.duration("part");
  if (part.count() < least_part_ms || part > segment || segment.count() > most_segment_ms)
    return fail(Errc::usage, "--part must be at least 50ms and no longer than --segment, and that at most 60s");
  const std::string line = hls::format_record(new_header(settings, {}, 0, true));
  if (!hls::parse_record(std::string_view(line).substr(0, line.size() - 1)))
    return fail(Errc::usage, "--stream must be of a-z and 0-9, --channel of letters, digits and _");
  return {};
}

}  // namespace sluice::segmenter
