#include "live_events.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "metrics/metrics.hpp"

namespace sluice::webd {
namespace {

constexpr std::array<std::string_view, 3> public_events{"stream.online", "stream.offline", "channel.update"};
constexpr std::size_t remembered = 1000;
constexpr std::size_t slow = 256 * 1024;        // unsent bytes at which a page is let go; it comes back by itself
constexpr std::chrono::seconds keep_alive{15};  // proxies cut what is silent for longer

SharedBytes shared(std::string_view text) { return std::make_shared<const Bytes>(to_bytes(text)); }

}  // namespace

LiveEvents::LiveEvents(net::Loop& loop, store::Cursor start) : known_after_(start.value()), rhythm_(loop) {
  rhythm_.every(keep_alive, [this, beat = shared(": still here\n\n")] { send(beat, 0); });
}

void LiveEvents::publish(const store::Event& event) {
  if (std::ranges::find(public_events, event.name) == public_events.end()) return;
  auto data = nlohmann::ordered_json::parse(event.payload, nullptr, false);
  if (!data.is_object()) return;
  data["channel_id"] = std::to_string(event.channel.value());
  auto text = "id: " + std::to_string(event.cursor.value()) + "\nevent: " + event.name + "\ndata: " + data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n\n";
  recent_.push_back({event.cursor.value(), event.channel.value(), shared(text)});
  if (recent_.size() > remembered) {
    known_after_ = recent_.front().cursor;
    recent_.pop_front();
  }
  send(recent_.back().bytes, event.channel.value());
}

void LiveEvents::send(const SharedBytes& bytes, std::int64_t channel) {
  for (auto at = subscribers_.begin(); at != subscribers_.end();) {
    auto current = at++;
    if (channel != 0 && current->channel != 0 && current->channel != channel) continue;
    current->responder.write(bytes);
    if (current->responder.queued() > slow) {
      current->responder.end();
      subscribers_.erase(current);
    }
  }
}

void LiveEvents::subscribe(const http::Request& request, const http::Responder& responder) {
  auto channel = parse_number<std::int64_t>(request.parameter("channel").value_or("0")).value_or(0);
  auto last = parse_number<std::int64_t>(request.header("Last-Event-ID"));
  http::Response head;
  head.with("Content-Type", "text/event-stream").with("Cache-Control", "no-store").with("X-Accel-Buffering", "no");
  responder.begin_stream(std::move(head));
  if (responder.gone()) return;  // HEAD
  responder.write(shared("retry: 2000\n\n"));
  if (last && *last < known_after_) {
    responder.write(shared("event: reset\ndata: {}\n\n"));
  } else if (last) {
    for (const auto& event : recent_)
      if (event.cursor > *last && (channel == 0 || event.channel == channel)) responder.write(event.bytes);
  }
  subscribers_.push_back({responder, channel});
  auto self = std::prev(subscribers_.end());
  static auto& open = metrics::gauge("sluice_web_event_streams", "Pages that listen for live events.");
  open.Set(static_cast<double>(subscribers_.size()));
  responder.on_gone([this, self] {
    subscribers_.erase(self);
    open.Set(static_cast<double>(subscribers_.size()));
  });
}

void LiveEvents::end_all() {
  for (auto& subscriber : std::exchange(subscribers_, {})) subscriber.responder.end();
}

}  // namespace sluice::webd
