// audit list, head, verify: who did what, and whether the log of it is whole.
#include <algorithm>
#include <iterator>
#include <limits>

#include <fmt/format.h>
#include <unistd.h>

#include "anchors.hpp"
#include "app/input_lines.hpp"
#include "base/utf8.hpp"
#include "commands.hpp"
#include "os/file.hpp"
#include "output.hpp"

namespace sluice::modctl {

namespace {
Result<store::AuditFilter> filter_of(const app::Settings& settings, Platform& platform) {
  store::AuditFilter filter{.action = settings.text("action")};
  if (settings.has("channel")) {
    SLUICE_TRY_VALUE(const store::Channel channel, named_channel(platform, settings.text("channel")));
    filter.channel = channel.id;
  }
  if (settings.has("by")) {
    SLUICE_TRY_VALUE(const store::User by, named_user(platform, settings.text("by")));
    filter.actor = by.id;
  }
  if (settings.has("user")) {
    SLUICE_TRY_VALUE(const store::User user, named_user(platform, settings.text("user")));
    filter.target_user = user.id;
  }
  SLUICE_TRY_VALUE(filter.from, moment(settings, "since"));
  SLUICE_TRY_VALUE(filter.until, moment(settings, "until"));
  return filter;
}

// The newest `count` of those that the filter lets through, oldest first.
Result<std::vector<store::AuditEntry>> newest(Platform& platform, const store::AuditFilter& filter,
                                              std::size_t count) {
  std::vector<store::AuditEntry> entries;
  while (entries.size() < count) {
    const std::int64_t last = entries.empty() ? 0 : entries.back().id;
    const std::size_t asked = std::min(page, count - entries.size());
    SLUICE_TRY_VALUE(auto some,
                     platform.store->audit().find(filter, store::AuditOrder::newest_first, last, asked));
    std::ranges::move(some, std::back_inserter(entries));
    if (some.size() < asked) break;
  }
  std::ranges::reverse(entries);
  return entries;
}

Result<std::vector<store::AuditHead>> anchors_of(const app::Settings& settings) {
  if (!settings.has("anchor")) return std::vector<store::AuditHead>();
  const std::string path = settings.text("anchor");
  std::string text;
  if (path == "-") {
    SLUICE_TRY_VALUE(text, app::read_input(STDIN_FILENO));
  } else {
    SLUICE_TRY_VALUE(text, os::read_file(path));
  }
  auto anchors = parse_anchors(text);
  if (!anchors)
    anchors.error().what = fmt::format("{}: {}", path == "-" ? "standard input" : path, anchors.error().what);
  return anchors;
}

using Faults = std::vector<store::AuditFault>;

// The first fault there is; none where the log is whole up to `head`, and has every anchor in it. The head is
// read first: what is appended meanwhile is not vouched for.
Result<std::optional<store::AuditFault>> find_fault(store::Audit& audit,
                                                    const std::vector<store::AuditHead>& anchors,
                                                    store::AuditHead& head) {
  SLUICE_TRY_VALUE(head, audit.head());
  SLUICE_TRY_VALUE(auto fault, audit.first_fault());
  if (fault) return fault;
  for (const store::AuditHead& anchor : anchors) {
    const auto entry = audit.by_id(anchor.id);
    if (!entry && entry.error().code != Errc::not_found) return std::unexpected(entry.error());
    const auto kind = store::AuditFault::Kind::unanchored;
    if (!entry)
      return store::AuditFault{
          kind, anchor.id, fmt::format("the audit log has no entry {}, which an anchor names", anchor.id)};
    if (entry->hash != anchor.hash)
      return store::AuditFault{kind, anchor.id,
                               fmt::format("audit entry {} is not the one that an anchor names", anchor.id)};
  }
  return std::nullopt;
}

void print_head(const app::Settings& settings, const store::AuditHead& head) {
  tell(settings, {{"entry", head.id}, {"hash", head.hash}},
       head.id == 0 ? "0" : fmt::format("{} {}", head.id, head.hash));
}
}  // namespace

Result<int> audit_list(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::AuditFilter filter, filter_of(settings, platform));
  const auto last = static_cast<std::size_t>(settings.integer("last"));
  SLUICE_TRY_VALUE(const auto entries,
                   newest(platform, filter, last == 0 ? std::numeric_limits<std::size_t>::max() : last));
  std::vector<std::vector<std::string>> rows{
      {"ID", "AT", "BY", "ADDRESS", "ACTION", "CHANNEL", "TARGET", "UNTIL", "REASON"}};
  for (const store::AuditEntry& entry : entries) {
    if (settings.flag("json")) {
      print_json(json_of(entry));
      continue;
    }
    rows.push_back({std::to_string(entry.id), format_rfc3339(entry.at), entry.actor.name, entry.actor.address,
                    entry.action, entry.channel_name, legible(entry.target), time_or(entry.expires_at, ""),
                    legible(entry.reason)});
  }
  if (!settings.flag("json")) print_table(rows);
  return 0;
}

Result<int> audit_head(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const store::AuditHead head, platform.store->audit().head());
  print_head(settings, head);
  return 0;
}

// Beside the first fault of what stands in the log, all there is of how it is kept.
Result<Faults> find_faults(store::Audit& audit, const std::vector<store::AuditHead>& anchors,
                           store::AuditHead& head) {
  SLUICE_TRY_VALUE(const auto first, find_fault(audit, anchors, head));
  SLUICE_TRY_VALUE(Faults faults, audit.damage());
  if (first) faults.insert(faults.begin(), *first);
  return faults;
}

Result<int> audit_verify(const app::Settings& settings, Platform& platform) {
  SLUICE_TRY_VALUE(const auto anchors, anchors_of(settings));
  store::AuditHead head;
  SLUICE_TRY_VALUE(const Faults faults, find_faults(platform.store->audit(), anchors, head));
  if (faults.empty()) {
    print_head(settings, head);
    return 0;
  }
  std::string all;
  for (const store::AuditFault& fault : faults) {
    if (settings.flag("json"))
      print_json({{"fault", store::name(fault.kind)}, {"entry", fault.entry}, {"error", fault.what}});
    all += (all.empty() ? "" : "; ") + fault.what;
  }
  return fail(Errc::invalid, all,
              "somebody who can write to the store did that; compare with a backup of it");
}

}  // namespace sluice::modctl
