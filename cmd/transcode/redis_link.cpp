#include "redis_link.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "log/log.hpp"

namespace sluice::transcode {

namespace {
constexpr milliseconds shortest_pause{100}, longest_pause{5000};
}

RedisLink::RedisLink(net::Loop& loop, redis::Url url, Calls calls)
    : loop_(loop), offload_(loop), retry_(loop), url_(std::move(url)), calls_(std::move(calls)) {
  connect();
}

RedisLink::~RedisLink() { close(); }

void RedisLink::close() {
  *alive_ = false;
  retry_.cancel();
  if (connection_) connection_->close();
  connection_.reset();
}

void RedisLink::connect() {
  const auto broken = [this, alive = alive_](const Error& why) {
    if (*alive) lost(why);
  };
  redis::Connection::open(loop_, offload_, {.url = url_, .broken = broken}, [this, alive = alive_](Result<std::shared_ptr<redis::Connection>> done) {
    if (!*alive) return;
    if (!done) return lost(done.error());
    connection_ = std::move(*done);
    pause_ = milliseconds(0);
    if (std::exchange(told_, false)) log::info("Redis is back", {{"redis", url_.text()}});
    calls_.up();
  });
}

void RedisLink::lost(const Error& why) {
  const bool was_up = connection_ != nullptr;
  connection_.reset();
  trouble_ = why.what;
  if (!std::exchange(told_, true)) log::warn("Redis is away: trying again", {{"redis", url_.text()}, why});
  pause_ = std::clamp(pause_ * 2, shortest_pause, longest_pause);
  const milliseconds jitter(static_cast<std::int64_t>(system_random().below(static_cast<std::uint64_t>(pause_.count() / 4 + 1))));
  retry_.after(pause_ + jitter, [this] { connect(); });
  if (was_up) calls_.down();
}

void RedisLink::command(std::vector<std::string> words, redis::Connection::Answer answer, milliseconds patience) {
  connection_->command(std::move(words), [alive = alive_, answer = std::move(answer)](Result<redis::Reply> reply) {
    if (*alive) answer(std::move(reply));
  }, patience);
}

}  // namespace sluice::transcode
