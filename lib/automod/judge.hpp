#pragma once
// The judge: phrases that block, the classifier's score, phrases that hold, spam; the sternest counts, of
// alike ones the first.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "automod/classifier.hpp"
#include "automod/lists.hpp"

namespace sluice::automod {

enum class Reason { none, exempt, phrase, pattern, toxicity, capitals, repetition, links, command, deadline };
std::string_view name(Reason reason);

struct Policy {
  int level = 2;                               // 0 to 4
  std::vector<std::string> exempt;             // roles
  std::vector<std::string> permitted_domains;  // folded
};
double threshold(int level);

struct Finding {
  Action verdict = Action::allow;
  std::string category;
  Reason reason = Reason::none;
  double score = 0;
  std::vector<Span> where;  // in code points of the original
  std::string detail;       // the entry, the measure
};

struct Judgement {
  Finding decisive;  // of what is told first
  double score = 0;  // the classifier's highest
  int level = 0;
  std::vector<Finding> findings;
  std::string folded;
};

class Judge {
 public:
  // `classifier` may be null; it lives as long as the judge.
  Judge(Folder folder, Lists lists, Classifier* classifier, Policy policy);
  // The message of a line. Errc::invalid: an entry of its words can never match.
  Result<Judgement> judge(const Message& message, std::string_view line);
  void swap_lists(Lists lists);
  // What came of a definition; its line's counts are part of it.
  struct Defined {
    std::size_t entries = 0, refused = 0;  // of all its lines, when there are no more
    std::string why;                       // of the first that was refused
  };
  // From its last line on, messages that name it are compared with its entries instead of those it had.
  // Entries that can never match are left out, and patterns that are too large, alone or with those before
  // them. None at all: there is no such definition any more. A new name beyond 200,000 is refused.
  Defined define(Definition definition);
  Folder& folder() { return folder_; }

 private:
  struct Begun;
  Result<> take(Begun& begun, Entry entry);
  Result<const Lists*> room_lists(const Message& message);
  void ask_lists(const Lists* room, const Folded& folded, std::vector<Finding>& out);
  void ask_classifier(const Subject& subject, int level, Judgement& out);
  void ask_spam(const Folded& folded, int level, std::vector<Finding>& out) const;

  Folder folder_;
  Lists lists_;
  Classifier* classifier_;
  Policy policy_;
  Words words_;
  std::map<std::string, Lists, std::less<>> rooms_;  // by their words as they were sent
  std::map<std::string, Lists, std::less<>> defined_;
  struct Begun {
    std::vector<Entry> entries;
    std::size_t patterns = 0, pattern_size = 0;  // that were looked at; instructions of those that are kept
    Defined told;
  };
  std::map<std::string, Begun, std::less<>> begun_;  // definitions that go on
};

// The verdict's line, with its newline.
struct Telling {
  bool explain = false;
  std::optional<Action> was;
};
std::string render_defined(const Definition& definition, const Judge::Defined& defined);
std::string render_verdict(const Message& message, const Judgement& judgement, const Telling& telling);

}  // namespace sluice::automod
