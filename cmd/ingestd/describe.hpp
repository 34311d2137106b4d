#pragma once
// A stream, told to programs and to people.
#include <nlohmann/json_fwd.hpp>

namespace sluice::ingestd {

class Stream;

nlohmann::ordered_json describe(const Stream& stream);
// Appends lines. Nothing in them needs escaping in JSON.
void summarise(const Stream& stream, nlohmann::ordered_json& lines);

}  // namespace sluice::ingestd
