#pragma once
// A stream, told to programs and to people.
#include <nlohmann/json_fwd.hpp>

#include <string>

#include "media/publisher_track.hpp"

namespace sluice::ingestd {

class Stream;

// "360p30 (video track 1)": by its rendition, as the ledger has it, and by what its publisher calls it.
std::string name_of(const media::PublisherTrack& track);

nlohmann::ordered_json describe(const Stream& stream);
// Appends lines. Nothing in them needs escaping in JSON.
void summarise(const Stream& stream, nlohmann::ordered_json& lines);

}  // namespace sluice::ingestd
