#pragma once
// WordActs: what moderation asks of the platform about words: a channel's own terms, and the lists that
// channels share. Entries are written as in a list's file (sluice-automod(5)).
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "chat/automod_lines.hpp"
#include "chat/by.hpp"

namespace sluice::chat {

struct WordChange {
  ChannelId channel;
  By by;
  std::string list;   // a shared list's name; empty: the channel's own terms
  std::string entry;  // "hold custom darn", "/h+e+c+k/"
  bool drop = false;  // by its text, whatever it does
};

struct ChangedWords {
  std::size_t added = 0, changed = 0, dropped = 0;
  std::size_t entries = 0;  // that there are now
  bool judged = true;       // by AutoMod: else they have no effect
};

struct SharedList {
  std::string name, owner;
  std::size_t entries = 0;
  bool holds = false;  // in the channel
};

class WordActs {
 public:
  virtual ~WordActs() = default;
  // Of every call: Errc::unavailable, try again. Of those upon a list: Errc::not_found, there is none of that
  // name. Of those that change one: Errc::denied, it is somebody else's.

  // Errc::invalid: the entry is none that AutoMod takes, or one too many.
  virtual void change_words(WordChange change, std::function<void(Result<ChangedWords>)> answer) = 0;
  // Of a list as above; those that have `part` in them, as it reads.
  virtual void words(ChannelId channel, std::string list, std::string part,
                     std::function<void(Result<std::vector<RoomWord>>)> answer) = 0;
  // By name.
  virtual void word_lists(ChannelId channel, std::function<void(Result<std::vector<SharedList>>)> answer) = 0;
  // Of who asks. Errc::invalid for a bad name, Errc::exists for one that is taken.
  virtual void add_word_list(By by, std::string name, std::function<void(Result<>)> answer) = 0;
  virtual void remove_word_list(By by, std::string name, std::function<void(Result<>)> answer) = 0;
  // Whether it holds in the channel. false: it was so already.
  virtual void subscribe(ChannelId channel, By by, std::string list, bool holds,
                         std::function<void(Result<bool>)> answer) = 0;
};

}  // namespace sluice::chat
