// rooms: automod
// A stream of message lines, cut at a place that the input chooses: the same lines as uncut, and what is read
// of them is within its limits.
#include <cstdint>
#include <cstdlib>

#include "automod/lines.hpp"

using namespace sluice;
using namespace sluice::automod;

namespace {
std::string outcome(ByteView bytes, std::size_t cut) {
  Lines lines;
  std::string out;
  const auto take = [&](const Lines::Line& line) {
    if (line.too_long && !line.text.empty()) std::abort();
    if (line.text.size() > longest_line) std::abort();
    const auto input = parse_input(line.text);
    if (!input) {
      out += render_error(input.error(), 1);
      return;
    }
    if (const auto* defined = std::get_if<Definition>(&*input)) {
      if (defined->entries.size() + defined->refused > most_room_words) std::abort();
      if (defined->name.empty() || defined->name.size() > longest_definition_name) std::abort();
      out += defined->id_json + defined->name + "\n";
      return;
    }
    const auto* message = &std::get<Message>(*input);
    if (message->level.value_or(0) < 0 || message->level.value_or(0) > highest_level ||
        message->words.size() > most_room_words)
      std::abort();
    out += message->id_json + message->text + message->words_json + "\n";
  };
  lines.feed(bytes.first(cut));
  while (const auto line = lines.next()) take(*line);
  lines.feed(bytes.subspan(cut));
  while (const auto line = lines.next()) take(*line);
  if (const auto line = lines.last()) take(*line);
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteView input = std::as_bytes(std::span(data + 2, size - 2));
  const std::size_t cut = (data[0] << 8 | data[1]) % (input.size() + 1);
  if (outcome(input, cut) != outcome(input, 0)) std::abort();
  return 0;
}
