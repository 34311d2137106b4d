#include "evasions.hpp"

#include <algorithm>

#include "event_fields.hpp"
#include "log/log.hpp"

namespace sluice::chatd {

namespace {
constexpr std::size_t most_sightings = 10'000;  // sightings, while the store does not answer
constexpr seconds sighting_retry{1};

std::vector<std::string> marks_of(const std::string& key, const std::vector<chat::Origin>& from) {
  std::vector<std::string> marks;
  const auto add = [&](std::optional<std::string> mark) {
    if (mark && std::ranges::find(marks, *mark) == marks.end()) marks.push_back(*std::move(mark));
  };
  for (const chat::Origin& origin : from) {
    add(platform::address_mark(key, origin.address));
    add(platform::fingerprint_mark(key, origin.fingerprint));
  }
  return marks;
}
}  // namespace

Evasions::Evasions(net::Loop& loop, Parts parts, std::chrono::days back)
    : parts_(parts), back_(back), retry_(loop), forgetting_(loop) {}

Result<> Evasions::begin() {
  SLUICE_TRY_VALUE(key_, parts_.store.evasions().key());
  forgetting_.every(std::chrono::hours(1), [this] { forget_old(); });
  forget_old();
  return {};
}

void Evasions::forget_old() {
  parts_.offload.run(
      [&store = parts_.store, before = system_clock().wall() - back_] {
        return store.evasions().forget_before(before);
      },
      [](Result<> forgotten) {
        if (!forgotten) log::warn("old marks of addresses are not forgotten", {forgotten.error()});
      });
}

// One transaction for all that came while the last was being written.
void Evasions::saw(ChannelId channel, UserId user, std::vector<chat::Origin> from) {
  if (back_.count() == 0 || from.empty()) return;
  if (waiting_.size() >= most_sightings) return ++lost_, void();
  waiting_.push_back({channel, user, std::move(from)});
  write();
}

void Evasions::write() {
  if (writing_ || waiting_.empty()) return;
  writing_ = true;
  const auto batch = std::make_shared<std::vector<Seen>>(std::exchange(waiting_, {}));
  const auto note = [&store = parts_.store, key = key_, batch]() -> Result<> {
    std::vector<store::Sighting> sightings;
    for (const Seen& seen : *batch) {
      std::vector<std::string> marks = marks_of(key, seen.from);
      if (!marks.empty()) sightings.push_back({seen.channel, seen.user, std::move(marks)});
    }
    return sightings.empty() ? Result<>() : store.evasions().saw(sightings);
  };
  parts_.offload.run(note, [this, batch](Result<> noted) {
    const auto go_on = [this] {
      writing_ = false;
      write();
    };
    if (noted) return go_on();
    if (const auto left_out = complaints_.next("noted", system_clock().steady()))
      log::warn("from where people spoke is not noted yet; it is tried again",
                {noted.error(), {"left_out", *left_out}, {"lost", lost_}});
    waiting_.insert(waiting_.begin(), batch->begin(), batch->end());
    retry_.after(sighting_retry, go_on);
  });
}

void Evasions::look(ChannelId channel, UserId user, std::vector<chat::Origin> from,
                    std::function<void(Result<bool>)> answer) {
  if (back_.count() == 0) return answer(false);
  const auto ask = [&store = parts_.store, key = key_, channel, user, from = std::move(from),
                    since = system_clock().wall() - back_]() -> Result<bool> {
    SLUICE_TRY_VALUE(const auto flagged, store.evasions().look({channel, user, marks_of(key, from)}, since));
    return flagged.has_value();
  };
  parts_.offload.run(ask, [this, answer = std::move(answer)](Result<bool> flagged) {
    if (!flagged)
      if (const auto left_out = complaints_.next("known", system_clock().steady()))
        log::warn("whether somebody avoids a ban is not known: they may speak",
                  {flagged.error(), {"left_out", *left_out}});
    answer(std::move(flagged));
  });
}

void Evasions::hold(const chat::Message& line, chat::Gate::Then then) {
  parts_.held.hold(line, {chat::AutomodVerdict::Kind::hold, "ban_evasion", "ban_evasion", 0, {}},
                   std::move(then));
}

chat::Suspicion suspicion_of(const store::Event& event) {
  const auto payload = nlohmann::json::parse(event.payload, nullptr, false);
  const std::string status = text_of(payload, "low_trust_status");
  chat::Suspicion told{.channel = text_of(payload, "channel"),
                       .user = user_of(payload),
                       .banned = user_of(payload, "banned_"),
                       .evaluation = text_of(payload, "ban_evasion_evaluation"),
                       .matched = text_of(payload, "matched"),
                       .held = status == "restricted",
                       .cleared_by = std::nullopt,
                       .at = event.at};
  if (status == "none") told.cleared_by = user_of(payload, "moderator_");
  return told;
}

}  // namespace sluice::chatd
