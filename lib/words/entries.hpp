#pragma once
// Entries of the store's word lists as people write them (sluice-automod(5)), and whose list is whose to
// change: the same at a shell, in chat and by the control socket. A list of the store has no categories.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/word_lists.hpp"

namespace sluice::words {

// Of a list's text, one entry a line, each one that automod takes. Errc::invalid names the line or the entry.
Result<std::vector<store::WordEntry>> read_entries(std::string_view text);
// Of a text that is one entry's line.
Result<store::WordEntry> read_entry(std::string_view line);
// To drop them: an entry that automod does not take, or no longer, is read as well.
Result<std::vector<store::WordEntry>> read_entries_to_drop(std::string_view text);
// The entry of `there` that is meant: the one that is written so, else the phrase that reads the same. As it
// is typed where there is none.
Result<store::WordEntry> read_entry_to_drop(std::string_view line,
                                            const std::vector<store::WordEntry>& there);
// Those whose text has `part` in it, as it reads: without case, accents, disguises of letters.
Result<std::vector<store::WordEntry>> with_part(std::vector<store::WordEntry> entries, std::string_view part);
// So that read_entries() reads it again.
std::string line_of(const store::WordEntry& entry);

// A shared list is its owner's to change, whoever uses it; of no user: of who runs a program at the machine's
// own shell. Errc::not_found, Errc::denied.
Result<store::WordList> list_to_change(store::WordLists& lists, std::string_view name,
                                       const store::Actor& actor);

}  // namespace sluice::words
