#include "orders.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "app/values.hpp"
#include "base/text.hpp"
#include "media/ladder.hpp"
#include "options.hpp"
#include "os/file.hpp"

namespace sluice::transcode {

namespace {
constexpr std::array<std::string_view, 10> ordered{"ladder", "source", "segment", "shed", "shed-lag", "shed-quiet", "preset", "lookahead", "audio-rate", "cores"};

const app::Option& option_named(std::string_view name) {
  const auto& all = program().commands.front().options;
  return *std::ranges::find(all, name, &app::Option::name);
}

bool is_plain(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == ',' || c == ':' || c == '_' || c == '-';
  });
}

Result<> check(std::string_view name, const std::string& value) {
  const std::string about = fmt::format("an order's --{}", name);
  if (!is_plain(value)) return fail(Errc::invalid, about + " holds what no option of ours does");
  if (const auto fits = app::check_value(option_named(name), value); !fits) return fail(Errc::invalid, about + ": " + fits.error().what);
  if (name == "ladder") {
    if (const auto ladder = media::parse_ladder(value); !ladder) return fail(Errc::invalid, about + ": " + ladder.error().what);
  }
  return {};
}

std::string path_of(const std::string& ledger, std::string_view name) { return fmt::format("{}/{}", ledger, name); }

// Numbers, with a '-' for one that is not known.
bool is_note(std::string_view text) {
  constexpr std::size_t longest = 100;
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == ' ' || c == '-'; });
}
}  // namespace

relay::Words order_of(const app::Settings& settings) {
  relay::Words order;
  for (const std::string_view name : ordered) order.emplace(name, settings.text(name));
  if (order["cores"] == "0") order.erase("cores");  // as many as a worker has for a job
  return order;
}

Result<std::string> options_of_order(const relay::Words& order, unsigned cores) {
  std::string line;
  bool has_cores = false;
  for (const auto& [name, value] : order) {
    if (name == word_supervised) continue;
    if (name == word_mark) {
      if (!is_note(value)) return fail(Errc::invalid, "an order's mark holds more than numbers");
      continue;
    }
    if (std::ranges::find(ordered, name) == ordered.end())
      return fail(Errc::invalid, fmt::format("an order with a word that is not known: {}", name), "run the same release on all machines");
    SLUICE_TRY(check(name, value));
    has_cores = has_cores || name == "cores";
    line += fmt::format(" --{} '{}'", name, value);
  }
  if (!has_cores) line += fmt::format(" --cores {}", cores);
  return line;
}

std::string read_note(const std::string& ledger, std::string_view name) {
  if (ledger.empty()) return {};
  const auto content = os::read_file(path_of(ledger, name));
  if (!content) return {};
  const std::string_view line = trim(std::string_view(*content).substr(0, content->find('\n')));
  return is_note(line) ? std::string(line) : "";
}

Result<> write_note(const std::string& ledger, std::string_view name, const std::string& note) {
  if (is_note(note)) return os::write_file_atomically(path_of(ledger, name), note + "\n");
  ::unlink(path_of(ledger, name).c_str());
  return {};
}

}  // namespace sluice::transcode
