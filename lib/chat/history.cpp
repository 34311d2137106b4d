#include "chat/history.hpp"

#include <algorithm>

namespace sluice::chat {

void History::add(MessagePtr message) {
  messages_.push_back(std::move(message));
  if (messages_.size() <= capacity_) return;
  messages_.pop_front();
  whole_ = false;
}

std::vector<MessagePtr> History::last(std::size_t count) const {
  return {messages_.end() - static_cast<std::ptrdiff_t>(std::min(count, messages_.size())), messages_.end()};
}

MessagePtr History::find(std::string_view id) const {
  const auto found =
      std::ranges::find_if(messages_, [&](const MessagePtr& message) { return message->id == id; });
  return found == messages_.end() ? nullptr : *found;
}

bool History::holds_text(std::string_view text) const {
  return std::ranges::any_of(messages_, [&](const MessagePtr& message) { return message->text == text; });
}

History::Missed History::after(const Seen& seen, std::string_view origin, std::uint64_t seq) const {
  const auto was_seen = [&](const MessagePtr& message) {
    const auto last = seen.find(message->origin);
    return last != seen.end() && message->seq <= last->second;
  };
  // Messages of origins the page has not heard of are new only if they came after something it has seen.
  std::size_t known_to = 0;
  for (std::size_t i = 0; i < messages_.size(); ++i)
    if (was_seen(messages_[i])) known_to = i + 1;

  Missed missed;
  for (std::size_t i = 0; i < messages_.size(); ++i)
    if (!was_seen(messages_[i]) && (i >= known_to || seen.contains(messages_[i]->origin)))
      missed.messages.push_back(messages_[i]);

  for (const auto& [name, last] : seen) {
    const auto oldest =
        std::ranges::find_if(messages_, [&](const MessagePtr& message) { return message->origin == name; });
    if (oldest != messages_.end()) {
      missed.gap = missed.gap || (*oldest)->seq > last + 1;
    } else {
      missed.gap = missed.gap || (name == origin ? seq != last : !whole_);
    }
  }
  return missed;
}

}  // namespace sluice::chat
