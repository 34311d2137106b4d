#include "chat/history.hpp"

#include <algorithm>
#include <tuple>

namespace sluice::chat {

namespace {
bool before(const Message& a, const Message& b) {
  return std::tie(a.order, a.origin, a.seq) < std::tie(b.order, b.origin, b.seq);
}
}  // namespace

std::uint64_t History::Kept::seq_of(std::string_view origin) const {
  if (message->origin == origin) return message->seq;
  const auto found = std::ranges::find(also, origin, &Number::origin);
  return found == also.end() ? 0 : found->seq;
}

const History::Kept* History::entry(std::string_view id) const {
  if (id.empty()) return nullptr;
  const auto found =
      std::find_if(kept_.rbegin(), kept_.rend(), [&](const Kept& kept) { return kept.message->id == id; });
  return found == kept_.rend() ? nullptr : &*found;
}

void History::clear() {
  kept_ = {};
  whole_ = false;
}

History::Added History::add(MessagePtr message, bool removed) {
  const auto same = std::ranges::find_if(
      kept_, [&](const Kept& kept) { return !message->id.empty() && kept.message->id == message->id; });
  if (same == kept_.end()) {
    if (kept_.size() >= capacity_ + spare_ && before(*message, *kept_.front().message)) return Added::too_old;
    insert({std::move(message), removed, {}});
    return Added::new_one;
  }
  same->removed = same->removed || removed;
  if (same->seq_of(message->origin) != 0) return Added::known;
  if (!before(*message, *same->message)) {
    same->also.push_back({message->origin, message->seq, message->at, message->order});
    return Added::known;
  }
  Kept moved = std::move(*same);
  kept_.erase(same);
  const Message& other = *moved.message;
  moved.also.push_back({other.origin, other.seq, other.at, other.order});
  moved.message = std::move(message);
  insert(std::move(moved));
  return Added::known;
}

void History::insert(Kept kept) {
  auto at = kept_.end();
  while (at != kept_.begin() && before(*kept.message, *std::prev(at)->message)) --at;
  kept_.insert(at, std::move(kept));
  if (kept_.size() <= capacity_ + spare_) return;
  kept_.pop_front();
  whole_ = false;
}

std::vector<MessagePtr> History::last(std::size_t count) const {
  std::vector<MessagePtr> messages;
  for (auto kept = kept_.rbegin(); kept != kept_.rend() && messages.size() < count; ++kept)
    if (!kept->removed) messages.push_back(kept->message);
  std::ranges::reverse(messages);
  return messages;
}

MessagePtr History::find(std::string_view id) const {
  const Kept* kept = entry(id);
  return kept == nullptr || kept->removed ? nullptr : kept->message;
}

bool History::holds_text(std::string_view text) const {
  return std::ranges::any_of(kept_, [&](const Kept& kept) { return kept.message->text == text; });
}

void History::remove(std::string_view id) {
  for (Kept& kept : kept_) kept.removed = kept.removed || kept.message->id == id;
}

void History::remove_author(UserId author) {
  for (Kept& kept : kept_) kept.removed = kept.removed || kept.message->author.id == author;
}

void History::remove_all(Wall until) {
  for (Kept& kept : kept_) kept.removed = kept.removed || kept.message->at <= until;
}

History::Missed History::after(const Seen& seen, const Seen& heads, bool complete) const {
  const auto number_seen = [&](std::string_view origin, std::uint64_t seq) {
    const auto last = seen.find(origin);
    return last != seen.end() && seq <= last->second;
  };
  const auto was_seen = [&](const Kept& kept) {
    return number_seen(kept.message->origin, kept.message->seq) ||
           std::ranges::any_of(kept.also, [&](const Number& n) { return number_seen(n.origin, n.seq); });
  };
  std::size_t known_to = 0;
  if (!complete)
    for (std::size_t i = 0; i < kept_.size(); ++i)
      if (was_seen(kept_[i])) known_to = i + 1;

  Missed missed;
  std::map<std::string_view, std::uint64_t> oldest;  // by origin
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const Message& message = *kept_[i].message;
    if (was_seen(kept_[i])) {
      missed.seen_until = std::max(missed.seen_until.value_or(message.at), message.at);
    } else if (!kept_[i].removed && (i >= known_to || seen.contains(message.origin))) {
      missed.messages.push_back(kept_[i].message);
    }
    const auto count = [&](std::string_view origin, std::uint64_t seq) {
      const auto [found, first] = oldest.try_emplace(origin, seq);
      if (!first) found->second = std::min(found->second, seq);
    };
    count(message.origin, message.seq);
    for (const Number& number : kept_[i].also) count(number.origin, number.seq);
  }

  for (const auto& [name, last] : seen) {
    const auto head = heads.find(name);
    if (const auto found = oldest.find(name); found != oldest.end()) {
      missed.gap = missed.gap || found->second > last + 1;
    } else {
      missed.gap = missed.gap || (head != heads.end() ? head->second > last : !whole_);
    }
  }
  if (complete && !whole_) {
    for (const auto& [name, seq] : oldest) missed.gap = missed.gap || (seq > 1 && !seen.contains(name));
    for (const auto& [name, head] : heads)
      missed.gap = missed.gap || (head > 0 && !seen.contains(name) && !oldest.contains(name));
  }
  return missed;
}

}  // namespace sluice::chat
