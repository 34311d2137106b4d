#include "lint/probes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lint/edge.hpp"

namespace sluice::lint {
namespace {

constexpr std::uint64_t far = 1000;

std::string question(const Directives& directives) {
  std::string text(with_directives("", directives));
  return text.empty() ? "it" : text.substr(1);
}
bool away(const Reply& reply) { return reply.status == 0 || reply.status >= 500; }  // says nothing about the directive

}  // namespace

void Probes::go_on(PlaylistWatch& playlist) {
  judge_delta_if_known(playlist);
  if (busy_ || playlist.over() || playlist.list().end_list || watch_.closing() || !playlist.list().control) return;
  for (auto probe = left_.begin(); probe != left_.end(); ++probe) {
    const Probe chosen = *probe;
    if (chosen != Probe::skip && !playlist.blocking()) continue;
    if (!send(playlist, chosen)) continue;
    left_.erase(probe);
    return;
  }
}

bool Probes::send(PlaylistWatch& playlist, Probe probe) {
  const hls::ReadMedia& list = playlist.list();
  const Edge next = next_edge(list);
  const bool parts = list.part_target.has_value();
  switch (probe) {
    case Probe::part_alone:
      if (!parts) return false;
      send_refusable(playlist, {.part = 0}, "blocking-part-alone");
      return true;
    case Probe::far_segment:
      send_refusable(playlist, {.msn = next.msn + far}, "blocking-far-ahead");
      return true;
    case Probe::far_part:
      if (!parts || next.part == 0) return false;
      send_refusable(playlist, {.msn = next.msn, .part = next.part + far}, "blocking-far-ahead");
      return true;
    case Probe::gone:
      if (list.segments.empty()) return false;
      send_awaiting(playlist, {.msn = list.media_sequence > 0 ? list.media_sequence - 1 : 0, .part = parts ? std::optional<std::uint64_t>(0) : std::nullopt},
                    {list.media_sequence, 0}, true, "blocking-gone");
      return true;
    case Probe::whole_segment:
      if (next.part == 0) return false;
      send_awaiting(playlist, {.msn = next.msn}, {next.msn, 0}, true, "blocking-reload");
      return true;
    case Probe::past_part: {
      const hls::ReadSegment* last = list.complete() > 0 ? &list.segments[list.complete() - 1] : nullptr;
      if (!last || last->parts.empty() || next.part > 1) return false;
      send_awaiting(playlist, {.msn = last->msn, .part = last->parts.size()}, {last->msn + 1, 0}, false, "blocking-past-part");
      return true;
    }
    case Probe::skip:
      if (!has_skippable(list) || delta_) return false;
      send_skip(playlist);
      return true;
  }
  return false;
}

void Probes::send_refusable(PlaylistWatch& playlist, const Directives& directives, std::string_view rule) {
  busy_ = true;
  // A part far beyond the open segment's is, once that is closed, part 0 of the next: then an answer is right, when it comes.
  const bool may_roll = directives.msn && directives.part;
  const double target = static_cast<double>(playlist.list().target_duration.value_or(1));
  const milliseconds patience = may_roll ? playlist.patience() : ms_of(target) + watch_.options.late;
  watch_.requests.ask(with_directives(playlist.url(), directives), patience, [this, &playlist, directives, rule, may_roll](const Reply& reply) {
    busy_ = false;
    if ((reply.status >= 400 && reply.status < 500) || (away(reply) && !reply.timed_out)) return;
    if (may_roll && reply.timed_out) return;
    if (may_roll && reply.status == 200 && holds(playlist.read(reply).media, *directives.msn, std::nullopt)) return;
    watch_.notes.add(playlist.name(), rule, playlist.name(), question(directives) + " was answered by " + reply.told());
  });
}

// `awaited`: what the answer must hold, a whole segment or a part.
void Probes::send_awaiting(PlaylistWatch& playlist, const Directives& directives, const Edge& awaited, bool whole, std::string_view rule) {
  busy_ = true;
  watch_.requests.ask(with_directives(playlist.url(), directives), playlist.patience(), [this, &playlist, directives, awaited, whole, rule](const Reply& reply) {
    busy_ = false;
    const auto find = [&](const std::string& what) { watch_.notes.add(playlist.name(), rule, playlist.name(), question(directives) + " was answered by " + what); };
    if (away(reply) || reply.cut) return;
    if (reply.status != 200) return find(reply.told());
    const hls::ReadPlaylist answer = playlist.read(reply);
    if (answer.media.end_list) return;
    if (answer.media.delta) return find("a delta update");
    const auto part = whole ? std::nullopt : std::optional<std::uint64_t>(awaited.part);
    if (!holds(answer.media, awaited.msn, part)) find(fmt::format("a playlist without segment {}{}", awaited.msn, whole ? "" : " part 0"));
  });
}

void Probes::send_skip(PlaylistWatch& playlist) {
  busy_ = true;
  watch_.requests.ask(with_directives(playlist.url(), {.skip = true}), playlist.patience(), [this, &playlist](const Reply& reply) {
    busy_ = false;
    if (away(reply) || reply.cut) return;
    if (reply.status != 200) return watch_.notes.add(playlist.name(), "delta-update", playlist.name(), "_HLS_skip=YES was answered by " + reply.told());
    hls::ReadPlaylist delta = playlist.read(reply);
    if (delta.media.end_list) return;
    hls::Findings found;
    hls::lint_syntax(delta, playlist.name(), found);
    watch_.notes.take_from(playlist.name(), found);
    delta_ = std::move(delta);
    judge_delta_if_known(playlist);
  });
}

void Probes::judge_delta_if_known(PlaylistWatch& playlist) {
  if (!delta_ || next_edge(playlist.list()) < next_edge(delta_->media)) return;
  const DeltaVerdict verdict = judge_delta(*delta_, playlist.known());
  delta_.reset();
  if (verdict.disagrees) watch_.notes.add(playlist.name(), "delta-update", playlist.name(), *verdict.disagrees);
  if (verdict.boundary) watch_.notes.add(playlist.name(), "delta-boundary", playlist.name(), *verdict.boundary);
}

}  // namespace sluice::lint
