#pragma once
// What all players together have seen, and how late each part was: its arrival against the time at which its line went into the ledger's index
// (WALL_MS, on the same machine's clock).
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "hls/ledger_records.hpp"
#include "listing.hpp"

namespace players {

inline std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct Arrival {
  std::uint32_t rendition = 0;  // Tally::rendition()
  bool media = false;           // the part itself; else the playlist that announced it
  Spot spot;
  std::int64_t at_us = 0;
};

class Tally {
 public:
  std::uint64_t requests = 0, playlists = 0, parts = 0, bytes = 0;
  std::uint64_t stale = 0;    // blocking answers that did not hold what they were asked for
  std::uint64_t missed = 0;   // parts that had gone from the playlist before the player knew of them
  std::map<std::string, std::uint64_t> errors;
  std::map<std::string, std::map<std::string, std::uint64_t>> cache;  // X-Cache of what: "media", "blocking", "other" (masters, plain playlists)
  bool measuring = false;     // arrivals are kept from here on

  std::uint32_t rendition(const std::string& channel, const std::string& name) {
    const auto [at, fresh] = numbers_.try_emplace({channel, name}, static_cast<std::uint32_t>(numbers_.size()));
    return at->second;
  }
  void arrived(std::uint32_t rendition, bool media, Spot spot) {
    if (measuring) arrivals_.push_back({rendition, media, spot, wall_us()});
  }
  void count(const char* what, int status, std::uint64_t size, const std::string& x_cache) {
    ++requests;
    bytes += size;
    if (!x_cache.empty()) ++cache[what][x_cache];
    if (status != 200) ++errors[status == 0 ? "connection" : std::to_string(status)];
  }

  // `live`: where CHANNEL/index is. A part is late when it comes more than `late_s` after it was there.
  nlohmann::ordered_json result(const std::string& live, double late_s) const {
    const auto times = part_times(live);
    std::vector<double> delays[2];
    std::uint64_t late = 0;
    for (const Arrival& arrival : arrivals_) {
      const auto there = times.find({arrival.rendition, arrival.spot});
      if (there == times.end()) continue;
      const double delay_ms = static_cast<double>(arrival.at_us - there->second * 1000) / 1e3;
      delays[arrival.media].push_back(delay_ms);
      late += arrival.media && delay_ms > late_s * 1e3;
    }
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    nlohmann::ordered_json out{{"requests", requests}, {"playlists", playlists}, {"parts", parts}, {"bytes", bytes},
                               {"errors", errors}, {"stale", stale}, {"missed", missed}, {"late", late}, {"x_cache", cache}};
    out["playlist_ms"] = spread(delays[0]);
    out["part_ms"] = spread(delays[1]);
    out["client_cpu_s"] = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                          static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    return out;
  }

 private:
  using Times = std::map<std::pair<std::uint32_t, Spot>, std::int64_t>;

  Times part_times(const std::string& live) const {
    Times times;
    for (const auto& [key, number] : numbers_) {
      const auto& [channel, name] = key;
      std::ifstream index(live + "/" + channel + "/index");
      for (std::string line; std::getline(index, line);) {
        const auto record = sluice::hls::parse_record(line);
        const auto* part = record ? std::get_if<sluice::hls::PartRecord>(&*record) : nullptr;
        if (part && part->rendition == name) times[{number, {part->part.msn, part->part.part}}] = part->part.wall_ms;
      }
    }
    return times;
  }

  static nlohmann::ordered_json spread(std::vector<double>& values) {
    if (values.empty()) return nullptr;
    std::ranges::sort(values);
    const auto at = [&](double share) {
      const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
      return static_cast<double>(static_cast<std::int64_t>(values[index] * 10)) / 10;
    };
    return {{"count", values.size()}, {"p50", at(.5)}, {"p95", at(.95)}, {"p99", at(.99)}, {"max", at(1)}};
  }

  std::map<std::pair<std::string, std::string>, std::uint32_t> numbers_;
  std::vector<Arrival> arrivals_;
};

}  // namespace players
