#include "posting.hpp"

#include <utility>

#include "log/log.hpp"

namespace sluice::transcode {

namespace {
constexpr seconds look_period{1};
constexpr const char* most_entries = "10000";  // of the Stream; what is older has no dispatcher any more
constexpr const char* searched = "200";        // of the newest entries, for one of ours

// [id, [name, value, …]]
bool is_ours(const redis::Reply& entry, const relay::Fields& fields) {
  if (entry.items.size() != 2 || entry.items[1].items.size() != 2 * fields.size()) return false;
  const auto& words = entry.items[1].items;
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (words[2 * i].text != fields[i].first || words[2 * i + 1].text != fields[i].second) return false;
  return true;
}
}  // namespace

Posting::Posting(net::Loop& loop, redis::Url url, QueueKeys keys, relay::Fields fields, Calls calls)
    : looks_(loop), patience_(loop), keys_(std::move(keys)), fields_(std::move(fields)), calls_(std::move(calls)),
      link_(loop, std::move(url), {.up = [this] { up(); }, .down = [] {}, .failed = [this](const Error& why) { if (!withdrawn_) calls_.failed(why); }}, {.circuit = "redis"}) {
  looks_.every(look_period, [this] { look(); });
}

void Posting::up() {
  if (withdrawn_) return leave();
  look();
}

void Posting::look() {
  if (withdrawn_ || asking_ || !link_.is_up()) return;
  if (unsure_) return search();
  if (entry_.empty()) return post();
  link_.command({"XRANGE", keys_.jobs, entry_, entry_}, [this](Result<redis::Reply> reply) {
    if (!reply || !reply->items.empty() || withdrawn_) return;
    entry_.clear();
    look();
  });
}

void Posting::post() {
  asking_ = true;
  std::vector<std::string> words{"XADD", keys_.jobs, "MAXLEN", "~", most_entries, "*"};
  for (const auto& [name, value] : fields_) {
    words.push_back(name);
    words.push_back(value);
  }
  link_.command(std::move(words), [this](Result<redis::Reply> reply) {
    asking_ = false;
    unsure_ = !reply && reply.error().code == Errc::unavailable;
    if (reply) {
      entry_ = reply->text;
      log::debug("job posted", {{"entry", entry_}});
    } else if (told_ != reply.error().what) {
      told_ = reply.error().what;
      log::warn("the job could not be posted", {reply.error()});
    }
    if (withdrawn_) return leave();
    if (reply) return calls_.posted();
    if (!unsure_) calls_.failed(reply.error());  // of a connection that broke the link tells
  });
}

void Posting::ask_delivered(std::function<void(std::optional<bool>)> done) {
  if (entry_.empty() || !link_.is_up()) return done(std::nullopt);
  link_.command({"XPENDING", keys_.jobs, QueueKeys::group, entry_, entry_, "1"}, [this, done = std::move(done), entry = entry_](Result<redis::Reply> reply) {
    if (withdrawn_) return;
    if (!reply && reply.error().what.starts_with("NOGROUP")) return done(false);  // there has never been a worker
    if (!reply) return done(std::nullopt);
    if (!reply->items.empty()) return done(true);
    // Taken out already: its worker is here.
    link_.command({"XRANGE", keys_.jobs, entry, entry}, [this, done](Result<redis::Reply> left) {
      if (withdrawn_) return;
      done(left ? std::optional(left->items.empty()) : std::nullopt);
    });
  });
}

// An entry of ours whose id never came: the connection broke behind XADD.
void Posting::search() {
  asking_ = true;
  link_.command({"XREVRANGE", keys_.jobs, "+", "-", "COUNT", searched}, [this](Result<redis::Reply> reply) {
    asking_ = false;
    if (!reply) return;
    unsure_ = false;
    for (const redis::Reply& entry : reply->items)
      if (is_ours(entry, fields_)) entry_ = entry.items[0].text;
    if (withdrawn_) return leave();
    look();
  });
}

void Posting::withdraw(bool untaken, milliseconds patience, std::function<void()> done) {
  withdrawn_ = true;
  looks_.cancel();
  done_ = std::move(done);
  if (!link_.is_up()) return finish();
  patience_.after(patience, [this] { finish(); });
  if (untaken) link_.command({"INCR", keys_.untaken}, [](Result<redis::Reply>) {});
  leave();
}

void Posting::leave() {
  if (asking_ || !link_.is_up()) return;
  if (unsure_) return search();
  if (entry_.empty()) return finish();
  take_out(link_, keys_, entry_, [this](Result<redis::Reply> reply) {
    if (reply) finish();
  });
}

void Posting::finish() {
  patience_.cancel();
  link_.close();
  if (const auto done = std::exchange(done_, nullptr)) done();
}

}  // namespace sluice::transcode
