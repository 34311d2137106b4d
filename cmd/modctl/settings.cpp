// settings: what a channel's chat is set to.
#include "commands.hpp"
#include "output.hpp"
#include "platform/room_keys.hpp"
#include "room_keys.hpp"
#include "surroundings.hpp"

namespace sluice::modctl {

namespace {
struct Room {
  platform::RoomSettings modes;
  platform::AutomodSettings automod;
  platform::EvasionSettings evasion;
};

Result<Room> read(Platform& platform, const store::Channel& channel) {
  Room room;
  SLUICE_TRY_VALUE(room.modes, platform.store->rooms().settings(channel.id));
  SLUICE_TRY_VALUE(room.automod, platform.store->rooms().automod(channel.id));
  SLUICE_TRY_VALUE(room.evasion, platform.store->rooms().evasion(channel.id));
  return room;
}

void show(const app::Settings& settings, const store::Channel& channel, const Room& room) {
  if (settings.flag("json")) {
    Json object{{"channel", channel.name}};
    object.update(json_of(room.modes));
    object["automod_level"] = room.automod.level;
    object["automod_at_deadline"] = platform::name(room.automod.at_deadline);
    object["ban_evasion"] = platform::name(room.evasion.action);
    return print_json(object);
  }
  std::vector<std::vector<std::string>> rows;
  for (const platform::RoomKey& each : platform::room_keys(room.modes, room.automod))
    rows.push_back({each.key, each.value});
  const platform::RoomKey evasion = platform::evasion_key(room.evasion);
  rows.push_back({evasion.key, evasion.value});
  print_table(rows);
}

// One part is one transaction: a value that is out of its range must stop all.
Result<> change(Platform& platform, const store::Channel& channel, const RoomPatch& patch) {
  SLUICE_TRY_VALUE(const Room now, read(platform, channel));
  SLUICE_TRY(platform::apply(patch.modes, now.modes));
  SLUICE_TRY(platform::apply(patch.automod, now.automod));
  store::Rooms& rooms = platform.store->rooms();
  if (patch.has_modes) SLUICE_TRY(rooms.change(channel.id, patch.modes, platform.actor));
  if (patch.has_automod) SLUICE_TRY(rooms.change(channel.id, patch.automod, platform.actor));
  if (patch.has_evasion) SLUICE_TRY(rooms.change(channel.id, patch.evasion, platform.actor));
  return {};
}
}  // namespace

Result<int> settings(const app::Settings& settings, Platform& platform) {
  const std::string name = settings.positional("CHANNEL");
  SLUICE_TRY_VALUE(const RoomPatch patch, parse_room_keys(settings.positionals("SETTING")));
  const bool changes = patch.has_modes || patch.has_automod || patch.has_evasion;
  SLUICE_TRY_VALUE(const store::Channel channel, changes
                                                     ? channel_to_act_in(platform, name, Needed::moderator)
                                                     : named_channel(platform, name));
  if (changes) SLUICE_TRY(change(platform, channel, patch));
  SLUICE_TRY_VALUE(const Room room, read(platform, channel));
  show(settings, channel, room);
  return 0;
}

}  // namespace sluice::modctl
