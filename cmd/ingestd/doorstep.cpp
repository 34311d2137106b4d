#include "doorstep.hpp"

#include <utility>

namespace sluice::ingestd {

void Doorstep::set(const Limits& limits) {
  std::lock_guard lock(mutex_);
  limits_ = limits;
}

void Doorstep::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

bool Doorstep::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

void Doorstep::expect(std::set<ChannelId> channels) {
  std::lock_guard lock(mutex_);
  expected_ = std::move(channels);
}

bool Doorstep::expects() const {
  std::lock_guard lock(mutex_);
  return !expected_.empty();
}

bool Doorstep::expects(ChannelId channel) const {
  std::lock_guard lock(mutex_);
  return expected_.contains(channel);
}

const char* Doorstep::full(const std::string& host) const {
  std::lock_guard lock(mutex_);
  if (connections_ >= limits_.connections) return "connections";
  const auto from_there = addresses_.find(host);
  return from_there != addresses_.end() && from_there->second >= limits_.per_address ? "address" : nullptr;
}

void Doorstep::entered(const std::string& host) {
  std::lock_guard lock(mutex_);
  ++connections_;
  ++addresses_[host];
}

void Doorstep::left(const std::string& host) {
  std::lock_guard lock(mutex_);
  --connections_;
  if (const auto count = addresses_.find(host); count != addresses_.end() && --count->second == 0) addresses_.erase(count);
}

std::size_t Doorstep::connections() const {
  std::lock_guard lock(mutex_);
  return connections_;
}

void Doorstep::publishes(ChannelId channel, std::shared_ptr<const Presence> presence) {
  std::lock_guard lock(mutex_);
  std::erase_if(present_, [](const auto& one) { return !one.second->publishing; });
  present_[channel] = std::move(presence);
}

bool Doorstep::taken(ChannelId channel) const {
  std::lock_guard lock(mutex_);
  const auto found = present_.find(channel);
  if (found == present_.end() || !found->second->publishing) return false;
  return system_clock().steady() - found->second->last_heard.load() < limits_.takeover;
}

}  // namespace sluice::ingestd
