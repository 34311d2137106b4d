#include "automod/lists.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace sluice::automod {

Result<Lists> Lists::compile(Folder& folder, std::vector<Entry> entries) {
  Lists lists;
  lists.entries_ = std::move(entries);
  for (std::uint32_t number = 0; number < lists.entries_.size(); ++number) {
    const Entry& entry = lists.entries_[number];
    const auto added = entry.pattern
                           ? lists.patterns_.add(entry.phrase, number)
                           : lists.phrases_.add(folder, entry.phrase, number, entry.action == Action::allow);
    if (!added) return fail(added.error().code, "'" + legible(entry.phrase) + "': " + added.error().what);
  }
  SLUICE_TRY(lists.patterns_.compile());
  return lists;
}

void Lists::find(const Folded& text, const Words& words, std::vector<Found>& out) const {
  std::vector<Phrases::Found> phrases;
  phrases_.find(words, phrases);
  for (const auto& found : phrases) out.push_back({&entries_[found.number], found.where});
  std::vector<Patterns::Found> patterns;
  patterns_.find(text, patterns);
  for (const auto& found : patterns) out.push_back({&entries_[found.number], found.where});
}

void take_back(std::vector<Lists::Found>& found) {
  std::vector<Lists::Found> allowed;
  for (const auto& hit : found)
    if (hit.entry->action == Action::allow) allowed.push_back(hit);
  std::erase_if(found, [&](const Lists::Found& hit) {
    return hit.entry->action == Action::allow || std::ranges::any_of(allowed, [&](const Lists::Found& by) {
             const bool may = by.entry->list != 0 ? by.entry->list == hit.entry->list
                                                  : by.of_room || !hit.of_room || hit.entry->list != 0;
             return may && by.where.covers(hit.where);
           });
  });
  std::ranges::stable_sort(found, [](const Lists::Found& a, const Lists::Found& b) {
    if (a.entry->action != b.entry->action) return a.entry->action > b.entry->action;
    return a.where.begin < b.where.begin;
  });
  const auto same = [](const Lists::Found& a, const Lists::Found& b) {
    return a.entry == b.entry && a.where == b.where;
  };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
}

}  // namespace sluice::automod
