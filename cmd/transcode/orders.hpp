#pragma once
// Orders: how a filter that dispatches tells a worker what to do, in the words of the program's own options, and how a worker makes a
// command line of them. A worker takes the options of the table that change the renditions, each checked by the table; nothing else.
#include <string>

#include "app/options.hpp"
#include "relay/words.hpp"

namespace sluice::transcode {

inline constexpr std::string_view word_supervised = "fed";  // 1: ingestd starts a next generation when this one ends early
inline constexpr std::string_view word_mark = "source-gop"; // the mark beside the ledger (media/source_mark.hpp); in orders and outcomes
inline constexpr std::string_view word_pause = "pause";     // outcome: where the source is left off to a next generation (source_plan.hpp)
inline constexpr std::string_view word_code = "code";       // outcome: exit code
inline constexpr std::string_view word_how = "how";         // outcome: in words, for the log
inline constexpr std::string_view word_handed_back = "handed-back";  // outcome: the worker stops

relay::Words order_of(const app::Settings& settings);

// "--ladder 'auto' --cores '2'…": the options of an order, quoted for a shell. `cores` stands in where the order leaves them open.
Result<std::string> options_of_order(const relay::Words& order, unsigned cores);

// What transcode leaves in the ledger's folder: the mark, and where it left off. The file of that name, if there is one that makes sense.
std::string read_note(const std::string& ledger, std::string_view name);
Result<> write_note(const std::string& ledger, std::string_view name, const std::string& note);  // none, or one that makes no sense: removes it

}  // namespace sluice::transcode
