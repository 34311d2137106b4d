#include "chat/history.hpp"

#include <algorithm>

namespace sluice::chat {

void History::add(MessagePtr message, bool removed) {
  kept_.push_back({std::move(message), removed});
  if (kept_.size() <= capacity_) return;
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
  const auto found =
      std::ranges::find_if(kept_, [&](const Kept& kept) { return !kept.removed && kept.message->id == id; });
  return found == kept_.end() ? nullptr : found->message;
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

void History::remove_all() {
  for (Kept& kept : kept_) kept.removed = true;
}

History::Missed History::after(const Seen& seen, std::string_view origin, std::uint64_t seq) const {
  const auto was_seen = [&](const Message& message) {
    const auto last = seen.find(message.origin);
    return last != seen.end() && message.seq <= last->second;
  };
  // Messages of origins the page has not heard of are new only if they came after something it has seen.
  std::size_t known_to = 0;
  for (std::size_t i = 0; i < kept_.size(); ++i)
    if (was_seen(*kept_[i].message)) known_to = i + 1;

  Missed missed;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const Message& message = *kept_[i].message;
    if (!kept_[i].removed && !was_seen(message) && (i >= known_to || seen.contains(message.origin)))
      missed.messages.push_back(kept_[i].message);
  }

  for (const auto& [name, last] : seen) {
    const auto oldest =
        std::ranges::find_if(kept_, [&](const Kept& kept) { return kept.message->origin == name; });
    if (oldest != kept_.end()) {
      missed.gap = missed.gap || oldest->message->seq > last + 1;
    } else {
      missed.gap = missed.gap || (name == origin ? seq != last : !whole_);
    }
  }
  return missed;
}

}  // namespace sluice::chat
