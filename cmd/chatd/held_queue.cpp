#include "held_queue.hpp"

#include <algorithm>
#include <span>

#include <nlohmann/json.hpp>

#include "chat/held.hpp"
#include "chat/irc_lines.hpp"
#include "event_fields.hpp"
#include "log/log.hpp"
#include "store_directory.hpp"

namespace sluice::chatd {

namespace {
using chat::Reason;
using chat::Refusal;
using nlohmann::json;

constexpr milliseconds shortest_rhythm{1000}, longest_rhythm{10'000};
constexpr seconds decision_retry{1};
constexpr std::size_t most_at_once = 200;              // in a transaction: others write between two
constexpr std::chrono::hours approval_stale_after{1};  // what was approved longer ago is not said any more

std::vector<chat::Boundary> boundaries_of(const json& payload) {
  std::vector<chat::Boundary> boundaries;
  const auto add = [&](const json& boundary) {
    boundaries.push_back({static_cast<std::uint32_t>(number_of(boundary, "start_pos", 0)),
                          static_cast<std::uint32_t>(number_of(boundary, "end_pos", 0))});
  };
  if (const auto automod = payload.find("automod"); automod != payload.end() && automod->is_object())
    for (const json& boundary : automod->value("boundaries", json::array())) add(boundary);
  if (const auto term = payload.find("blocked_term"); term != payload.end() && term->is_object())
    for (const json& found : term->value("terms_found", json::array()))
      add(found.is_object() ? found.value("boundary", json()) : json());
  return boundaries;
}

chat::Held held_of(const store::Event& event, const json& payload) {
  chat::Held held{.channel = text_of(payload, "channel"),
                  .id = text_of(payload, "message_id"),
                  .user = user_of(payload),
                  .text = text_of(payload.value("message", json()), "text"),
                  .reason = text_of(payload, "reason"),
                  .category = text_of(payload.value("automod", json()), "category"),
                  .level = static_cast<int>(number_of(payload.value("automod", json()), "level", 0)),
                  .boundaries = boundaries_of(payload),
                  .at = event.at};
  return held;
}

// A held message as it was packed, and what is paid for it.
struct Kept {
  std::string whole;
  std::optional<store::Cheer> cheer;
};
Result<Kept> read_held(store::Store& store, const std::string& id) {
  SLUICE_TRY_VALUE(store::HeldMessage held, store.held_messages().by_id(id));
  auto cheer = store.bits().by_message(id);
  if (!cheer && cheer.error().code != Errc::not_found) return std::unexpected(cheer.error());
  return Kept{std::move(held.whole), cheer ? std::optional(*std::move(cheer)) : std::nullopt};
}

Refusal refusal_of(const Result<store::HeldMessage>& kept) {
  if (!kept && kept.error().code == Errc::conflict) return {Reason::not_enough_bits};
  if (!kept) {
    log::error("a message could not be kept for the moderators", {kept.error()});
    return {Reason::unavailable};
  }
  const bool denied = kept->state == store::HeldState::denied || kept->state == store::HeldState::expired;
  return {.reason = denied ? Reason::rejected : Reason::held, .detail = kept->id};
}
}  // namespace

HeldQueue::HeldQueue(net::Loop& loop, LateParts parts, chat::Till& till, std::string node, Times times)
    : parts_(parts),
      till_(till),
      node_(std::move(node)),
      times_(times),
      rhythm_(loop),
      forgetting_(loop),
      retry_(loop) {}

void HeldQueue::begin() {
  const milliseconds rhythm = std::clamp(times_.waits / 10, shortest_rhythm, longest_rhythm);
  if (times_.waits.count() > 0) rhythm_.every(rhythm, [this] { expire(); });
  forgetting_.every(std::chrono::hours(1), [this] { forget(); });
  forget();
}

void HeldQueue::change(Times times) {
  times_ = times;
  rhythm_.cancel();
  begin();
}

void HeldQueue::forget() {
  const Wall before = system_clock().wall() - times_.kept;
  parts_.offload.run([&store = parts_.store, before] { return store.held_messages().forget(before); },
                     [](Result<std::size_t> forgotten) {
                       if (!forgotten)
                         log::warn("held messages of long ago are not forgotten", {forgotten.error()});
                     });
}

void HeldQueue::expire() {
  const Wall until = system_clock().wall() - times_.waits;
  parts_.offload.run([&store = parts_.store, until] { return store.held_messages().expire(until); },
                     [](Result<std::size_t> expired) {
                       if (!expired) log::warn("held messages did not expire", {expired.error()});
                     });
}

void HeldQueue::hold(const chat::Message& line, const chat::AutomodVerdict& verdict, chat::Gate::Then then) {
  const bool term = chat::by_own_words(verdict);
  store::HeldMessage held{.id = line.id,
                          .channel = line.channel,
                          .user = line.author.id,
                          .user_name = {},
                          .user_display_name = {},
                          .text = line.text,
                          .whole = chat::pack_held(line, node_),
                          .reason = term ? "blocked_term" : "automod",
                          .category = term ? "" : verdict.category,
                          .level = verdict.level,
                          .boundaries = {},
                          .cheers = line.bits > 0,
                          .anonymous = line.anonymous,
                          .held_at = {},
                          .decided_by = {},
                          .decided_at = {}};
  for (const chat::Boundary& boundary : verdict.where)
    held.boundaries.push_back({boundary.first, boundary.last});
  waiting_.push_back({std::move(held), std::move(then)});
  write();
}

// One transaction for all that came while the last was being written: each is a wait for the disk.
void HeldQueue::write() {
  if (writing_ || waiting_.empty()) return;
  writing_ = true;
  const std::size_t many = std::min(waiting_.size(), most_at_once);
  std::vector<store::HeldMessage> held;
  std::vector<chat::Gate::Then> thens;
  for (Waiting& each : std::span(waiting_).first(many)) {
    held.push_back(std::move(each.held));
    thens.push_back(std::move(each.then));
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(many));
  parts_.offload.run(
      [&store = parts_.store, held = std::move(held)]() mutable {
        return store.held_messages().hold_all(std::move(held));
      },
      [this, thens = std::move(thens)](std::vector<Result<store::HeldMessage>> kept) {
        writing_ = false;
        write();
        for (std::size_t i = 0; i < thens.size(); ++i) thens[i](refusal_of(kept[i]));
      });
}

void HeldQueue::take(const store::Event& event) {
  if (event.name == "automod.message.hold") return tell_held(event);
  if (event.name != "automod.message.update") return;
  tell_decided(event);
  if (text_of(json::parse(event.payload, nullptr, false), "status") != "approved") return;
  parts_.progress.begin(event.cursor);
  approved(event);
}

void HeldQueue::tell_held(const store::Event& event) {
  const json payload = json::parse(event.payload, nullptr, false);
  const chat::Room* room = parts_.rooms.find(text_of(payload, "channel"));
  if (room == nullptr) return;
  const chat::Held held = held_of(event, payload);
  room->tell([&](const chat::Member& member) { return room->roles_of(*member.user).moderates(); },
             [&](std::string& out, const chat::Wire& wire) {
               if (wire.json) chat::write_held(out, held);
             },
             parts_.rooms.style());
}

// Moderators' pages are told who decided, the author what it came to; one that is approved is seen by all.
void HeldQueue::tell_decided(const store::Event& event) {
  const json payload = json::parse(event.payload, nullptr, false);
  chat::Decided decided{.channel = text_of(payload, "channel"),
                        .id = text_of(payload, "message_id"),
                        .user = user_of(payload),
                        .status = text_of(payload, "status"),
                        .by = std::nullopt,
                        .at = event.at};
  if (const chat::User by = user_of(payload, "moderator_"); !by.login.empty()) decided.by = by;
  const bool said = decided.status == "approved";
  if (!said) parts_.path.forget_held(decided.id);
  const chat::Room* room = parts_.rooms.find(decided.channel);
  if (room == nullptr) return;
  const auto moderates = [&](const chat::Member& member) { return room->roles_of(*member.user).moderates(); };
  const auto author = [&](const chat::Member& member) { return member.user->id == decided.user.id; };
  room->tell(
      moderates,
      [&](std::string& out, const chat::Wire& wire) {
        if (wire.json) chat::write_decided(out, decided, true);
      },
      parts_.rooms.style());
  room->tell([&](const chat::Member& member) { return author(member) && !moderates(member); },
             [&](std::string& out, const chat::Wire& wire) {
               if (wire.json) return chat::write_decided(out, decided, false);
               if (said || !wire.commands) return;
               const chat::IrcStyle style{parts_.rooms.host(), wire.tags};
               if (decided.status == "denied") {
                 const chat::RefusalWords words = chat::words_for(Refusal{Reason::rejected});
                 chat::write_notice(out, style, decided.channel, words.notice_id, words.text);
               } else {
                 chat::write_notice(out, style, decided.channel, "msg_rejected",
                                    "Your message was not sent: no moderator has looked at it in time.");
               }
             },
             parts_.rooms.style());
}

void HeldQueue::approved(const store::Event& event) {
  const json payload = json::parse(event.payload, nullptr, false);
  const std::string id = text_of(payload, "message_id"), channel = text_of(payload, "channel");
  const auto again = [this, event](const Error& error) {
    log::error("an approved message cannot be published yet; it is tried again", {error});
    again_.push_back(event);
    retry_.after(decision_retry, [this] {
      for (const store::Event& late : std::exchange(again_, {})) approved(late);
    });
  };
  const auto ask = [&store = parts_.store, id] { return read_held(store, id); };
  parts_.offload.run(ask, [this, event, channel, again](Result<Kept> kept) {
    if (!kept && kept.error().code != Errc::not_found) return again(kept.error());
    const auto line =
        kept ? chat::unpack_held(kept->whole) : Result<chat::Unpacked>(std::unexpected(kept.error()));
    if (!line) log::error("an approved message cannot be read", {line.error()});
    if (!line || line->node != node_) return settle(event.cursor);
    std::string name = channel;
    parts_.directory.find_channel(std::move(name), [this, event, again, line = *line,
                                                    cheer = kept->cheer](Result<chat::Channel> found) {
      if (!found && found.error().code != Errc::not_found) return again(found.error());
      if (found) publish(parts_.rooms.open(*found), line.message, cheer);
      settle(event.cursor);
    });
  });
}

// A cheer is one when it is paid; a message that was to be anonymous is said as nothing else.
chat::MessagePtr HeldQueue::publish(chat::Room& room, chat::Message line,
                                    const std::optional<store::Cheer>& cheer) {
  const bool paid = cheer && cheer->state == store::CheerState::paid;
  const std::string id = line.id;
  if (paid) line.bits = cheer->bits;
  const bool as_meant = paid || (!cheer && !line.anonymous);
  const chat::MessagePtr published = as_meant ? parts_.path.publish_held(room, std::move(line)) : nullptr;
  if (published) return published;
  log::info(
      "an approved message is not published: it has been, its author is banned, or its bits were given back",
      {{"message", id}});
  if (paid && !parts_.path.knows(id) && !room.history().find(id)) till_.give_back(id);
  return nullptr;
}

void HeldQueue::settle(store::Cursor cursor) {
  parts_.progress.end(cursor);
  if (archivist_ != nullptr) archivist_->settle(parts_.progress.done().value());
}

Result<std::vector<chat::MessagePtr>> HeldQueue::catch_up(const std::vector<store::Event>& events,
                                                          const Known& known, const Open& open) {
  std::vector<chat::MessagePtr> published;
  for (const store::Event& event : events) {
    const json payload = json::parse(event.payload, nullptr, false);
    const std::string id = text_of(payload, "message_id");
    SLUICE_TRY_VALUE(const bool there, known(id));
    if (there) continue;
    const auto held = read_held(parts_.store, id);
    if (!held && held.error().code == Errc::not_found) continue;
    if (!held) return std::unexpected(held.error());
    const auto line = chat::unpack_held(held->whole);
    if (!line || line->node != node_) continue;
    if (event.at + approval_stale_after < system_clock().wall()) {
      log::warn("a message that was approved long ago is not published", {{"message", id}});
      if (held->cheer && held->cheer->state == store::CheerState::paid) till_.give_back(id);
      continue;
    }
    SLUICE_TRY_VALUE(const store::Channel channel,
                     parts_.store.channels().by_name(text_of(payload, "channel")));
    SLUICE_TRY_VALUE(chat::Room * room, open(channel));
    if (const auto message = publish(*room, line->message, held->cheer)) published.push_back(message);
  }
  return published;
}

bool is_approval(const store::Event& event) {
  return event.name == "automod.message.update" &&
         text_of(json::parse(event.payload, nullptr, false), "status") == "approved";
}

}  // namespace sluice::chatd
