#include "nodes/place.hpp"

#include <algorithm>
#include <unordered_set>

namespace sluice::nodes {

namespace {
constexpr std::size_t spare = 100;  // of a history: what two nodes took is found out within fewer lines
}

Place::Place(chat::Room& room, std::string own, Outside& outside, Limits limits)
    : room_(room), own_(std::move(own)), outside_(outside), limits_(limits) {
  room_.keep_spare(spare);
}

void Place::follow(Wall now) {
  if (followed_) return;
  followed_ = true;
  since_ = now;
  all_spoke_ = false;
  for (auto& [origin, strand] : strands_) strand.settled = false;
}

void Place::unfollow() {
  followed_ = false;
  strands_.clear();
  viewers_.clear();
  room_.set_viewers_elsewhere(0);
}

void Place::hear(Said said, Steady now) {
  const std::string origin = said.message->origin;
  const std::uint64_t seq = said.message->seq;
  if (!followed_ || origin == own_) return;
  Strand& strand = this->strand(origin, now);
  strand.high = std::max(strand.high, seq);
  if (seq <= room_.head(origin)) return take(strand, said, Tell::nobody);
  const bool whole = strand.held.empty() && seq == room_.head(origin) + 1;
  if (whole) strand.settled = true;
  if (strand.held.empty()) strand.progress = now;
  strand.held.insert_or_assign(seq, Strand::Held{std::move(said), true});
  drain(origin, strand, now);
  look(origin, strand, now);
}

void Place::compare(const std::string& node, const Heads::Room& heads, Wall born, Steady now) {
  if (!followed_ || node == own_) return;
  viewers_[node] = heads.viewers;
  room_.set_viewers_elsewhere(viewers_elsewhere());
  for (const auto& [origin, range] : heads.origins) {
    if (origin == own_) continue;
    Strand& strand = this->strand(origin, now);
    strand.whole = strand.whole || (origin == node && born > since_);
    const bool had_hole = strand.high > room_.head(origin);
    strand.sources[node] = range;
    strand.high = std::max(strand.high, range.last);
    if (!had_hole) strand.progress = now;
    look(origin, strand, now);
    look_back(node, origin, strand, range, now);
  }
}

void Place::fill(const Lines& lines, Steady now) {
  const auto found = strands_.find(lines.of);
  if (!followed_ || found == strands_.end()) return;
  Strand& strand = found->second;
  const std::uint64_t head = room_.head(lines.of);
  std::set<std::uint64_t> absent;
  for (std::uint64_t seq = lines.range.first;
       seq <= lines.range.last && seq - lines.range.first < limits_.at_once; ++seq)
    absent.insert(seq);
  for (const Said& said : lines.lines) {
    absent.erase(said.message->seq);
    if (said.message->seq <= head) {
      take(strand, said, Tell::nobody);
    } else {
      strand.held.try_emplace(said.message->seq, Strand::Held{said, false});
    }
  }
  auto& lacking = strand.lacking[lines.from];
  if (lacking.size() > 4 * limits_.at_once) lacking.clear();
  lacking.insert(absent.begin(), absent.end());
  if (strand.asking_past && lines.range.last >= strand.past_asked_to) strand.asking_past = false;
  if (strand.asking && lines.range.last >= strand.asked_to) strand.asking = false;
  strand.asked = strand.past_asked = now;
  drain(lines.of, strand, now);
  // Who said them does not have them: nobody will.
  if (lines.from == lines.of)
    while (!absent.empty() && *absent.rbegin() > room_.head(lines.of)) {
      const std::uint64_t next = room_.head(lines.of) + 1;
      if (!absent.contains(next)) break;
      std::uint64_t last = next;
      while (absent.contains(last + 1)) ++last;
      give_up(lines.of, strand, last, now);
    }
  look(lines.of, strand, now);
}

void Place::tick(Steady now) {
  if (!followed_) return;
  for (auto& [origin, strand] : strands_) {
    if (strand.asking_past && now - strand.past_asked >= limits_.answer_time) strand.asking_past = false;
    const std::uint64_t head = room_.head(origin);
    if (strand.high <= head) continue;
    if (now - strand.progress >= limits_.hole_time || strand.held.size() > limits_.held) {
      const std::uint64_t next = strand.held.empty() ? strand.high + 1 : strand.held.begin()->first;
      const std::uint64_t first = first_named(strand);
      give_up(origin, strand, (first > head + 1 ? std::min(first, next) : next) - 1, now);
    } else if (strand.asking && now - strand.asked >= limits_.answer_time) {
      strand.asking = false;
      strand.sources.erase(strand.asked_of);
    }
    look(origin, strand, now);
  }
}

void Place::all_have_spoken(Steady now) {
  all_spoke_ = true;
  for (auto& [origin, strand] : strands_) look(origin, strand, now);
}

void Place::resume(Steady now) {
  all_spoke_ = false;
  for (auto& [origin, strand] : strands_) {
    strand.progress = strand.named = now;
    strand.asking = strand.asking_past = false;
  }
}

bool Place::restless() const {
  return followed_ && std::ranges::any_of(strands_, [&](const auto& each) {
           return each.second.asking_past || each.second.high > room_.head(each.first);
         });
}

void Place::settle(const std::set<std::string>& told, Steady now) {
  for (const std::string& origin : told) strand(origin, now);
  for (auto& [origin, strand] : strands_) strand.settled = true;
}

void Place::forget(const std::string& node) {
  for (auto& [origin, strand] : strands_) {
    strand.sources.erase(node);
    strand.lacking.erase(node);
  }
  if (viewers_.erase(node) > 0) room_.set_viewers_elsewhere(viewers_elsewhere());
}

// What was told of an origin that is neither kept nor in mind lies before everything that is kept.
void Place::forget_departed(const std::function<bool(const std::string&)>& lives, Steady now) {
  std::erase_if(strands_, [&](const auto& each) {  // that never said anything here
    return room_.head(each.first) == 0 && each.second.high == 0 && !lives(each.first) &&
           now - each.second.named >= limits_.quiet;
  });
  const auto& history = room_.history().kept();
  std::unordered_set<std::string_view> kept;
  for (const chat::History::Kept& each : history) {
    kept.insert(each.message->origin);
    for (const auto& number : each.also) kept.insert(number.origin);
  }
  std::size_t departed = 0;
  std::vector<std::pair<Steady, std::string>> idle;
  for (const auto& [origin, head] : room_.heads()) {
    if (origin == own_) continue;
    const auto found = strands_.find(origin);
    Strand& strand = found == strands_.end() ? this->strand(origin, now) : found->second;
    if (lives(origin)) {
      strand.named = now;
      continue;
    }
    const bool quiet = now - strand.named >= limits_.quiet, is_kept = kept.contains(origin);
    if (!quiet && !is_kept) continue;
    ++departed;
    const bool rests = strand.held.empty() && !strand.asking && !strand.asking_past && strand.high <= head;
    if (quiet && rests && !is_kept) idle.emplace_back(strand.named, origin);
  }
  if (departed <= limits_.departed || idle.empty()) return;
  std::ranges::sort(idle);
  idle.resize(std::min(idle.size(), departed - limits_.departed));
  if (!history.empty()) forgotten_ = std::max(forgotten_, history.front().message->order);
  for (const auto& [named, origin] : idle) {
    strands_.erase(origin);
    room_.forget(origin);
  }
}

std::uint64_t Place::viewers_elsewhere() const {
  std::uint64_t sum = 0;
  for (const auto& [node, viewers] : viewers_) sum += viewers;
  return sum;
}

Heads::Room Place::digest(bool all, std::uint64_t own_first) const {
  Heads::Room digest{room_.channel().id, room_.viewers(), {}};
  const auto add = [&](const std::string& origin, std::uint64_t seq) {
    if (origin == own_ || seq == 0) return;
    const auto [found, fresh] = digest.origins.try_emplace(origin, Range{seq, seq});
    if (fresh) return;
    found->second = {std::min(found->second.first, seq), std::max(found->second.last, seq)};
  };
  std::uint64_t first = own_first == 0 ? room_.seq() + 1 : own_first;
  for (const chat::History::Kept& kept : room_.history().kept()) {
    if (const std::uint64_t own = kept.seq_of(own_)) first = std::min(first, own);
    if (!all) continue;
    add(kept.message->origin, kept.message->seq);
    for (const auto& number : kept.also) add(number.origin, number.seq);
  }
  if (first <= room_.seq()) digest.origins.emplace(own_, Range{first, room_.seq()});
  return digest;
}

Place::Strand& Place::strand(const std::string& origin, Steady now) {
  const auto [found, fresh] = strands_.try_emplace(origin);
  if (fresh && room_.head(origin) == 0) found->second.old_to = forgotten_;
  found->second.named = now;
  return found->second;
}

// Tells what follows the head without a hole.
void Place::drain(const std::string& origin, Strand& strand, Steady now) {
  strand.held.erase(strand.held.begin(), strand.held.upper_bound(room_.head(origin)));
  while (!strand.held.empty() && strand.held.begin()->first == room_.head(origin) + 1) {
    const Strand::Held next = std::move(strand.held.begin()->second);
    strand.held.erase(strand.held.begin());
    strand.settled = strand.settled || next.live;
    const bool old = !next.live && next.said.message->order <= strand.old_to;
    if (!old) strand.old_to = 0;
    if (const Range passed = std::exchange(strand.passed, {}); passed.last != 0 && !old)
      skip(origin, strand, passed);
    const bool recent = strand.settled || next.said.message->at >= since_;
    take(strand, next.said, old ? Tell::nobody : recent ? Tell::everyone : Tell::pages);
    strand.progress = now;
  }
}

void Place::take(Strand& strand, const Said& said, Tell tell) {
  const std::uint64_t seq = said.message->seq;
  strand.had.insert(seq);
  if (strand.had.size() > 2 * room_.history().capacity()) strand.had.erase(strand.had.begin());
  const bool kept = room_.history().entry(said.message->id) != nullptr;
  const bool repeat = kept || outside_.known(said.message->id);
  // By another number it was here, and has made room for others: it does not come back.
  if (repeat && !kept) return room_.count(said.message->origin, seq);
  Said named = said;
  if (said.message->channel_name.empty()) {
    auto copy = std::make_shared<chat::Message>(*said.message);
    copy->channel_name = room_.channel().name;
    named.message = std::move(copy);
  }
  room_.receive(named.message, said.removed, repeat ? Tell::nobody : tell);
  if (repeat) return;
  named.removed = room_.is_taken_off(*named.message);
  outside_.received(named);
}

void Place::look(const std::string& origin, Strand& strand, Steady now) {
  const bool introduced = strand.sources.contains(origin) || all_spoke_;  // whether it is whole is known
  if (introduced && !strand.settled && !strand.whole && strand.high > room_.head(origin) + limits_.backlog)
    pass_over(origin, strand, strand.high - limits_.backlog, now);
  if (const std::uint64_t first = first_to_be_had(origin, strand);
      first > room_.head(origin) + 1 && (strand.held.empty() || first <= strand.held.begin()->first))
    pass_over(origin, strand, first - 1, now);
  const std::uint64_t head = room_.head(origin);
  if (strand.asking || strand.high <= head) return;
  const std::uint64_t end = strand.held.empty() ? strand.high : strand.held.begin()->first - 1;
  const Range missing{head + 1, std::min(end, head + limits_.at_once)};
  if (missing.last < missing.first) return;
  const auto fits = [&](const auto& source) {
    const auto lacking = strand.lacking.find(source.first);
    return source.second.first <= missing.last && source.second.last >= missing.first &&
           (lacking == strand.lacking.end() || !lacking->second.contains(missing.first));
  };
  auto source = strand.sources.find(origin);  // who said it, before all others
  if (source == strand.sources.end() || !fits(*source)) source = std::ranges::find_if(strand.sources, fits);
  // Nobody has said yet that it has it: who said it will know.
  strand.asked_of = source == strand.sources.end() ? origin : source->first;
  strand.asking = true;
  strand.asked = now;
  strand.asked_to = missing.last;
  outside_.ask(strand.asked_of, {own_, room_.channel().id, origin, missing});
}

std::uint64_t Place::first_to_be_had(const std::string& origin, const Strand& strand) const {
  const bool known = strand.sources.contains(origin) || (!strand.settled && all_spoke_);
  return known ? first_named(strand) : 0;
}

std::uint64_t Place::first_named(const Strand& strand) {
  std::uint64_t first = 0;
  for (const auto& [node, range] : strand.sources)
    first = first == 0 ? range.first : std::min(first, range.first);
  return first;
}

// What the node has of the time before the head, and the history does not.
void Place::look_back(const std::string& node, const std::string& origin, Strand& strand, Range range,
                      Steady now) {
  if (strand.asking_past) return;
  const std::uint64_t last = std::min(range.last, room_.head(origin));
  const std::uint64_t most = static_cast<std::uint64_t>(room_.history().capacity());
  const std::uint64_t first = std::max(range.first, last >= most ? last - most + 1 : 1);
  if (first > last) return;
  std::set<std::uint64_t> have = strand.had;
  for (const chat::History::Kept& kept : room_.history().kept()) have.insert(kept.seq_of(origin));
  const auto lacking = strand.lacking.find(node);
  Range missing;
  for (std::uint64_t seq = first; seq <= last; ++seq) {
    if (have.contains(seq) || (lacking != strand.lacking.end() && lacking->second.contains(seq))) continue;
    if (missing.first == 0) missing.first = seq;
    missing.last = seq;
  }
  if (missing.first == 0) return;
  strand.asking_past = true;
  strand.past_asked = now;
  strand.past_asked_to = missing.last;
  outside_.ask(node, {own_, room_.channel().id, origin, missing});
}

void Place::give_up(const std::string& origin, Strand& strand, std::uint64_t last, Steady now) {
  const Range passed = std::exchange(strand.passed, {});
  const std::uint64_t first = passed.last != 0 ? passed.first : room_.head(origin) + 1;
  if (last >= first) skip(origin, strand, {first, last});
  strand.asking = false;
  strand.progress = now;
  drain(origin, strand, now);
}

// As give_up(), of what nobody need have waited for. Of an origin that may have been forgotten the next line
// tells whether any of it was new.
void Place::pass_over(const std::string& origin, Strand& strand, std::uint64_t last, Steady now) {
  if (strand.old_to == 0) return give_up(origin, strand, last, now);
  const std::uint64_t first = strand.passed.last != 0 ? strand.passed.first : room_.head(origin) + 1;
  strand.passed = {first, last};
  room_.count(origin, last);
  strand.asking = false;
  strand.progress = now;
  drain(origin, strand, now);
}

void Place::skip(const std::string& origin, const Strand& strand, Range range) {
  if (strand.settled) outside_.skipped(range.last - range.first + 1);
  room_.skip(origin, range.first, range.last, strand.settled);
}

}  // namespace sluice::nodes
