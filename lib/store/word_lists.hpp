#pragma once
// Word lists, shared between channels: a list has entries, a channel subscribes to lists, and its rules are
// all entries of these.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/audit.hpp"

namespace sluice::store {

using WordListId = Id<struct WordListIdTag, std::int64_t>;

enum class WordKind { phrase, pattern };  // a pattern is an expression in AutoMod's syntax, which it checks
enum class WordAction { block, hold, allow };
std::string_view name(WordKind kind);
std::string_view name(WordAction action);

struct WordEntry {
  std::string text;  // 1–500 characters on one line
  WordKind kind = WordKind::phrase;
  WordAction action = WordAction::block;
  bool operator==(const WordEntry&) const = default;
};

struct WordList {
  WordListId id;
  std::string name;  // 1–50 of [a-z0-9_-], unique
  UserId owner;
  std::string owner_name;
  std::int64_t version = 0;  // of its newest change
  std::size_t entries = 0;
  Wall created_at;
};

// A list has one entry for a kind and text: what is put over it changes its action.
struct WordListPatch {
  std::vector<WordEntry> put;
  std::vector<WordEntry> drop;  // by kind and text; those that are not there are passed over
};

struct WordListChange {
  WordList list;
  std::size_t added = 0, changed = 0, dropped = 0;
};

struct WordRule {
  WordEntry entry;
  WordListId list;
  bool operator==(const WordRule&) const = default;
};

struct WordRules {
  std::int64_t version = 0;  // grows with every change of them; 0: there never were any
  std::vector<WordListId> lists;
  WordListId terms;             // the one of them that is the channel's own; 0: it has none
  std::vector<WordRule> rules;  // by list, kind and text
};

inline constexpr std::size_t most_word_entries = 20'000;  // in a list
inline constexpr std::size_t most_word_patterns = 200;    // of these
inline constexpr std::size_t most_word_lists = 20;        // of an owner

// Changes are audited as word_list.add, word_list.remove, word_list.change, word_list.subscribe,
// word_list.unsubscribe and terms.change, and all but the first emit word_list.update.
class WordLists {
 public:
  virtual ~WordLists() = default;
  // Errc::invalid for a bad name or an owner who has as many as there may be, Errc::exists when the name is
  // taken, Errc::not_found for the owner.
  virtual Result<WordList> add(std::string_view name, UserId owner, const Actor& actor) = 0;
  virtual Result<> remove(WordListId id, const Actor& actor) = 0;     // its name is free then
  virtual Result<WordList> by_name(std::string_view name) = 0;        // any capitals; Errc::not_found
  virtual Result<std::vector<WordList>> list() = 0;                   // by name
  virtual Result<std::vector<WordEntry>> entries(WordListId id) = 0;  // by kind and text
  // All of the patch or nothing. Errc::invalid for a bad entry or a list that would have too many.
  virtual Result<WordListChange> change(WordListId id, const WordListPatch& patch, const Actor& actor) = 0;

  // True when something changed.
  virtual Result<bool> subscribe(ChannelId channel, WordListId list, const Actor& actor) = 0;
  virtual Result<bool> unsubscribe(ChannelId channel, WordListId list, const Actor& actor) = 0;
  virtual Result<std::vector<WordList>> of_channel(ChannelId channel) = 0;  // by name
  // A channel's own terms: a list of the channel's, named '#' and the channel's name, which no name of a
  // shared list can be, and which by_name(), list() and of_channel() pass over. It is made, and holds in the
  // channel, with its first entry. Otherwise as change().
  virtual Result<WordListChange> change_terms(ChannelId channel, const WordListPatch& patch,
                                              const Actor& actor) = 0;
  virtual Result<std::vector<WordEntry>> terms(ChannelId channel) = 0;  // by kind and text
  virtual Result<WordRules> rules_for(ChannelId channel) = 0;           // none for an unknown channel
};

}  // namespace sluice::store
