#pragma once
// What a new ledger says of itself, from the options.
#include <vector>

#include "app/options.hpp"
#include "base/result.hpp"
#include "hls/ledger_records.hpp"
#include "media/track.hpp"

namespace sluice::segmenter {

// `keyed`: a segment begins with a keyframe, whatever comes.
hls::LedgerHeader new_header(const app::Settings& settings, const std::vector<media::Track>& tracks, std::int64_t epoch_ms, bool keyed);

// Errc::usage for what a header cannot say: to be asked before anything is made or read.
Result<> check_header(const app::Settings& settings);

}  // namespace sluice::segmenter
