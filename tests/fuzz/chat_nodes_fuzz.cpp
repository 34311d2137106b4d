// rooms: nodes
// What another node tells: taken apart without a crash, fit to be shown, and the same when it is told again.
#include <cstdint>
#include <cstdlib>

#include "nodes/wire.hpp"

using namespace sluice;
using namespace sluice::nodes;

namespace {
std::string again(const Telling& told) {
  if (const auto* said = std::get_if<Said>(&told)) {
    for (const std::string* text : {&said->message->text, &said->message->author.login, &said->message->id})
      if (text->empty() || text->find_first_of("\r\n") != std::string::npos) std::abort();
    return encode(*said, said->message->channel);
  }
  if (const auto* heads = std::get_if<Heads>(&told)) return encode(*heads);
  if (const auto* want = std::get_if<Want>(&told)) return encode(*want);
  if (const auto* lines = std::get_if<Lines>(&told)) return encode(*lines);
  if (const auto* canary = std::get_if<Canary>(&told)) return encode(*canary);
  if (const auto* whispered = std::get_if<Whispered>(&told)) {
    const chat::Whisper& whisper = whispered->whisper;
    for (const std::string* text : {&whisper.text, &whisper.from.login, &whisper.to.login, &whisper.id})
      if (text->empty() || text->find_first_of("\r\n") != std::string::npos) std::abort();
    return encode(*whispered);
  }
  if (const auto* bye = std::get_if<Bye>(&told)) return encode(*bye);
  return {};
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto told = decode({reinterpret_cast<const char*>(data), size});
  if (!told) return 0;
  const std::string text = again(*told);
  if (text.empty()) return 0;
  const auto same = decode(text);
  if (!same || same->index() != told->index() || again(*same) != text) std::abort();
  return 0;
}
