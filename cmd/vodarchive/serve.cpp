#include "serve.hpp"

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "app/daemon.hpp"
#include "app/platform.hpp"
#include "app/run.hpp"
#include "base/clock.hpp"
#include "destination.hpp"
#include "os/file.hpp"

namespace sluice::vodarchive {
namespace {

constexpr milliseconds thread_turn{1000};

// The archive on a thread of its own: it reads files and waits for disks, and the daemon answers meanwhile.
class ArchiveThread {
 public:
  // `over`: the thread has ended; with an error when it could not go on.
  ArchiveThread(std::unique_ptr<archive::Archive> archive, std::function<void(Result<>)> over)
      : archive_(std::move(archive)), status_(archive_->status()), thread_([this, over = std::move(over)] { over(run()); }) {}
  ~ArchiveThread() {
    finish();
    {
      const std::lock_guard lock(mutex_);
      at_once_ = true;
    }
    archive_->wake();
    thread_.join();
  }

  // Ends when what is under way is done.
  void finish() {
    finishing_ = true;
    archive_->wake();
  }
  void change(const s3::Credentials& credentials) {
    {
      const std::lock_guard lock(mutex_);
      fresh_ = credentials;
    }
    archive_->wake();
  }
  archive::Status status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  Result<> run() {
    for (;;) {
      if (finishing_) archive_->stop_starting();
      if (finishing_ && (at_once_ || !archive_->under_way())) return {};
      SLUICE_TRY(archive_->turn(thread_turn));
      const std::lock_guard lock(mutex_);
      if (fresh_) archive_->change(*fresh_);
      fresh_.reset();
      status_ = archive_->status();
    }
  }

  std::unique_ptr<archive::Archive> archive_;
  std::mutex mutex_;
  archive::Status status_;
  std::optional<s3::Credentials> fresh_;
  std::atomic<bool> finishing_ = false, at_once_ = false;
  std::thread thread_;
};

std::string status_json(const archive::Status& now) {
  nlohmann::ordered_json out{{"streams", now.streams}, {"backlog", now.backlog}, {"waiting", now.waiting}, {"faulty", now.aside}, {"under_way", now.under_way}, {"stalled_s", now.stalled_s}, {"ok", now.failure.empty() && !now.trouble}};
  if (now.failing_since) out["since"] = format_rfc3339(*now.failing_since);
  if (!now.failure.empty() || now.trouble) out["error"] = now.failure.empty() ? now.trouble->what : now.failure;
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<int> serve(const app::Settings& settings) {
  SLUICE_TRY_VALUE(archive::Destination destination, destination_of(settings));
  const std::string ledgers = app::platform_of(settings).ledgers();
  SLUICE_TRY(os::make_directories(ledgers));
  SLUICE_TRY_VALUE(auto archive, archive::Archive::open(std::move(destination), limits_of(settings), settings.text("ca-file"), system_clock(), system_random()));
  SLUICE_TRY(archive->follow(ledgers));

  app::Daemon daemon(settings, "vodarchive");
  std::function<void()> drained;
  ArchiveThread thread(std::move(archive), [&](Result<> over) {
    daemon.loop().post([&, over = std::move(over)] {
      if (!over) return daemon.fail(over.error());
      if (drained) drained();
    });
  });
  daemon.on_health([&] {
    const archive::Status now = thread.status();
    const bool trouble = now.trouble && now.trouble->code != Errc::conflict;  // with another process that uploads it is told, and no more
    return std::vector<app::Health>{{.dependency = "s3", .ok = now.failure.empty(), .latency_ms = now.store_ms, .error = now.failure, .since = now.failing_since},
                                    {.dependency = "ledgers", .ok = !trouble, .latency_ms = now.ledger_ms, .error = trouble ? now.trouble->what : ""}};
  });
  daemon.on_control("uploads", [&](const std::string&) { return status_json(thread.status()); });
  daemon.on_reload([&](const app::Settings& fresh) -> Result<> {
    SLUICE_TRY_VALUE(const s3::Credentials keys, credentials_of(fresh));
    thread.change(keys);
    return {};
  });
  daemon.on_drain([&](std::function<void()> done) {
    drained = std::move(done);
    thread.finish();
  });
  return daemon.run();
}

}  // namespace sluice::vodarchive
