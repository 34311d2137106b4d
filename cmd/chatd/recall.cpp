#include "spoken.hpp"

#include "log/log.hpp"

namespace sluice::chatd {

namespace {
constexpr milliseconds patience{1000};
}

void Spoken::look_in(Archivist& archivist, std::function<bool(ChannelId)> listens) {
  archivist_ = &archivist;
  listens_ = std::move(listens);
}

void Spoken::read(const chat::Channel& channel, std::function<void()> then) {
  if (archivist_ == nullptr || listens_(channel.id)) return then();
  const auto [waiting, first] = waiting_.try_emplace(channel.id, loop_);
  waiting->second.then.push_back(std::move(then));
  if (!first) return;
  waiting->second.patience.after(patience, [this, id = channel.id] { go_on(id); });
  archivist_->speakers(channel.id, [this, channel](const Result<std::vector<chatlog::Spoke>>& speakers) {
    chat::Room* room = rooms_.find(channel.name);
    if (!speakers)
      log::warn("who has spoken in a room cannot be read in the chat history",
                {speakers.error(), {"channel", channel.name}});
    else if (room != nullptr)
      for (const chatlog::Spoke& spoke : *speakers) room->restore_speaker(spoke.user, spoke.speaker);
    go_on(channel.id);
  });
}

void Spoken::go_on(ChannelId channel) {
  auto found = waiting_.extract(channel);
  if (found.empty()) return;  // the archive's answer, behind the time
  for (const auto& then : found.mapped().then) then();
}

}  // namespace sluice::chatd
