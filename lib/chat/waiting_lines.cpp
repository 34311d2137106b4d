#include "chat/waiting_lines.hpp"

#include <algorithm>

namespace sluice::chat {

const WaitingLines::Lines* WaitingLines::lines_of(const Room& room, UserId sender) const {
  const auto in_room = rooms_.find(&room);
  if (in_room == rooms_.end()) return nullptr;
  const auto lines = in_room->second.senders.find(sender);
  return lines == in_room->second.senders.end() ? nullptr : &lines->second;
}

std::optional<Refusal> WaitingLines::refused_as_too_many(const Room& room, UserId sender) const {
  const auto in_room = rooms_.find(&room);
  if (in_room == rooms_.end()) return std::nullopt;
  if (in_room->second.size >= most_in_a_room) return Refusal{.reason = Reason::busy, .detail = "the room"};
  const Lines* lines = lines_of(room, sender);
  if (lines != nullptr && lines->size() >= most_of_a_sender) return Refusal{Reason::busy};
  return std::nullopt;
}

void WaitingLines::add(std::shared_ptr<WaitingLine> line) {
  if (!line->key_id.empty()) keyed_.insert_or_assign(line->key_id, line.get());
  InRoom& in_room = rooms_[line->room];
  ++in_room.size;
  ++size_;
  Lines& lines = in_room.senders[line->message.author.id];
  lines.push_back(std::move(line));
}

WaitingLine* WaitingLines::find(const std::string& key_id) const {
  const auto line = keyed_.find(key_id);
  return line == keyed_.end() ? nullptr : line->second;
}

WaitingLine* WaitingLines::oldest(const Room& room, UserId sender) const {
  const Lines* lines = lines_of(room, sender);
  return lines == nullptr ? nullptr : lines->front().get();
}

WaitingLine* WaitingLines::next_after(const Room& room, UserId sender, const SendLimits::Sent& sent) const {
  const Lines* lines = lines_of(room, sender);
  if (lines == nullptr) return nullptr;
  const auto next = std::ranges::find_if(*lines, [&](const auto& line) { return line->sent_before == sent; });
  return next == lines->end() ? nullptr : next->get();
}

std::shared_ptr<WaitingLine> WaitingLines::take_decided(const Room& room, UserId sender) {
  const WaitingLine* first = oldest(room, sender);
  if (first == nullptr || !first->decided) return nullptr;
  const auto in_room = rooms_.find(&room);
  const auto lines = in_room->second.senders.find(sender);
  std::shared_ptr<WaitingLine> line = std::move(lines->second.front());
  lines->second.pop_front();
  if (lines->second.empty()) in_room->second.senders.erase(lines);
  if (--in_room->second.size == 0) rooms_.erase(in_room);
  --size_;
  if (!line->key_id.empty()) keyed_.erase(line->key_id);
  return line;
}

}  // namespace sluice::chat
