#pragma once
// Inside lib/nodes: a message as the nodes' JSON has it, and back, checked.
#include <nlohmann/json.hpp>

#include "nodes/wire.hpp"

namespace sluice::nodes {

void append_message(std::string& out, const Said& said);
// With its channel, without that one's name.
Result<Said> read_message(const nlohmann::json& object, ChannelId channel);

void append_whisper(std::string& out, const chat::Whisper& whisper);
Result<chat::Whisper> read_whisper(const nlohmann::json& object);

// What a member is read by. Errc::invalid: "<member> is missing or malformed".
std::unexpected<Error> wrong(std::string_view member);
Result<std::uint64_t> number_of(const nlohmann::json& value, const char* name, std::uint64_t least);
Result<std::uint64_t> number_at(const nlohmann::json& object, const char* name, std::uint64_t least);

constexpr std::size_t name_limit = 200;         // bytes of a name, of an id, of a nonce
bool is_origin(std::string_view text);          // 1–64 of a–z and 0–9
constexpr std::uint64_t greatest = 1ULL << 53;  // number of any kind: JSON's readers have no greater ones

}  // namespace sluice::nodes
