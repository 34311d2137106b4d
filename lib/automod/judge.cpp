#include "automod/judge.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "automod/spam.hpp"
#include "base/utf8.hpp"

namespace sluice::automod {

namespace {
constexpr std::size_t most_rooms = 1000;
constexpr std::size_t most_defined = 100'000;      // entries of a definition
constexpr std::size_t most_names = 200'000;        // definitions: chatd gives one to each room that has words
constexpr std::size_t most_patterns = 1000;        // of a definition
constexpr std::size_t most_pattern_size = 10'000;  // instructions: at worst some 50 ms for a message
constexpr int blocks_from = 3;
}  // namespace

std::string_view name(Reason reason) {
  constexpr std::array<std::string_view, 10> names{"none",     "exempt",     "phrase", "pattern", "toxicity",
                                                   "capitals", "repetition", "links",  "command", "deadline"};
  return names[static_cast<std::size_t>(reason)];
}

double threshold(int level) {
  constexpr std::array<double, highest_level + 1> thresholds{0.9, 0.8, 0.7, 0.6, 0.5};
  return thresholds[static_cast<std::size_t>(std::clamp(level, 0, highest_level))];
}

Judge::Judge(Folder folder, Lists lists, Classifier* classifier, Policy policy)
    : folder_(std::move(folder)),
      lists_(std::move(lists)),
      classifier_(classifier),
      policy_(std::move(policy)) {}

void Judge::swap_lists(Lists lists) {
  lists_ = std::move(lists);
}

Judge::Defined Judge::define(Definition definition) {
  const std::size_t given = definition.entries.size() + definition.refused;
  const bool known = begun_.contains(definition.name) || defined_.contains(definition.name);
  if (!known && (given > 0 || definition.more) && begun_.size() + defined_.size() >= most_names)
    return {0, std::max<std::size_t>(given, 1),
            fmt::format(
                "{} names are defined already, and no more may be: define one that is not needed any more "
                "without words",
                most_names)};
  Begun& begun = begun_[definition.name];
  const auto refuse = [&](std::size_t count, const std::string& why) {
    if (count > 0 && begun.told.refused == 0) begun.told.why = why;
    begun.told.refused += count;
  };
  refuse(definition.refused, definition.why);
  for (Entry& entry : definition.entries)
    if (const auto taken = take(begun, std::move(entry)); !taken) refuse(1, taken.error().what);
  begun.told.entries = begun.entries.size();
  if (definition.more) return begun.told;
  auto lists = Lists::compile(folder_, begun.entries);
  // Patterns that are too large together, by memory: those of shared lists go first; phrases hold.
  for (const bool shared : {true, false}) {
    if (lists) break;
    refuse(std::erase_if(begun.entries,
                         [&](const Entry& entry) { return entry.pattern && (!shared || entry.list != 0); }),
           lists.error().what);
    begun.told.entries = begun.entries.size();
    lists = Lists::compile(folder_, begun.entries);
  }
  Defined told = std::move(begun.told);
  begun_.erase(definition.name);
  if (!lists) return {0, told.entries + told.refused, lists.error().what};  // what it had goes on
  if (told.entries + told.refused == 0) {  // where all were refused there is a definition: of nothing
    defined_.erase(definition.name);
  } else {
    defined_.insert_or_assign(definition.name, *std::move(lists));
  }
  return told;
}

Result<> Judge::take(Begun& begun, Entry entry) {
  if (begun.entries.size() >= most_defined)
    return fail(Errc::invalid, "a definition has 100000 entries at most");
  if (entry.pattern && ++begun.patterns > most_patterns)
    return fail(Errc::invalid, fmt::format("a definition has {} patterns at most", most_patterns));
  SLUICE_TRY_VALUE(const Lists alone, Lists::compile(folder_, {entry}));
  if (begun.pattern_size + alone.pattern_size() > most_pattern_size)
    return fail(Errc::invalid,
                "'" + legible(entry.phrase) + "': the patterns of the definition are too large together");
  begun.pattern_size += alone.pattern_size();
  begun.entries.push_back(std::move(entry));
  return {};
}

Result<const Lists*> Judge::room_lists(const Message& message) {
  if (!message.words_name.empty()) {
    const auto defined = defined_.find(message.words_name);
    if (defined == defined_.end())
      return fail(Errc::invalid, "no words are defined as '" + legible(message.words_name) + "'");
    return &defined->second;
  }
  if (message.words_json.empty()) return nullptr;
  if (const auto known = rooms_.find(message.words_json); known != rooms_.end()) return &known->second;
  SLUICE_TRY_VALUE(Lists compiled, Lists::compile(folder_, message.words));
  if (rooms_.size() >= most_rooms) rooms_.clear();
  return &rooms_.insert_or_assign(message.words_json, std::move(compiled)).first->second;
}

void Judge::ask_lists(const Lists* room, const Folded& folded, std::vector<Finding>& out) {
  std::vector<Lists::Found> found;
  lists_.find(folded, words_, found);
  const std::size_t servers = found.size();
  if (room) room->find(folded, words_, found);
  for (std::size_t i = servers; i < found.size(); ++i) found[i].of_room = true;
  take_back(found);
  for (const Lists::Found& hit : found)
    out.push_back({hit.entry->action,
                   hit.entry->category,
                   hit.entry->pattern ? Reason::pattern : Reason::phrase,
                   0,
                   {folded.origin(hit.where)},
                   hit.entry->phrase});
}

void Judge::ask_classifier(const Subject& subject, int level, Judgement& out) {
  const Opinion opinion = classifier_->opinion(subject);
  if (opinion.verdict) {
    const std::string category = opinion.scores.empty() ? "" : opinion.scores.front().category;
    if (*opinion.verdict != Action::allow || opinion.late)
      out.findings.push_back({*opinion.verdict, category, opinion.late ? Reason::deadline : Reason::command,
                              0, opinion.where, std::string(opinion.why)});
    return;
  }
  if (opinion.scores.empty()) return;
  const auto highest = std::ranges::max_element(opinion.scores, {}, &Opinion::Score::score);
  out.score = highest->score;
  if (highest->score < threshold(level)) return;
  out.findings.push_back({level >= blocks_from ? Action::block : Action::hold, highest->category,
                          Reason::toxicity, highest->score, opinion.where,
                          fmt::format("{:.2f} >= {:.1f}", highest->score, threshold(level))});
}

void Judge::ask_spam(const Folded& folded, int level, std::vector<Finding>& out) const {
  const Action verdict = level >= blocks_from ? Action::block : Action::hold;
  if (const auto share = too_many_capitals(folded.original))
    out.push_back({verdict, "spam", Reason::capitals, 0, {}, fmt::format("{:.2f} capitals", *share)});
  if (const auto what = repetition(folded, words_))
    out.push_back({verdict, "spam", Reason::repetition, 0, {}, *what});
  if (const auto found = links(folded, policy_.permitted_domains); !found.empty()) {
    Finding finding{verdict, "spam", Reason::links, 0, {}, found.front().domain};
    for (const Link& link : found) finding.where.push_back(folded.origin(link.where));
    out.push_back(std::move(finding));
  }
}

Result<Judgement> Judge::judge(const Message& message, std::string_view line) {
  Judgement out;
  out.level = message.level.value_or(policy_.level);
  for (const std::string& role : message.roles)
    if (std::ranges::find(policy_.exempt, role) != policy_.exempt.end()) {
      out.decisive.reason = Reason::exempt;
      out.decisive.detail = role;
      return out;
    }
  SLUICE_TRY_VALUE(const Lists* room, room_lists(message));
  const Folded folded = folder_.fold(message.text);
  cut_words(folded.text, words_);
  out.folded = to_utf8(folded.text);

  std::vector<Finding> listed;
  ask_lists(room, folded, listed);
  const auto holding = std::ranges::find(listed, Action::hold, &Finding::verdict);
  out.findings.assign(listed.begin(), holding);  // sorted: these block
  if (out.findings.empty()) {
    if (classifier_) ask_classifier({message, line, folded, words_}, out.level, out);
    out.findings.insert(out.findings.end(), listed.begin(), listed.end());
    ask_spam(folded, out.level, out.findings);
  }
  if (out.findings.empty()) return out;
  const auto sternest =
      std::ranges::max_element(out.findings, {}, &Finding::verdict);  // the first of alike ones
  out.decisive = *sternest;
  if (out.decisive.reason == Reason::phrase || out.decisive.reason == Reason::pattern)
    for (const Finding& other : out.findings)  // everything a list has found, as sternly, is to be shown
      if (&other != &*sternest && other.reason <= Reason::pattern && other.verdict == sternest->verdict)
        out.decisive.where.insert(out.decisive.where.end(), other.where.begin(), other.where.end());
  return out;
}

}  // namespace sluice::automod
