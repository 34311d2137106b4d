#include "recall.hpp"

#include <utility>

#include "log/log.hpp"
#include "past.hpp"

namespace sluice::chatd {

namespace {
constexpr milliseconds patience{1000};
constexpr seconds pause{5};  // after an error
}  // namespace

void Recall::look_in(Archivist& archivist, std::function<bool(ChannelId)> listens) {
  archivist_ = &archivist;
  listens_ = std::move(listens);
}

void Recall::past(ChannelId channel, std::function<void(const chatlog::RoomPast*)> then) {
  if (archivist_ == nullptr) return then(nullptr);
  const std::uint64_t question = ++asked_;
  Past& asked = pasts_.try_emplace(question, loop_).first->second;
  asked.then = std::move(then);
  watch(asked.patience, patience, [this, question] { answer(question, nullptr); });
  archivist_->past(channel, [this, question, channel](const Result<chatlog::RoomPast>& past) {
    if (!past)
      log::warn("what was said in a room cannot be read in the chat history",
                {past.error(), {"channel", channel.value()}});
    if (!answer(question, past ? &*past : nullptr) && past)
      if (chat::Room* room = rooms_.find(channel)) fill(*room, path_, *past);
    if (past) return;
    owed_.insert(channel);
    again_.after(pause, [this] { ask_again(); });
  });
}

void Recall::ask_again() {
  for (const ChannelId channel : std::exchange(owed_, {})) {
    archivist_->past(channel, [this, channel](const Result<chatlog::RoomPast>& past) {
      chat::Room* room = rooms_.find(channel);
      if (past && room != nullptr) fill(*room, path_, *past);
      if (past) return;
      owed_.insert(channel);
      again_.after(pause, [this] { ask_again(); });
    });
  }
}

void Recall::has_past(ChannelId channel, std::function<void(bool)> answer) {
  if (archivist_ == nullptr) return answer(false);
  archivist_->has_past(channel, [answer = std::move(answer)](const Result<bool>& has) {
    if (has) answer(*has);
  });
}

void Recall::watch(net::Timer& timer, milliseconds left, std::function<void()> late) {
  timer.after(left, [this, &timer, late = std::move(late)] {
    const auto more = std::chrono::ceil<milliseconds>(patience - archivist_->at_one_job());
    if (more <= milliseconds(0)) return late();
    watch(timer, more, late);
  });
}

bool Recall::answer(std::uint64_t question, const chatlog::RoomPast* past) {
  auto found = pasts_.extract(question);
  if (found.empty()) return false;
  found.mapped().then(past);
  return true;
}

void Recall::speakers(ChannelId channel, std::function<void()> then) {
  if (archivist_ == nullptr || listens_(channel)) return then();
  const auto [waiting, first] = speakers_.try_emplace(channel, loop_);
  waiting->second.then.push_back(std::move(then));
  if (!first) return;
  watch(waiting->second.patience, patience, [this, channel] { go_on(channel); });
  archivist_->speakers(channel, [this, channel](const Result<std::vector<chatlog::Spoke>>& speakers) {
    chat::Room* room = rooms_.find(channel);
    if (!speakers)
      log::warn("who has spoken in a room cannot be read in the chat history",
                {speakers.error(), {"channel", channel.value()}});
    else if (room != nullptr)
      for (const chatlog::Spoke& spoke : *speakers) room->restore_speaker(spoke.user, spoke.speaker);
    go_on(channel);
  });
}

void Recall::go_on(ChannelId channel) {
  auto found = speakers_.extract(channel);
  if (found.empty()) return;  // the archive's answer, behind the time
  for (const auto& then : found.mapped().then) then();
}

}  // namespace sluice::chatd
