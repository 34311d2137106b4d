#include "chat/delivery.hpp"

namespace sluice::chat {

void Delivery::give(Sink& sink, const SharedBytes& bytes, SharedBytes& its_own) {
  const SharedBytes* kept = &bytes;
  if (kept == &its_own) kept = &own_.emplace_back(std::move(its_own));
  ++count_;
  const int socket = write_ ? sink.begin_write() : -1;
  if (socket < 0) {
    queued_.push_back({&sink, kept});
    return;
  }
  writes_[size_] = {.socket = socket, .bytes = **kept};
  gathered_[size_] = {&sink, kept};
  if (++size_ == together) write();
}

void Delivery::write() {
  if (size_ == 0) return;
  write_(std::span(writes_).first(size_));
  for (std::size_t i = 0; i < size_; ++i) {
    gathered_[i].written = writes_[i].written;
    if (writes_[i].written < writes_[i].bytes.size()) rests_.push_back(gathered_[i]);
  }
  size_ = 0;
}

void Delivery::finish() {
  for (const std::vector<Due>* list : {&rests_, &queued_})
    for (const Due& due : *list) due.sink->deliver_rest(*due.bytes, due.written);
  rests_.clear();
  queued_.clear();
  own_.clear();
}

}  // namespace sluice::chat
