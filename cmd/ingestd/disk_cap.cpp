#include "disk_cap.hpp"

#include <sys/statvfs.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "log/log.hpp"
#include "measures.hpp"

namespace sluice::ingestd {

using Recording = hls::DiskBudget::Recording;

namespace {
constexpr seconds rhythm{2};
constexpr int work_share = 20;  // one part in so many of the time goes into looking, however many files there are,
constexpr std::uint64_t full_below = 1u << 20;  // bytes: as good as nothing, for streams of any quality
constexpr seconds full_for{10};                // after it was last seen so
constexpr seconds longest_pause{30};  // but it looks as often as this
}  // namespace

DiskCap::DiskCap(net::Loop& loop, const Config& config, Platform& platform, std::function<std::set<std::string>()> ours)
    : config_(config), platform_(platform), ours_(std::move(ours)), timer_(loop), shelf_(config.ledgers), offload_(loop) {
  timer_.after(rhythm, [this] { look(); });
}

std::optional<Wall> DiskCap::full_since() {
  look_for_room();
  return full_since_;
}

void DiskCap::look_for_room() {
  struct statvfs facts {};
  const Steady now = system_clock().steady();
  if (::statvfs(config_.ledgers.c_str(), &facts) == 0 && static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize < full_below) {
    full_seen_ = now;
    if (!full_since_) full_since_ = system_clock().wall();
  } else if (now - full_seen_ >= full_for) {
    full_since_.reset();
  }
}

void DiskCap::look() {
  look_for_room();
  offload_.run([this, ours = ours_(), limits = config_.disk] { return work(ours, limits); },
               [this](Report report) {
                 tell(report);
                 if (!stopped_) timer_.after(std::clamp<Steady::duration>(report.took * work_share, rhythm, longest_pause), [this] { look(); });
               });
}

void DiskCap::stop() {
  stopped_ = true;
  timer_.cancel();
}

DiskCap::Report DiskCap::work(const std::set<std::string>& ours, DiskLimits limits) {
  Report report;
  report.done = keep_within(ours, limits, report);
  return report;
}

Result<> DiskCap::keep_within(const std::set<std::string>& ours, DiskLimits limits, Report& report) {
  const Steady began = system_clock().steady();
  SLUICE_TRY_VALUE(const std::vector<hls::LedgerSize> ledgers, shelf_.survey(ours));
  report.took = system_clock().steady() - began;
  std::uint64_t bytes = 0;
  for (const hls::LedgerSize& ledger : ledgers) bytes += ledger.bytes;
  // The share is of what other files leave.
  report.cap = (bytes + shelf_.free_bytes()) / 100 * limits.percent;
  if (limits.bytes > 0) report.cap = std::min(report.cap, limits.bytes);
  const hls::DiskBudget::Plan plan = budget_.plan(ledgers, report.cap, system_clock().steady());
  report.bytes = plan.bytes;
  report.recording = plan.recording;
  Result<> done;  // the first failure: the others are seen to all the same
  for (const std::string& stream : plan.remove) {
    const auto known = std::ranges::find(ledgers, stream, &hls::LedgerSize::stream);
    auto channel = shelf_.remove(stream);
    if (channel) {
      report.removed.push_back({stream, std::move(*channel), known->bytes});
    } else if (done) {
      done = std::unexpected(channel.error());
    }
  }
  std::map<std::string, std::optional<std::uint64_t>> capped;
  for (const hls::LedgerSize& ledger : ledgers) {
    if (ledger.ended) continue;
    const auto told = capped_.find(ledger.stream);
    if (told == capped_.end() || told->second != plan.bytes_each) {
      if (auto heard = shelf_.cap(ledger.stream, plan.bytes_each); !heard) {
        if (done) done = std::move(heard);
        continue;
      }
    }
    capped[ledger.stream] = plan.bytes_each;
  }
  capped_ = std::move(capped);
  return done;
}

void DiskCap::tell(const Report& report) {
  measures().ledger_bytes.Set(static_cast<double>(report.bytes));
  measures().ledger_cap.Set(static_cast<double>(report.cap));
  for (const Removed& gone : report.removed) {
    measures().removed_ledgers.Increment();
    log::warn("ledger removed to keep within the disk cap",
              {{"stream", gone.stream}, {"channel", gone.channel}, {"bytes", gone.bytes}, {"cap", report.cap}});
    platform_.emit("ledger.remove", gone.channel,
                   nlohmann::json{{"channel", gone.channel}, {"id", gone.stream}, {"bytes", gone.bytes}}.dump());
  }
  if (!report.done && !failing_) log::error("the ledgers' folder cannot be kept within its cap", {report.done.error()});
  failing_ = !report.done;
  if (report.done && report.recording != recording_) tell_recording(report);
}

void DiskCap::tell_recording(const Report& report) {
  const Recording before = std::exchange(recording_, report.recording);
  measures().recording_window.Set(recording_ == Recording::whole ? 0 : 1);
  measures().recording_stopped.Set(recording_ == Recording::none ? 1 : 0);
  const std::string payload = nlohmann::json{{"bytes", report.bytes}, {"cap", report.cap}}.dump();
  if (recording_ == Recording::none) {
    log::error("recording stopped: the disk cap is reached and live goes on with its newest segments only; free some space or raise "
               "--disk-cap or --disk-share",
               {{"bytes", report.bytes}, {"cap", report.cap}});
    return platform_.emit("recording.stop", "", payload);
  }
  if (before == Recording::none) {
    log::warn("recording again", {{"bytes", report.bytes}, {"cap", report.cap}});
    return platform_.emit("recording.resume", "", payload);
  }
  log::warn(recording_ == Recording::window ? "the disk cap is reached: live ledgers keep a window of the past only"
                                            : "live ledgers grow again",
            {{"bytes", report.bytes}, {"cap", report.cap}});
}

}  // namespace sluice::ingestd
