#include "measure.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace chat_load {

namespace fs = std::filesystem;

// A value has as many bits dropped as leave it below 2 × steps, and those below `steps` lose none.
void Latencies::add(std::int64_t us) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0));
  const std::uint64_t shift =
      static_cast<std::uint64_t>(std::bit_width(std::max(value / steps, std::uint64_t{1})) - 1);
  ++counts_[std::min<std::uint64_t>(shift * steps + (value >> shift), counts_.size() - 1)];
}

void Latencies::add(const Latencies& others) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += others.counts_[i];
}

double Latencies::percentile_ms(double share) const {
  std::uint64_t all = 0, below = 0;
  for (const std::uint64_t count : counts_) all += count;
  for (std::size_t place = 0; place < counts_.size(); ++place) {
    below += counts_[place];
    if (below == 0 || static_cast<double>(below) < share * static_cast<double>(all)) continue;
    const std::size_t shift = std::max<std::size_t>(place / steps, 1) - 1;
    return static_cast<double>((place - shift * steps) << shift) / 1000.0;
  }
  return 0;
}

std::vector<int> Servers::pids() const {
  std::vector<int> all = roots_;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::error_code gone;
    for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(all[i]) + "/task", gone)) {
      std::ifstream children(task.path() / "children");
      for (int child; children >> child;) all.push_back(child);
    }
  }
  return all;
}

double Servers::cpu_seconds() const {
  double nanoseconds = 0;
  for (const int pid : pids()) {
    std::error_code gone;
    for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
      std::ifstream schedstat(task.path() / "schedstat");
      double ran = 0;
      schedstat >> ran;
      nanoseconds += ran;
    }
  }
  return nanoseconds / 1e9;
}

double Servers::private_bytes() const {
  double kilobytes = 0;
  for (const int pid : pids()) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("RssAnon:")) kilobytes += std::atof(line.c_str() + 8);
  }
  return kilobytes * 1024;
}

}  // namespace chat_load
