#include "worker.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "app/daemon.hpp"
#include "base/sparing.hpp"
#include "job_queue.hpp"
#include "log/log.hpp"
#include "metrics/metrics.hpp"
#include "relay/words.hpp"
#include "remote_settings.hpp"
#include "worker_job.hpp"

namespace sluice::transcode {

namespace {
struct Instruments {
  prometheus::Gauge& slots = metrics::gauge("sluice_transcode_job_slots", "Jobs this worker runs at once");
  prometheus::Gauge& running = metrics::gauge("sluice_transcode_jobs_running", "Jobs that run");
  prometheus::Gauge& waiting = metrics::gauge("sluice_transcode_jobs_waiting", "Jobs in the queue that no worker has taken");
  prometheus::Gauge& untaken = metrics::gauge("sluice_transcode_jobs_untaken", "Jobs of this queue that no worker took in time, of all time");
  prometheus::Counter& taken = metrics::counter("sluice_transcode_jobs_taken_total", "Jobs started");
  prometheus::Counter& bytes_in = metrics::counter("sluice_transcode_relayed_bytes_total", "Media relayed", {{"direction", "in"}});
  prometheus::Counter& bytes_out = metrics::counter("sluice_transcode_relayed_bytes_total", "Media relayed", {{"direction", "out"}});
  prometheus::Histogram& waited = metrics::histogram("sluice_transcode_job_wait_seconds", "From a job's posting to its start here", {}, {.05, .1, .2, .5, 1, 2, 5, 10});
  static prometheus::Counter& ended(const std::string& how) {
    return metrics::counter("sluice_transcode_jobs_ended_total", "Jobs that ended, by how", {{"how", how}});
  }
  static prometheus::Counter& cleared(const std::string& why) {
    return metrics::counter("sluice_transcode_entries_cleared_total", "Entries of the queue that were no job to do", {{"why", why}});
  }
};
Instruments& instruments() { return metrics::group<Instruments>(); }

std::string_view name(WorkerJob::End end) {
  constexpr std::array<std::string_view, 6> names{"done", "handed_back", "failed", "lost", "elsewhere", "unreachable"};
  return names[static_cast<std::size_t>(end)];
}

std::string host_name() {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return "worker";
  return buffer.data();
}

class Worker {
 public:
  Worker(net::Loop& loop, const app::Settings& settings, RemoteSettings remote, std::function<void()> ready)
      : loop_(loop), remote_(std::move(remote)), name_(settings.has("name") ? settings.text("name") : host_name()),
        slots_(static_cast<std::size_t>(settings.integer("jobs"))), finish_time_(settings.duration("finish-time")), finish_limit_(loop),
        log_options_(fmt::format(" --log-format {} --log-level {}", settings.text("log-format"), settings.text("log-level"))),
        queue_(loop, remote_.url, QueueKeys(remote_.queue), relay::printable(name_), remote_.secret,
               {.ready = std::move(ready),
                .offered = [this](JobQueue::Offer offer) { take(std::move(offer)); },
                .cleared = [](const std::string& why) { Instruments::cleared(why).Increment(); },
                .counted =
                    [](std::int64_t waiting, std::int64_t untaken) {
                      instruments().waiting.Set(static_cast<double>(waiting));
                      instruments().untaken.Set(static_cast<double>(untaken));
                    }}) {
    const auto given = static_cast<unsigned>(settings.integer("cores"));
    const unsigned machine = std::max(1u, std::thread::hardware_concurrency());
    cores_ = given ? given : std::max(1u, machine / static_cast<unsigned>(slots_));
    instruments().slots.Set(static_cast<double>(slots_));
    queue_.want(true);
  }

  app::Health health() const { return {.dependency = "redis", .ok = queue_.trouble().empty(), .latency_ms = queue_.latency_ms(), .error = queue_.trouble()}; }

  void drain(std::function<void()> done) {
    drained_ = std::move(done);
    ask();
    finish_limit_.after(finish_time_, [this] {
      for (const auto& job : std::set(jobs_)) job->hand_back();
      for (const auto& job : leaving_) job->hasten();
    });
    settle();
  }

 private:
  void take(JobQueue::Offer offer) {
    if (drained_ || jobs_.size() >= slots_) return;  // asked for before that: left to others
    const std::string entry = offer.entry;
    JobSetup setup{.job = offer.job, .secret = remote_.secret, .worker = name_, .cores = cores_, .peer_time = remote_.peer_time, .log_options = log_options_};
    jobs_.insert(WorkerJob::start(loop_, std::move(setup), {
        .taken = [this, entry, offer] {
          queue_.clear(entry);
          instruments().taken.Increment();
          instruments().running.Increment();
          instruments().waited.Observe(std::chrono::duration<double>(offer.waited).count());
          log::info("job taken", {{"stream", offer.job.stream}, {"channel", offer.job.channel}, {"from", offer.job.to}, {"waited_ms", offer.waited.count()}});
        },
        .ended = [this, entry](WorkerJob& job, WorkerJob::End end, const std::string& how) { ended(job, entry, end, how); },
        .closed =
            [this](WorkerJob& job) {
              if (leaving_.erase(job.shared_from_this())) loop_.post([this] { settle(); });
            }}));
    ask();
  }

  void ended(WorkerJob& job, const std::string& entry, WorkerJob::End end, const std::string& how) {
    if (end == WorkerJob::End::unreachable) warn_of_unreachable(job, entry, how);
    const bool ran = end == WorkerJob::End::done || end == WorkerJob::End::handed_back || end == WorkerJob::End::lost || end == WorkerJob::End::failed;
    const auto level = end == WorkerJob::End::failed || end == WorkerJob::End::lost ? log::Level::warn : ran ? log::Level::info : log::Level::debug;
    log::write(level, "job ended", {{"stream", job.job().stream}, {"channel", job.job().channel}, {"end", name(end)}, {"how", how}, {"bytes_in", job.bytes_in()}, {"bytes_out", job.bytes_out()}});
    Instruments::ended(std::string(name(end))).Increment();
    instruments().bytes_in.Increment(static_cast<double>(job.bytes_in()));
    instruments().bytes_out.Increment(static_cast<double>(job.bytes_out()));
    if (job.was_taken()) instruments().running.Decrement();
    if (end == WorkerJob::End::elsewhere || end == WorkerJob::End::failed) queue_.clear(entry);
    const auto found = std::ranges::find_if(jobs_, [&](const auto& each) { return each.get() == &job; });
    if (found != jobs_.end()) {
      const auto keep = *found;
      jobs_.erase(found);
      if (job.connected()) leaving_.insert(keep);
      loop_.post([this, keep] {
        ask();
        settle();
      });
    }
  }

  // Nobody else tells the user: the dispatcher only sees that no worker comes. One line for a machine in a while, however many jobs it posts.
  void warn_of_unreachable(const WorkerJob& job, const std::string& entry, const std::string& why) {
    const std::string& to = job.job().to;
    const auto left_out = unreachable_.next(to.substr(0, to.rfind(':')), system_clock().steady());
    if (!left_out) return;
    log::warn("a dispatcher was not reached: its job is left to other workers",
              {{"address", to}, {"job", entry}, {"stream", job.job().stream}, {"channel", job.job().channel}, {"error", why}, {"left_out", *left_out},
               {"hint", "unless it has ended meanwhile: its --listen, or --reach, must name an address and ports that this machine gets through to"}});
  }

  void ask() { queue_.want(!drained_ && jobs_.size() < slots_); }
  void settle() {
    if (drained_ && jobs_.empty() && leaving_.empty()) std::exchange(drained_, [] {})();
  }

  net::Loop& loop_;
  RemoteSettings remote_;
  std::string name_;
  std::size_t slots_;
  milliseconds finish_time_;
  net::Timer finish_limit_;
  std::string log_options_;
  unsigned cores_ = 1;
  Sparing unreachable_{seconds(30)};
  std::set<std::shared_ptr<WorkerJob>> jobs_;
  std::set<std::shared_ptr<WorkerJob>> leaving_;  // ended; their dispatchers are reading the last of it
  std::function<void()> drained_;
  JobQueue queue_;
};
}  // namespace

Result<int> work(const app::Settings& settings) {
  SLUICE_TRY_VALUE(RemoteSettings remote, remote_settings(settings, "worker"));
  if (settings.duration("finish-time") >= settings.duration("drain-time"))
    return fail(Errc::config, "--finish-time must be less than --drain-time", "handing a job back takes some seconds");
  ::signal(SIGPIPE, SIG_IGN);
  app::Daemon daemon(settings, "transcode");
  daemon.await_ready();
  Worker worker(daemon.loop(), settings, std::move(remote), [&daemon] { daemon.be_ready(); });
  daemon.on_health([&worker] { return std::vector<app::Health>{worker.health()}; });
  daemon.on_drain([&worker](std::function<void()> done) { worker.drain(std::move(done)); });
  return daemon.run();
}

}  // namespace sluice::transcode
