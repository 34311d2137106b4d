#include "redis_link.hpp"

#include "base/backoff.hpp"
#include "log/log.hpp"
#include "metrics/breaker.hpp"

namespace sluice::transcode {

namespace {
constexpr Backoff backoff{.first = milliseconds(100), .most = milliseconds(5000), .jitter_percent = 15};
constexpr seconds settled{5};  // a connection that lasted so long was a good one

void show(metrics::Breaker state) {
  static prometheus::Gauge& gauge = metrics::breaker("redis");
  gauge.Set(metrics::value_of(state));
}
}

RedisLink::RedisLink(net::Loop& loop, redis::Url url, Calls calls)
    : loop_(loop), url_(std::move(url)), addresses_(loop, url_.host, url_.port), retry_(loop), calls_(std::move(calls)) {
  connect();
}

RedisLink::~RedisLink() { close(); }

void RedisLink::close() {
  *alive_ = false;
  show(metrics::Breaker::closed);  // nobody needs it any more
  retry_.cancel();
  if (connection_) connection_->close();
  connection_.reset();
}

void RedisLink::connect() {
  show(metrics::Breaker::half_open);
  const auto broken = [this, alive = alive_](const Error& why) {
    if (*alive) lost(why);
  };
  redis::Connection::open(loop_, addresses_, {.url = url_, .broken = broken}, [this, alive = alive_](Result<std::shared_ptr<redis::Connection>> done) {
    if (!*alive) return;
    if (!done) return lost(done.error());
    connection_ = std::move(*done);
    up_since_ = system_clock().steady();
    show(metrics::Breaker::closed);
    if (!std::exchange(told_, {}).empty()) log::info("Redis is back", {{"redis", url_.text()}});
    calls_.up();
  });
}

void RedisLink::lost(const Error& why) {
  const bool was_up = connection_ != nullptr;
  connection_.reset();
  trouble_ = why.what;
  if (std::exchange(told_, trouble_) != trouble_) log::warn("Redis is away: trying again", {{"redis", url_.text()}, why});
  if (was_up && system_clock().steady() - up_since_ >= settled) failures_ = 0;
  show(metrics::Breaker::open);
  retry_.after(backoff.after(++failures_, system_random()), [this] { connect(); });
  if (calls_.failed) calls_.failed(why);
  if (was_up) calls_.down();
}

void RedisLink::command(std::vector<std::string> words, redis::Connection::Answer answer, milliseconds patience) {
  connection_->command(std::move(words), [alive = alive_, answer = std::move(answer)](Result<redis::Reply> reply) {
    if (*alive) answer(std::move(reply));
  }, patience);
}

}  // namespace sluice::transcode
