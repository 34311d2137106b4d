#include "chat/removals.hpp"

#include <algorithm>

namespace sluice::chat {

void Removals::remove(std::string id, Wall at) {
  if (!ids_.insert(id).second) return;
  order_.push_back({std::move(id), at});
  if (order_.size() <= most) return;
  ids_.erase(order_.front().id);
  order_.pop_front();
}

void Removals::remove_author(UserId author, Wall at) {
  const auto [found, fresh] = authors_.try_emplace(author, at);
  found->second = std::max(found->second, at);
  if (!fresh) return;
  authors_order_.push_back(author);
  if (authors_order_.size() <= most) return;
  authors_.erase(authors_order_.front());
  authors_order_.pop_front();
}

void Removals::remove_all(Wall at) {
  all_ = std::max(all_, at);
}

bool Removals::covers(const Message& message) const {
  if (all_ != Wall{} && message.at <= all_) return true;
  if (ids_.contains(message.id)) return true;
  const auto author = authors_.find(message.author.id);
  return author != authors_.end() && message.at <= author->second;
}

TakenOff Removals::since(Wall from) const {
  TakenOff taken;
  for (const Taken& each : order_)
    if (each.at >= from) taken.ids.push_back(each.id);
  for (const auto& [author, at] : authors_)
    if (at >= from) taken.authors.emplace_back(author, at);
  if (all_ != Wall{} && all_ >= from) taken.all = all_;
  return taken;
}

}  // namespace sluice::chat
