#include "refusals.hpp"

#include <fmt/format.h>

#include "log/log.hpp"

namespace sluice::ingestd {

namespace {
constexpr seconds period{10};

void tell_of(const std::string& subject, std::uint64_t more) {
  if (more > 0) log::warn(fmt::format("and {} more from {}", more, subject.empty() ? "other addresses" : subject));
}
}  // namespace

Refusals::Refusals(net::Loop& loop) : timer_(loop), said_(period) {
  timer_.every(period / 2, [this] { tell_of_others(); });
}

bool Refusals::tells(const std::string& host, std::string_view reason) {
  const std::string subject = fmt::format("{}: {}", host, reason);
  std::lock_guard lock(mutex_);
  const auto left_out = said_.next(subject, system_clock().steady());
  if (left_out) tell_of(subject, *left_out);
  return left_out.has_value();
}

void Refusals::tell_of_others() {
  std::lock_guard lock(mutex_);
  for (const auto& [subject, left_out] : said_.over(system_clock().steady())) tell_of(subject, left_out);
}

}  // namespace sluice::ingestd
