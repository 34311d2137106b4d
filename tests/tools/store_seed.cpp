// rooms: store
// Fills a store for tests, one command a run:
//   store_seed URL user NAME | channel NAME OWNER | token USER SCOPES | ticket TOKEN | live CHANNEL | viewers
//   CHANNEL | raid CHANNEL RAIDER
// Prints what was made: an id, a secret, or a count.
#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "store/payloads.hpp"
#include "store/store.hpp"

using namespace sluice;

namespace {
const store::Actor tester{UserId(0), "tester", "local"};

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
}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  auto store = store::open_store(argv[1]);
  const auto made = store ? make(**store, argv[2], argv[3], argc > 4 ? argv[4] : "")
                          : Result<std::string>(std::unexpected(store.error()));
  if (!made) {
    std::fprintf(stderr, "store_seed: %s\n", made.error().what.c_str());
    return 1;
  }
  std::printf("%s\n", made->c_str());
}
