#include "counters.hpp"

namespace sluice::chatd {

Counters::Counters(const std::string& instance)
    : web_sockets(metrics::gauge("twitch_websocket_connections", "WebSocket connections",
                                 {{"server_instance", instance}})),
      irc(metrics::gauge("sluice_chat_irc_connections", "IRC connections over TCP")),
      rooms(metrics::gauge("sluice_chat_rooms", "rooms with somebody in them")),
      viewers(metrics::gauge("twitch_total_viewers", "people in all rooms of this node")),
      viewer_count(metrics::gauge("twitch_viewer_count", "the same as twitch_total_viewers")),
      deliveries(metrics::counter("sluice_chat_deliveries_total", "writes of lines to members")),
      left_out(metrics::counter("sluice_chat_left_out_total",
                                "messages that a busy room's members were not all shown")),
      slow(metrics::counter("sluice_chat_slow_consumers_total",
                            "connections dropped because they read too slowly")),
      refused(metrics::counter("sluice_chat_refused_connections_total",
                               "connections turned away for being beyond the limits on connections")),
      lost(metrics::gauge("sluice_chat_history_lost",
                          "messages that were not written to the history: too many had to wait")) {}

void Counters::count(const chat::Message& message) {
  auto& counter = messages_[message.channel];
  if (counter == nullptr)
    counter = &metrics::counter("twitch_chat_messages_total", "messages published",
                                {{"channel_id", std::to_string(message.channel.value())}});
  counter->Increment();
}

// The log tells of every channel of the platform, also of those that nobody is in: past so many, which no
// dashboard shows, they are counted together.
void Counters::count_act(std::string_view act, ChannelId channel) {
  constexpr std::size_t most_channels = 1000;
  const bool own = moderated_.contains(channel) || moderated_.size() < most_channels;
  if (own) moderated_.insert(channel);
  metrics::counter(
      "twitch_moderation_actions_total", "acts of moderation, whichever program did them",
      {{"action", std::string(act)}, {"channel_id", own ? std::to_string(channel.value()) : "other"}})
      .Increment();
}

}  // namespace sluice::chatd
