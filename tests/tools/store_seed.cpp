// rooms: store
// Fills a store for tests, one command a run:
//   store_seed URL user NAME | channel NAME OWNER | token USER SCOPES | ticket TOKEN | live CHANNEL | viewers
//   CHANNEL | speakers NAME COUNT (users NAME0… that may chat: `login token` each) | channels NAME COUNT (of
//   as many users of the same names)
//   word CHANNEL PHRASE | automod CHANNEL LEVEL | late CHANNEL hold|allow | held CHANNEL | allow ID | deny ID
//   raid CHANNEL RAIDER
// Prints what was made: an id, a secret, or a count.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <nlohmann/json.hpp>

#include "store/payloads.hpp"
#include "store/store.hpp"

using namespace sluice;

namespace {
const store::Actor tester{UserId(0), "tester", "local"};

Result<std::string> make_speakers(store::Store& store, const std::string& name, int count) {
  std::string made;
  for (int i = 0; i < count; ++i) {
    const std::string login = name + std::to_string(i);
    SLUICE_TRY_VALUE(const auto user, store.users().add(login, ""));
    SLUICE_TRY_VALUE(const auto scopes, platform::parse_scopes("chat:read,chat:edit"));
    SLUICE_TRY_VALUE(const auto token,
                     store.credentials().issue_token(user.id, scopes, std::nullopt, tester));
    if (i > 0) made += '\n';
    made += login + " " + token.secret;
  }
  return made;
}

Result<std::string> make_channels(store::Store& store, const std::string& name, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string channel = name + std::to_string(i);
    SLUICE_TRY_VALUE(const auto owner, store.users().add(channel, ""));
    SLUICE_TRY(store.channels().add(channel, owner.id, ""));
  }
  return std::to_string(count);
}

Result<std::string> make(store::Store& store, const std::string& what, const std::string& name,
                         const std::string& more) {
  if (what == "user") {
    SLUICE_TRY_VALUE(const auto user, store.users().add(name, ""));
    return std::to_string(user.id.value());
  }
  if (what == "channel") {
    SLUICE_TRY_VALUE(const auto owner, store.users().by_name(more));
    SLUICE_TRY_VALUE(const auto channel, store.channels().add(name, owner.id, ""));
    return std::to_string(channel.id.value());
  }
  if (what == "token") {
    SLUICE_TRY_VALUE(const auto user, store.users().by_name(name));
    SLUICE_TRY_VALUE(const auto scopes, platform::parse_scopes(more));
    SLUICE_TRY_VALUE(const auto token,
                     store.credentials().issue_token(user.id, scopes, std::nullopt, tester));
    return token.secret;
  }
  if (what == "speakers") return make_speakers(store, name, std::atoi(more.c_str()));
  if (what == "channels") return make_channels(store, name, std::atoi(more.c_str()));
  if (what == "ticket") {
    SLUICE_TRY_VALUE(const auto ticket, store.credentials().issue_ticket(name));
    return ticket.secret;
  }
  SLUICE_TRY_VALUE(const auto channel, store.channels().by_name(name));
  if (what == "live") {
    SLUICE_TRY(store.leases().take(store::channel_lock(channel.id), "owner", "node"));
    SLUICE_TRY_VALUE(const auto stream, store.streams().begin(channel.id, "owner"));
    SLUICE_TRY(store.streams().go_live(stream.id));
    return stream.id.value();
  }
  if (what == "raid") {  // of 42
    SLUICE_TRY_VALUE(const auto raider, store.users().by_name(more));
    nlohmann::json payload{{"channel", channel.name}, {"viewers", 42}};
    store::put_user(payload, "from_broadcaster_", raider);
    store::put_user(payload, "to_broadcaster_",
                    {channel.owner, channel.owner_name, channel.owner_display_name, {}});
    SLUICE_TRY_VALUE(const auto event, store.events().append("channel.raid", channel.id, payload.dump()));
    return std::to_string(event.cursor.value());
  }
  SLUICE_TRY_VALUE(const auto status, store.streams().status(channel.id));
  return std::to_string(status.viewers);
}

// A word of the channel's own list, which is made when there is none.
Result<std::string> add_word(store::Store& store, const store::Channel& channel, const std::string& phrase) {
  auto list = store.word_lists().by_name(channel.name);
  if (!list) list = store.word_lists().add(channel.name, channel.owner, tester);
  if (!list) return std::unexpected(list.error());
  store::WordListPatch patch;
  patch.put.push_back({phrase, store::WordKind::phrase, store::WordAction::block});
  SLUICE_TRY(store.word_lists().change(list->id, patch, tester));
  SLUICE_TRY(store.word_lists().subscribe(channel.id, list->id, tester));
  return std::to_string(list->id.value());
}

Result<std::string> moderate(store::Store& store, const std::string& what, const std::string& name,
                             const std::string& more) {
  if (what == "allow" || what == "deny") {
    SLUICE_TRY_VALUE(
        const auto held,
        store.held_messages().decide(
            name, what == "allow" ? store::HeldVerdict::allow : store::HeldVerdict::deny, "", tester));
    return held.id;
  }
  SLUICE_TRY_VALUE(const auto channel, store.channels().by_name(name));
  if (what == "word") return add_word(store, channel, more);
  if (what == "held") {
    SLUICE_TRY_VALUE(const auto queue, store.held_messages().queue(channel.id, 0, 100));
    std::string lines;
    for (const auto& held : queue)
      lines += held.id + " " + held.reason + " " + held.category + " " + held.text + "\n";
    return lines;
  }
  platform::AutomodPatch patch;
  if (what == "automod") patch.level = std::stoi(more);
  if (what == "late") {
    SLUICE_TRY_VALUE(patch.at_deadline, platform::parse_at_deadline(more));
  }
  SLUICE_TRY(store.rooms().change(channel.id, patch, tester));
  return what;
}

bool moderates(const std::string& what) {
  for (const char* known : {"word", "automod", "late", "held", "allow", "deny"})
    if (what == known) return true;
  return false;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  auto store = store::open_store(argv[1]);
  const auto made =
      !store ? Result<std::string>(std::unexpected(store.error()))
             : (moderates(argv[2]) ? moderate : make)(**store, argv[2], argv[3], argc > 4 ? argv[4] : "");
  if (!made) {
    std::fprintf(stderr, "store_seed: %s\n", made.error().what.c_str());
    return 1;
  }
  std::printf("%s\n", made->c_str());
}
