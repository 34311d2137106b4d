#include "relay/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "relay/words.hpp"

namespace sluice::relay {

namespace {
constexpr std::string_view job_version = "1";
constexpr std::size_t longest_field = 200;

std::string sealed_text(const Job& job) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n", job.to, job.ticket, job.stream, job.channel, job.good_for.count());
}
}  // namespace

Fields write_job(const Job& job, const Secret& secret) {
  return {{"v", std::string(job_version)}, {"to", job.to}, {"ticket", job.ticket}, {"stream", job.stream}, {"channel", job.channel},
          {"good-for", std::to_string(job.good_for.count())}, {"seal", hex(secret.seal(sealed_text(job)))}};
}

Result<Job> read_job(const Fields& fields, const Secret& secret) {
  std::map<std::string_view, std::string_view> by_name;
  for (const auto& [name, value] : fields) {
    if (value.size() > longest_field || printable(value) != value) return fail(Errc::invalid, "a job's field is not printable or too long");
    by_name[name] = value;
  }
  if (by_name["v"] != job_version) return fail(Errc::invalid, fmt::format("a job of version '{}'", by_name["v"]), "run the same release on all machines");
  Job job{.to = std::string(by_name["to"]), .ticket = std::string(by_name["ticket"]), .stream = std::string(by_name["stream"]), .channel = std::string(by_name["channel"])};
  const auto good_for = parse_number<std::uint32_t>(by_name["good-for"]);
  if (!good_for || job.to.empty()) return fail(Errc::invalid, "a job that does not say where to or for how long");
  if (job.ticket.empty() || !std::ranges::all_of(job.ticket, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); }))
    return fail(Errc::invalid, "a job without a ticket");
  job.good_for = milliseconds(*good_for);
  if (!crypto::equal_in_constant_time(as_bytes(hex(secret.seal(sealed_text(job)))), as_bytes(by_name["seal"])))
    return fail(Errc::denied, "a job that was not sealed with our secret", "give all machines the same --secret-file");
  return job;
}

}  // namespace sluice::relay
