#include "store_till.hpp"

#include <nlohmann/json.hpp>

#include "chat/held.hpp"
#include "event_fields.hpp"
#include "log/log.hpp"

namespace sluice::chatd {

namespace {
using chat::Reason;
using chat::Refusal;
using nlohmann::json;

constexpr seconds due_retry{1};
constexpr std::chrono::hours cheer_stale_after{1};  // what was cheered longer ago is not said any more
constexpr std::string_view not_said = "the message was not said";
store::Actor by_itself() {
  return {UserId(), "chatd", "local"};
}

chat::Till::Payment payment_of(const Result<std::optional<store::Cheered>>& paid, const chat::Message& line) {
  if (!paid) {
    if (paid.error().code == Errc::conflict) return Refusal{Reason::not_enough_bits};
    if (paid.error().code == Errc::denied)
      return Refusal{.reason = Reason::banned, .detail = line.channel_name};
    log::error("a cheer could not be paid", {paid.error()});
    return Refusal{Reason::not_paid};
  }
  if (!*paid) return chat::Till::NoCheer{};
  const store::Cheer& cheer = (*paid)->cheer;
  if (cheer.state == store::CheerState::reserved) return Refusal{.reason = Reason::held, .detail = line.id};
  if (cheer.state == store::CheerState::returned) return Refusal{Reason::rejected};
  // Its key's cheer is said by another node, or at this one's start, or long has been: once for one payment.
  if ((*paid)->repeated) return Refusal{Reason::on_its_way};
  return chat::Till::Paid{};
}

// What can be read of it; nothing is unpacked of subctl's, which are only words.
Result<chat::Message> message_of(const store::Cheer& cheer) {
  chat::Message message;
  if (!cheer.whole.empty()) {
    SLUICE_TRY_VALUE(chat::Unpacked unpacked, chat::unpack_held(cheer.whole));
    message = std::move(unpacked.message);
  } else {
    message.id = cheer.message_id;
    message.author = {cheer.user, cheer.user_name, cheer.user_display_name, cheer.user_color};
    message.text = cheer.text;
  }
  message.bits = cheer.bits;
  message.anonymous = cheer.anonymous;
  return message;
}
}  // namespace

bool is_cheer(const store::Event& event) {
  return event.name == "channel.cheer";
}

std::string cheered_by(const store::Event& event) {
  return text_of(json::parse(event.payload, nullptr, false), "message_id");
}

void StoreTill::pay(const chat::Message& line, Then then) {
  chat::Message kept = line;
  kept.address.clear();  // the audit entry has it
  const store::CheerOrder order{.channel = line.channel,
                                .user = line.author.id,
                                .text = line.text,
                                .anonymous = line.anonymous,
                                .message_id = line.id,
                                .whole = chat::pack_held(kept, node_),
                                .node = node_};
  const store::Actor actor{line.author.id, line.author.login, line.address.empty() ? "chat" : line.address};
  const auto ask = [&store = parts_.store, order, actor]() -> Result<std::optional<store::Cheered>> {
    SLUICE_TRY_VALUE(const auto balance, store.bits().balance(order.user));
    if (!balance) return std::nullopt;
    SLUICE_TRY_VALUE(store::Cheered cheered, store.bits().cheer(order, actor, {}));
    return cheered;
  };
  parts_.offload.run(
      ask, [this, &line, then = std::move(then)](const Result<std::optional<store::Cheered>>& paid) {
        if (paid && *paid &&
            !(*paid)->cheer.anonymous)  // its badge is that of this cheer, whose event comes later
          parts_.rooms.people().cheerers.put((*paid)->cheer.user, (*paid)->cheer.channel, (*paid)->total);
        then(payment_of(paid, line));
      });
}

void StoreTill::give_back(const std::string& message_id) {
  const auto ask = [&store = parts_.store, message_id] {
    return store.bits().give_back(message_id, not_said, by_itself());
  };
  parts_.offload.run(ask, [this, message_id](Result<bool> returned) {
    if (returned) return;
    log::error("the bits of a message that was not said cannot be given back yet; it is tried again",
               {{"message", message_id}, returned.error()});
    returns_.push_back(message_id);
    try_again();
  });
}

void StoreTill::catch_up(const store::Event& event) {
  const bool stale = event.at + cheer_stale_after < system_clock().wall();
  parts_.progress.begin(event.cursor);
  due_.push_back({event.cursor, cheered_by(event), stale});
}

void StoreTill::begin() {
  for (const Due& due : std::exchange(due_, {})) say(due);
}

void StoreTill::take(const store::Event& event) {
  if (!is_cheer(event)) return;
  const Due due{event.cursor, cheered_by(event)};
  if (!parts_.path.knows(due.message_id)) {
    parts_.progress.begin(due.cursor);
    return say(due);
  }
  if (archivist_ != nullptr) archivist_->settle(parts_.progress.done().value());  // it is with the archivist
}

void StoreTill::say(const Due& due) {
  const auto ask = [&store = parts_.store, due, node = node_]() -> Result<std::optional<store::Cheer>> {
    SLUICE_TRY_VALUE(store::Cheer cheer, store.bits().by_message(due.message_id));
    if (cheer.state != store::CheerState::paid) return std::nullopt;
    if (cheer.node != node && !cheer.node.empty()) return std::nullopt;
    if (cheer.node.empty()) {
      SLUICE_TRY_VALUE(const bool mine, store.bits().claim(due.message_id, node));
      if (!mine) return std::nullopt;
    }
    if (!due.stale) return cheer;
    log::warn("a cheer of long ago is not said any more; its bits are given back",
              {{"message", due.message_id}});
    SLUICE_TRY(store.bits().give_back(due.message_id, not_said, by_itself()));
    return std::nullopt;
  };
  parts_.offload.run(ask, [this, due](const Result<std::optional<store::Cheer>>& cheer) {
    if (!cheer && cheer.error().code != Errc::not_found) return again(due, cheer.error());
    if (!cheer || !*cheer) return end(due.cursor);
    std::string channel = (*cheer)->channel_name;
    parts_.directory.find_channel(std::move(channel),
                                  [this, due, cheer = **cheer](Result<chat::Channel> found) {
                                    if (!found && found.error().code != Errc::not_found)
                                      return again(due, found.error());
                                    if (!found) return end(due.cursor);
                                    say(due, cheer, *found);
                                  });
  });
}

void StoreTill::say(const Due& due, const store::Cheer& cheer, const chat::Channel& channel) {
  auto message = message_of(cheer);
  if (!message) {
    log::error("a cheer cannot be read, and is not said", {message.error()});
    give_back(due.message_id);
    return end(due.cursor);
  }
  const auto then = [this, due](const chat::Outcome& outcome) {
    if (outcome || outcome.error().reason == Reason::held) return end(due.cursor);
    log::info("a cheer was not said",
              {{"message", due.message_id}, {"why", chat::name(chat::words_for(outcome.error()).code)}});
    // Its bits have been given back, or else the answer was that of its sender's repeat, which it was one
    // with.
    later_.push_back(due);
    try_again();
  };
  parts_.path.say_paid(parts_.rooms.open(channel), *std::move(message), !cheer.whole.empty(), then);
}

void StoreTill::again(const Due& due, const Error& error) {
  log::error("a cheer cannot be said yet; it is tried again", {error});
  later_.push_back(due);
  try_again();
}

void StoreTill::try_again() {
  if (std::exchange(tries_again_, true)) return;
  retry_.after(due_retry, [this] {
    tries_again_ = false;
    for (const std::string& id : std::exchange(returns_, {})) give_back(id);
    for (const Due& due : std::exchange(later_, {})) say(due);
  });
}

void StoreTill::end(store::Cursor cursor) {
  parts_.progress.end(cursor);
  if (archivist_ != nullptr) archivist_->settle(parts_.progress.done().value());
}

}  // namespace sluice::chatd
