#include "nodes.hpp"

#include <sys/stat.h>

#include "base/text.hpp"
#include "log/log.hpp"
#include "os/file.hpp"

namespace sluice::chatd {

namespace {
constexpr milliseconds answer_time{1000};       // for a PUBLISH
constexpr std::size_t most_published = 10'000;  // PUBLISHes without an answer
constexpr milliseconds canary_patience{3000};
constexpr milliseconds tick_time{100};
constexpr milliseconds deaf_after{5000};
constexpr milliseconds hearing_time{250};  // for the others' first answers
constexpr milliseconds begin_time{2000};   // then it begins without them

redis::Link::Habits habits(bool logs) {
  return {.backoff = {.first = milliseconds(100), .most = milliseconds(1000), .jitter_percent = 15},
          .patience = milliseconds(2000),
          .logs = logs};
}
}  // namespace

Result<std::optional<redis::Url>> chat_bus(const app::Settings& settings) {
  if (!settings.has("chat-bus")) return std::nullopt;
  SLUICE_TRY_VALUE(redis::Url url, redis::parse_url(settings.text("chat-bus")));
  if (!url.password.empty() && settings.origin("chat-bus") == "command line")
    return fail(Errc::config, "--chat-bus: a password on the command line can be seen by everybody",
                "put it into a file: --redis-password-file FILE");
  if (!settings.has("redis-password-file")) return url;
  const std::string path = settings.text("redis-password-file");
  SLUICE_TRY_VALUE(const std::string content, os::read_file(path));
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & S_IROTH) != 0)
    return fail(Errc::config, "everybody can read " + path, "chmod 600 it");
  url.password = trim(std::string_view(content).substr(0, content.find_first_of("\r\n")));
  if (url.password.empty()) return fail(Errc::config, path + " holds no password");
  return url;
}

Nodes::Nodes(net::Loop& loop, redis::Url url, chat::Rooms& rooms, std::string name, Calls calls)
    : loop_(loop),
      calls_(std::move(calls)),
      exchange_(rooms, std::move(name), clock_, *this),
      rhythm_(loop),
      begin_(loop),
      limits_(loop, publisher_, rooms.origin(), calls_.longest_cooldown),
      publisher_(loop, url,
                 {.up =
                      [this] {
                        limits_.connected();
                        connected();
                      },
                  .down =
                      [this] {
                        limits_.broken();
                        broken();
                      }},
                 habits(true)),
      subscriber_(loop, url,
                  {.up = [this] { connected(); },
                   .down = [this] { broken(); },
                   .pushed = [this](redis::Reply reply) { pushed(reply); }},
                  habits(false)) {
  breaker_.lost(clock_.steady());
  rhythm_.every(tick_time, [this] { tick(); });
  begin_.after(begin_time, [this] { calls_.begun(); });
}

app::Health Nodes::health() const {
  app::Health health{"chat-bus", true, 0, {}};
  const auto& canary = exchange_.canary();
  if (const auto time = canary.round_trip())
    health.latency_ms = std::chrono::duration<double, std::milli>(*time).count();
  if (!up_) {
    health.ok = false;
    health.error = publisher_.is_up() ? subscriber_.trouble() : publisher_.trouble();
  } else if (const Steady now = clock_.steady(); !canary.well(now, canary_patience)) {
    health.ok = false;
    health.error = "no line has come back from Redis for " +
                   std::to_string(std::chrono::floor<seconds>(now - canary.last_back()).count()) + " s";
  }
  return health;
}

// ---- the connections

void Nodes::connected() {
  if (publisher_.is_up()) breaker_.reached(clock_.steady());
  if (!publisher_.is_up() || !subscriber_.is_up()) return;
  trying_ = false;
  up_ = true;
  exchange_.up();
}

void Nodes::broken() {
  if (!publisher_.is_up()) breaker_.lost(clock_.steady());
  trying_ = false;
  if (!std::exchange(up_, false)) return;
  exchange_.down();
}

void Nodes::tick() {
  exchange_.tick();
  // The publisher sees by itself that nobody answers; who only listens does not.
  if (const Steady now = clock_.steady();
      up_ && !exchange_.canary().well(now, deaf_after) && now - heard_anew_ > deaf_after) {
    heard_anew_ = now;
    log::warn("Redis delivers nothing: subscribing anew", {});
    subscriber_.give_up({Errc::unavailable, "nothing that was published came back", ""});
  }
  limits_.tick();
  counters_.show(exchange_, breaker_.state(clock_.steady()));
}

// ---- publishing

void Nodes::publish(const std::string& channel, std::string text) {
  const auto state = breaker_.state(clock_.steady());
  const bool tries = state == nodes::Breaker::State::half_open;
  if (!publisher_.is_up() || state == nodes::Breaker::State::open || (tries && trying_) ||
      publisher_.waiting() >= most_published)
    return counters_.unsent.Increment();
  trying_ = tries;
  publisher_.command(
      {"PUBLISH", channel, std::move(text)}, [this](const Result<redis::Reply>& answer) { answered(answer); },
      answer_time);
}

void Nodes::answered(const Result<redis::Reply>& answer) {
  const Steady now = clock_.steady();
  const auto before = breaker_.state(now);
  if (!answer) return breaker_.failed(now);
  breaker_.succeeded(now);
  if (before != nodes::Breaker::State::half_open) return;
  trying_ = false;
  exchange_.compare_all();  // what was not handed over meanwhile
}

// ---- subscribing

void Nodes::subscribe(const std::string& channel) {
  if (subscriber_.is_up()) subscriber_.tell({"SUBSCRIBE", channel});
}

void Nodes::unsubscribe(const std::string& channel) {
  if (subscriber_.is_up()) subscriber_.tell({"UNSUBSCRIBE", channel});
}

void Nodes::pushed(const redis::Reply& reply) {
  const std::string& kind = reply.items[0].text;
  const std::string& channel = reply.items[1].text;
  if (kind == "message") return exchange_.hear(channel, reply.items[2].text);
  if (kind != "subscribe") return;
  exchange_.subscribed(channel);
  if (channel == nodes::Exchange::all_nodes) begin_.after(hearing_time, [this] { calls_.begun(); });
}

void Nodes::malformed(const Error& why) {
  if (const auto left_out = malformed_.next("", clock_.steady()))
    log::warn("something else is published on the chat nodes' channels: ignored",
              {why, {"left_out", *left_out}});
}

void NodeDirectory::find_channel_for(std::string name, const chat::Seen& seen,
                                     std::function<void(Result<chat::Channel>)> answer) {
  if (nodes_ == nullptr) return inner_.find_channel(std::move(name), std::move(answer));
  inner_.find_channel(std::move(name),
                      [this, seen, answer = std::move(answer)](Result<chat::Channel> channel) {
                        if (!channel) return answer(std::move(channel));
                        nodes_->enter(rooms_.open(*channel), seen, [answer, channel] { answer(channel); });
                      });
}

}  // namespace sluice::chatd
