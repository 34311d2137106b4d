#include "job_queue.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "log/log.hpp"

namespace sluice::transcode {

namespace {
constexpr const char* claim_after_ms = "3000";  // longer than a worker may take to reach a dispatcher
constexpr const char* block_ms = "1000";        // for a new entry; then claims are looked for again
constexpr milliseconds block_patience{4000};
constexpr milliseconds pause{1000};             // after an error
constexpr milliseconds least_gap{20};           // between two questions for a job: a Redis that answers nonsense at once is no busy loop
constexpr int most_claims = 10;                 // of entries that are gone, in a row
constexpr seconds count_period{2};
constexpr std::chrono::hours tidy_period{1};
constexpr const char* gone_after_ms = "86400000";  // a day: longer than any name that comes again stays away
constexpr seconds rest{5};                      // after an entry sealed by others: theirs may be the right secret, and its dispatcher posts again

// Removes consumers with nothing pending that have been idle for long. One step: what a consumer gets while it is looked at, and removed,
// would go with it, and nobody would do it. One that is only busy is made again by its next question.
constexpr const char* tidy_script = R"(local gone = 0
for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #row, 2 do consumer[row[i]] = row[i + 1] end
  if consumer.pending == 0 and consumer.idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
    gone = gone + 1
  end
end
return gone)";

// An id is "MS-N": Redis's clock when the entry was added.
std::optional<std::int64_t> added_ms(const std::string& entry) { return parse_number<std::int64_t>(std::string_view(entry).substr(0, entry.find('-'))); }

relay::Fields fields_of(const redis::Reply& list) {
  relay::Fields fields;
  for (std::size_t i = 0; i + 1 < list.items.size(); i += 2) fields.emplace_back(list.items[i].text, list.items[i + 1].text);
  return fields;
}
}  // namespace

JobQueue::JobQueue(net::Loop& loop, redis::Url url, QueueKeys keys, std::string consumer, relay::Secret secret, Calls calls)
    : retry_(loop), counts_(loop), tidies_(loop), keys_(std::move(keys)), consumer_(std::move(consumer)), secret_(std::move(secret)), calls_(std::move(calls)),
      link_(loop, std::move(url), {.up = [this] { up(); }, .down = [this] { asking_ = ready_ = false; }}, {.circuit = "redis"}) {
  counts_.every(count_period, [this] {
    if (!asking_) count();  // behind a read that blocks it would come late
  });
  tidies_.every(tidy_period, [this] { tidy(); });
}

void JobQueue::up() {
  // From 0: what was posted before the first worker came is for us too.
  link_.command({"XGROUP", "CREATE", keys_.jobs, QueueKeys::group, "0", "MKSTREAM"}, [this](Result<redis::Reply> reply) {
    if (!reply && !reply.error().what.starts_with("BUSYGROUP")) {
      complain("the consumer group could not be made", reply.error());
      return retry_.after(pause, [this] { if (link_.is_up() && !ready_) up(); });
    }
    ready_ = true;
    tidy();
    ask();
  });
}

void JobQueue::want(bool wanting) {
  wanting_ = wanting;
  ask();
}

void JobQueue::ask() {
  if (!wanting_ || asking_ || !ready_ || !link_.is_up()) return;
  const Steady now = system_clock().steady();
  if (const Steady from = std::max(rest_until_, asked_ + least_gap); from > now) return retry_.after(from - now, [this] { ask(); });
  asking_ = true;
  asked_ = now;
  if (now >= counted_ + count_period) count();
  if (std::exchange(claimed_, false)) return read(false);
  claim(most_claims);
}

// An entry that another worker took and could not do anything with: it died, or cannot reach the dispatcher. Its id alone, for of an entry
// that was deleted meanwhile Redis 6.2 tells nothing else, and keeps it pending.
void JobQueue::claim(int tries) {
  link_.command({"XAUTOCLAIM", keys_.jobs, QueueKeys::group, consumer_, claim_after_ms, "0-0", "COUNT", "1", "JUSTID"}, [this, tries](Result<redis::Reply> reply) {
    if (!reply) return answered(reply, nullptr);
    refusal_.clear();
    calls_.ready();
    if (reply->items.size() >= 2 && !reply->items[1].items.empty()) return look_at(reply->items[1].items[0].text, tries);
    if (!wanting_) {
      asking_ = false;
      return;
    }
    read(true);
  });
}

void JobQueue::look_at(const std::string& entry, int tries) {
  link_.command({"XRANGE", keys_.jobs, entry, entry}, [this, entry, tries](Result<redis::Reply> reply) {
    claimed_ = true;
    if (!reply || !reply->items.empty()) return answered(reply, reply ? &*reply : nullptr);
    clear(entry);
    if (tries > 0) return claim(tries - 1);
    read(true);
  });
}

void JobQueue::read(bool wait) {
  std::vector<std::string> words{"XREADGROUP", "GROUP", QueueKeys::group, consumer_, "COUNT", "1"};
  if (wait) words.insert(words.end(), {"BLOCK", block_ms});
  words.insert(words.end(), {"STREAMS", keys_.jobs, ">"});
  link_.command(std::move(words), [this, wait](Result<redis::Reply> reply) {
    // [[key, [entry]]], or nil
    const redis::Reply* entries = reply && !reply->items.empty() && reply->items[0].items.size() == 2 ? &reply->items[0].items[1] : nullptr;
    if (reply && !entries && !wait) return claim(most_claims);
    answered(reply, entries);
  }, block_patience);
}

void JobQueue::answered(const Result<redis::Reply>& reply, const redis::Reply* entries) {
  asking_ = false;
  if (!reply) {
    if (reply.error().code == Errc::unavailable) return;  // the link goes up again
    ready_ = false;
    if (reply.error().what.starts_with("NOGROUP")) return up();  // Redis was emptied
    complain("jobs could not be read", reply.error());
    return retry_.after(pause, [this] { if (link_.is_up() && !ready_) up(); });
  }
  if (entries && !entries->items.empty()) offer(entries->items.front());  // no more were asked for
  ask();
}

void JobQueue::offer(const redis::Reply& entry) {
  if (entry.items.size() != 2 || entry.items[1].items.empty()) return;  // deleted meanwhile
  const std::string id = entry.items[0].text;
  auto job = relay::read_job(fields_of(entry.items[1]), secret_);
  if (!job) {
    if (const auto left_out = complaints_.next(job.error().what, system_clock().steady()))
      log::warn("an entry was passed over", {{"entry", id}, job.error(), {"left_out", *left_out}});
    clear(id);
    if (job.error().code == Errc::denied) rest_until_ = system_clock().steady() + rest;
    return calls_.cleared(job.error().code == Errc::denied ? "forged" : "malformed");
  }
  asking_ = true;  // until its age is known
  link_.command({"TIME"}, [this, id, job = *job](Result<redis::Reply> now) {
    asking_ = false;
    const auto added = added_ms(id);
    const auto seconds_now = now && now->items.size() == 2 ? parse_number<std::int64_t>(now->items[0].text) : std::nullopt;
    const auto micros = seconds_now ? parse_number<std::int64_t>(now->items[1].text) : std::nullopt;
    if (!added || !micros) return ask();
    const milliseconds waited(*seconds_now * 1000 + *micros / 1000 - *added);
    if (waited > job.good_for) {
      log::info("a job whose dispatcher is gone was cleared away", {{"entry", id}, {"stream", job.stream}, {"age_ms", waited.count()}});
      clear(id);
      calls_.cleared("stale");
      return ask();
    }
    calls_.offered({id, job, waited});
    ask();
  });
}

void JobQueue::clear(const std::string& entry) {
  if (!link_.is_up()) return;  // claimed by another, who finds it stale
  take_out(link_, keys_, entry, [](Result<redis::Reply>) {});
}

void JobQueue::count() {
  if (!link_.is_up()) return;
  counted_ = system_clock().steady();
  auto waiting = std::make_shared<std::int64_t>(0);
  link_.command({"XLEN", keys_.jobs}, [this, waiting](Result<redis::Reply> reply) {
    latency_ms_ = std::chrono::duration<double, std::milli>(system_clock().steady() - counted_).count();
    if (reply) *waiting = reply->integer;
  });
  link_.command({"GET", keys_.untaken}, [this, waiting](Result<redis::Reply> reply) {
    if (reply) calls_.counted(*waiting, parse_number<std::int64_t>(reply->text).value_or(0));
  });
}

// Workers whose names are those of containers, new with each, would be listed for ever.
void JobQueue::tidy() {
  if (!link_.is_up() || !ready_) return;
  link_.command({"EVAL", tidy_script, "1", keys_.jobs, QueueKeys::group, gone_after_ms}, [this](Result<redis::Reply> reply) {
    if (!reply) {
      if (reply.error().code != Errc::unavailable) log::warn("consumers of workers that are gone could not be removed", {{"key", keys_.jobs}, reply.error()});
    } else if (reply->integer > 0) {
      log::info("consumers of workers that are gone were removed", {{"key", keys_.jobs}, {"consumers", reply->integer}});
    }
  });
}

// An old server says "ERR unknown command".
void JobQueue::complain(const std::string& what, const Error& why) {
  const bool old = why.what.find("unknown command") != std::string::npos;
  refusal_ = old ? why.what + " (the queue needs Redis 6.2 or later)" : to_string(why);
  const auto left_out = complaints_.next(what, system_clock().steady());
  if (left_out) log::error(what, {{"key", keys_.jobs}, {"error", refusal_}, {"left_out", *left_out}});
}

}  // namespace sluice::transcode
