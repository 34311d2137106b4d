#pragma once
// Rows of word lists, for the lists (sqlite_word_lists.cpp) and for who subscribes to them
// (sqlite_word_subscriptions.cpp).
#include <string>
#include <string_view>
#include <vector>

#include "store/channels.hpp"
#include "store/sqlite_core.hpp"
#include "store/word_lists.hpp"

namespace sluice::store {

// Of lists l that were not removed, joined with their owners u; `rest` begins with AND, ORDER or nothing.
std::string select_word_lists(std::string_view rest);
inline constexpr std::string_view and_shared = "AND substr(l.name, 1, 1) <> '#'";  // no channel's own terms
WordList word_list_of(sqlite::Statement& row);
WordEntry word_entry_at(sqlite::Statement& row, int column);  // of kind, text and action

Result<WordList> word_list_by_id(sqlite::Database& db, WordListId id);
Result<WordList> word_list_by_name(sqlite::Database& db, std::string_view typed);
std::string name_of_terms(const Channel& channel);  // of the list that a channel's own terms are
Result<std::vector<WordEntry>> word_entries_of(sqlite::Database& db, WordListId id);  // by kind and text

// The number of this change: above that of any change of any list or subscription before.
Result<std::int64_t> next_word_version(Change& change);

}  // namespace sluice::store
