#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include <sys/resource.h>

namespace chat_load {

void Report::add(const Outcome& outcome) {
  all.began_us = all.began_us == 0 ? outcome.began_us : std::min(all.began_us, outcome.began_us);
  all.sent_us = std::max(all.sent_us, outcome.sent_us);
  all.ended_us = std::max(all.ended_us, outcome.ended_us);
  all.latest_us = std::max(all.latest_us, outcome.latest_us);
  all.expected += outcome.expected;
  all.sent += outcome.sent;
  all.reads += outcome.reads;
  all.bytes += outcome.bytes;
  all.dropped += outcome.dropped;
  all.counts.delivered += outcome.counts.delivered;
  all.counts.skipped += outcome.counts.skipped;
  all.counts.out_of_order += outcome.counts.out_of_order;
  all.latencies.add(outcome.latencies);
  if (outcome.last_answer[0] != '\0')
    std::memcpy(all.last_answer, outcome.last_answer, sizeof all.last_answer);
}

bool Report::whole() const {
  return all.counts.delivered == all.expected && all.counts.out_of_order == 0 && all.dropped == 0;
}

void Report::print(const Options& options) const {
  rusage load{};
  ::getrusage(RUSAGE_CHILDREN, &load);
  const double load_cpu = static_cast<double>(load.ru_utime.tv_sec + load.ru_stime.tv_sec) +
                          static_cast<double>(load.ru_utime.tv_usec + load.ru_stime.tv_usec) / 1e6;
  const double took = static_cast<double>(all.ended_us - all.began_us) / 1e6;
  const auto count = [](std::uint64_t number) { return static_cast<unsigned long long>(number); };
  std::printf(R"({"wire":"%s","rooms":%d,"members":%d,"senders":%d,"lines_per_second":%g,"seconds":%.2f,)",
              options.wire_name.c_str(), options.rooms, options.members, options.senders,
              options.rate * options.rooms, took);
  std::printf(R"("connections":%llu,"load_processes":%d,"connect_seconds":%.2f,"bytes_per_connection":%.0f,)",
              count(connections), processes, static_cast<double>(connected_us - began_us) / 1e6,
              bytes_per_connection);
  std::printf(
      R"("sent":%llu,"expected":%llu,"deliveries":%llu,"lost":%llu,"out_of_order":%llu,"dropped":%llu,)",
      count(all.sent), count(all.expected), count(all.counts.delivered),
      count(all.expected - std::min(all.expected, all.counts.delivered)), count(all.counts.out_of_order),
      count(all.dropped));
  std::printf(
      R"("reads":%llu,"read_bytes":%llu,"server_cpu_seconds":%.3f,"deliveries_per_cpu_second":%.0f,"cpu_us_per_read":%.2f,)",
      count(all.reads), count(all.bytes), server_cpu_seconds,
      server_cpu_seconds > 0 ? static_cast<double>(all.counts.delivered) / server_cpu_seconds : 0,
      server_cpu_seconds * 1e6 / static_cast<double>(std::max<std::uint64_t>(all.reads, 1)));
  std::printf(R"("p50_ms":%.1f,"p99_ms":%.1f,"max_ms":%.1f,"latest_ms":%.1f,"load_cpu_seconds":%.2f})"
              "\n",
              all.latencies.percentile_ms(0.5), all.latencies.percentile_ms(0.99),
              all.latencies.percentile_ms(1), static_cast<double>(all.latest_us) / 1000, load_cpu);
  if (!whole()) {
    std::fprintf(stderr,
                 "chat_load: of %llu deliveries %llu came; %llu out of order or twice; %llu connections were "
                 "dropped\n",
                 count(all.expected), count(all.counts.delivered), count(all.counts.out_of_order),
                 count(all.dropped));
    if (all.last_answer[0] != '\0')
      std::fprintf(stderr, "chat_load: a server answered a sender: %s\n", all.last_answer);
  }
}

}  // namespace chat_load
