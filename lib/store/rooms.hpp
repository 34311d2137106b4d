#pragma once
// What each channel's chat room is set to. A channel that nobody has changed has the defaults.
#include "base/ids.hpp"
#include "base/result.hpp"
#include "platform/ban_evasion.hpp"
#include "platform/room_settings.hpp"
#include "store/audit.hpp"

namespace sluice::store {

template <class Settings>
struct SettingsChange {
  Settings before, after;
  bool changed() const { return !(before == after); }
};

class Rooms {
 public:
  virtual ~Rooms() = default;
  virtual Result<platform::RoomSettings> settings(ChannelId channel) = 0;  // Errc::not_found
  virtual Result<platform::AutomodSettings> automod(ChannelId channel) = 0;
  virtual Result<platform::EvasionSettings> evasion(ChannelId channel) = 0;
  // Errc::invalid as platform::apply() says, Errc::not_found for the channel. Where something changed it is
  // audited (room.settings, automod.settings, evasion.settings; the context has what changed, before and
  // after) and emits channel.chat_settings.update, automod.settings.update or evasion.settings.update.
  virtual Result<SettingsChange<platform::RoomSettings>> change(ChannelId channel,
                                                                const platform::RoomSettingsPatch& patch,
                                                                const Actor& actor) = 0;
  virtual Result<SettingsChange<platform::AutomodSettings>> change(ChannelId channel,
                                                                   const platform::AutomodPatch& patch,
                                                                   const Actor& actor) = 0;
  virtual Result<SettingsChange<platform::EvasionSettings>> change(ChannelId channel,
                                                                   const platform::EvasionPatch& patch,
                                                                   const Actor& actor) = 0;
};

}  // namespace sluice::store
