// A server that is replaced while it serves, or replaces another (handover.hpp): what is its own beside the house.
#include <algorithm>

#include "log/log.hpp"
#include "server.hpp"

namespace sluice::ingestd {

Result<> Server::can_be_replaced() const {
  if (!house_.serving()) return fail(Errc::unavailable, "it is stopping");
  if (!house_.open) return fail(Errc::unavailable, "it is still starting", "try again");
  return {};
}

void Server::retire() {
  if (disk_) disk_->stop();
  elsewhere_.clear();
}

bool Server::release_srt() {
  if (!srt_) return true;
  if (std::ranges::any_of(house_.publishers, [](const auto& each) { return each->protocol() == "srt"; })) return false;
  close_srt();
  return true;
}

void Server::give_up_srt() {
  for (const auto& publisher : std::set(house_.publishers)) {
    if (publisher->protocol() != "srt") continue;
    for (const auto& [channel, stream] : Streams(house_.streams))
      if (stream->publisher() == publisher) stream->detach(false);
    publisher->drop("the server is being replaced");
  }
  close_srt();
}

void Server::close_srt() {
  srt_.reset();
  house_.has_srt = false;
  house_.returning.clear();
  house_.doorstep.expect({});
}

// It said of each stream what became of it, unless it died.
void Server::elsewhere_gone(const void* link) {
  Elsewhere::Lost lost = elsewhere_.lose(link);
  if (lost.streams == 0) return;
  log::warn("a process that was replaced died: taking its streams back", {{"streams", lost.streams}});
  take_back();
  for (auto& waiting : lost.waiting) early_.emplace_back([waiting = std::move(waiting)] { waiting(false); });
}

void Server::replaced() {
  house_.open = true;
  set_up_disk_cap();
  log::info("taken over", {{"streams", house_.streams.size()}, {"connections", house_.publishers.size()}, {"elsewhere", elsewhere_.streams().size()}});
}

}  // namespace sluice::ingestd
