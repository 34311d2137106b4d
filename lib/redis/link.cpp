#include "redis/link.hpp"

#include "log/log.hpp"

namespace sluice::redis {

namespace {
constexpr seconds settled{5};  // a connection that lasted so long was a good one
}  // namespace

Link::Link(net::Loop& loop, Url url, Calls calls, Habits habits)
    : loop_(loop),
      url_(std::move(url)),
      addresses_(loop, url_.host, url_.port),
      retry_(loop),
      calls_(std::move(calls)),
      habits_(std::move(habits)) {
  connect();
}

void Link::show(metrics::Breaker state) const {
  if (!habits_.circuit.empty()) metrics::breaker(habits_.circuit).Set(metrics::value_of(state));
}

Link::~Link() { close(); }

void Link::close() {
  *alive_ = false;
  show(metrics::Breaker::closed);  // nobody needs it any more
  retry_.cancel();
  if (connection_) connection_->close();
  connection_.reset();
}

void Link::connect() {
  show(metrics::Breaker::half_open);
  const auto broken = [this, alive = alive_](const Error& why) {
    if (*alive) lost(why);
  };
  const auto pushed = [this, alive = alive_](Reply reply) {
    if (*alive) calls_.pushed(std::move(reply));
  };
  Connection::Setup setup{.url = url_, .patience = habits_.patience, .broken = broken};
  if (calls_.pushed) setup.pushed = pushed;
  Connection::open(loop_, addresses_, std::move(setup), [this, alive = alive_](Result<std::shared_ptr<Connection>> done) {
    if (!*alive) return;
    if (!done) return lost(done.error());
    connection_ = std::move(*done);
    up_since_ = system_clock().steady();
    show(metrics::Breaker::closed);
    if (!std::exchange(told_, {}).empty() && habits_.logs) log::info("Redis is back", {{"redis", url_.text()}});
    calls_.up();
  });
}

void Link::give_up(const Error& why) {
  connection_->close();
  lost(why);
}

void Link::lost(const Error& why) {
  const bool was_up = connection_ != nullptr;
  connection_.reset();
  trouble_ = why.what;
  if (std::exchange(told_, trouble_) != trouble_ && habits_.logs) log::warn("Redis is away: trying again", {{"redis", url_.text()}, why});
  if (was_up && system_clock().steady() - up_since_ >= settled) failures_ = 0;
  show(metrics::Breaker::open);
  retry_.after(habits_.backoff.after(++failures_, system_random()), [this] { connect(); });
  if (calls_.failed) calls_.failed(why);
  if (was_up) calls_.down();
}

void Link::command(std::vector<std::string> words, Connection::Answer answer, milliseconds patience) {
  connection_->command(std::move(words), [alive = alive_, answer = std::move(answer)](Result<Reply> reply) {
    if (*alive) answer(std::move(reply));
  }, patience);
}

}  // namespace sluice::redis
