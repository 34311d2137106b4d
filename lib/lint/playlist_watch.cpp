#include "lint/playlist_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lint/answers.hpp"

namespace sluice::lint {
namespace {

constexpr milliseconds plain_patience{20'000};
constexpr unsigned most_cut = 20;  // answers, while none has been whole
constexpr std::uint64_t kept_segments = 100;  // of those that are no longer listed

}  // namespace

PlaylistWatch::PlaylistWatch(Watch& watch, std::string url, Changed changed)
    : watch_(watch), url_(std::move(url)), name_(watch.places.name(url_)), changed_(std::move(changed)) {}

milliseconds PlaylistWatch::patience() const {
  const double target = latest_ ? static_cast<double>(list().target_duration.value_or(2)) : 2;
  return ms_of(3 * target) + watch_.options.late + milliseconds(5000);
}

hls::ReadPlaylist PlaylistWatch::read(const Reply& reply) const {
  return hls::read_playlist(as_text(reply.body), {reply.url, watch_.variables ? &*watch_.variables : nullptr});
}

void PlaylistWatch::start() { ask_plain(); }

void PlaylistWatch::start_with(const Reply& reply) {
  accept(reply, false);
  go_on();
}

bool PlaylistWatch::accept(const Reply& reply, bool waited) {
  Version now{read(reply), reply.asked, reply.done, waited};
  hls::Findings found;
  if (now.playlist.multivariant) {
    if (latest_) note("media-playlist-named", "it has become a multivariant playlist");  // else told of the one that names it
    multivariant_ = true;
    return false;
  }
  hls::lint_syntax(now.playlist, name_, found);
  if (now.playlist.foreign) {
    foreign_ = true;
    watch_.notes.take_from(name_, found);
    return false;
  }
  const hls::ReadMedia& media = now.playlist.media;
  if (!latest_) {
    began_ = media.media_sequence;
    blocking_ = media.control && media.control->can_block;
    pace_.begins(reply.done);
  }
  hls::lint_media_playlist(now.playlist, name_, found, began_);
  if (latest_) {
    hls::lint_update(latest_->playlist, now.playlist, name_, found);
    const milliseconds between = blocking_ ? milliseconds(0) : ms_of(static_cast<double>(media.target_duration.value_or(1)));
    pace_.grew(list(), media, reply.done, watch_.options.late, between);
    if (const auto late = pace_.take_late()) note("updated-in-time", *late);
  }
  watch_.notes.take_from(name_, found);
  lint_playlist_answer(reply, now.playlist, !waited, name_, watch_.notes);
  if (watch_.ends == Steady::max() && !media.end_list) {
    watch_.ends = reply.done + watch_.options.watch.value_or(ms_of(3 * static_cast<double>(media.target_duration.value_or(2))));
  }
  for (const hls::ReadSegment& segment : media.segments) known_[segment.msn] = segment;
  while (!known_.empty() && media.media_sequence > kept_segments && known_.begin()->first < media.media_sequence - kept_segments) known_.erase(known_.begin());
  base_ = reply.url;
  before_ = std::move(latest_);
  latest_ = std::move(now);
  changed_(*this);
  return true;
}

void PlaylistWatch::go_on() {
  if (list().end_list) return ask_after_end();
  if (watch_.closing()) {
    if (const auto missing = pace_.missing(list(), watch_.requests.now(), watch_.options.late)) note("updated-in-time", *missing);
    return end();
  }
  if (blocking_) return ask_blocking();
  // Unchanged: half a target duration, otherwise a whole one (6.3.4).
  const bool same = before_ && next_edge(before_->playlist.media) == next_edge(list());
  const milliseconds wait = ms_of(static_cast<double>(std::max<std::uint64_t>(list().target_duration.value_or(1), 1)) * (same ? 0.5 : 1));
  watch_.requests.at(std::min(watch_.requests.now() + wait, std::max(watch_.ends, watch_.requests.now())), [this] { ask_plain(); });
}

void PlaylistWatch::ask_plain() {
  watch_.requests.ask(url_, plain_patience, [this](const Reply& reply) {
    if (reply.status == 200 && reply.cut) {
      note("atomic-change", reply.why_cut());
      if (reply.fault == Fault::too_large) return end();
      if (!latest_ && (watch_.closing() || ++cut_ >= most_cut)) return end();
      return retry(try_again);
    }
    if (reply.status != 200) {
      if (!latest_ && watch_.may_come(reply, *(away_since_ = away_since_.value_or(reply.done)))) return retry(try_again);
      if (!latest_ || reply.status == 404 || reply.status == 410) {
        note("playlist-missing", "it cannot be had: " + reply.told());
        return end();
      }
      return retry(try_again);
    }
    if (!accept(reply, false)) return latest_ ? retry(try_again) : end();
    go_on();
  });
}

void PlaylistWatch::ask_blocking() {
  const Edge next = next_edge(list());
  const std::optional<std::uint64_t> part = list().part_target ? std::optional(next.part) : std::nullopt;
  watch_.requests.ask(with_directives(url_, {next.msn, part, false}), patience(), [this, next](const Reply& reply) { blocked(next, reply); });
}

void PlaylistWatch::blocked(const Edge& awaited, const Reply& reply) {
  if (reply.status == 200 && reply.cut) {
    note("atomic-change", reply.why_cut());
    if (reply.fault == Fault::too_large) return end();
    return retry(try_again);
  }
  if (reply.status != 200) return refused(awaited, reply);
  const Edge before = next_edge(list());
  const double took = seconds_of(reply.done - reply.asked);
  if (!accept(reply, true)) return retry(try_again);
  const bool parts = list().part_target.has_value();
  if (!list().end_list && !holds(list(), awaited.msn, parts ? std::optional(awaited.part) : std::nullopt)) {
    note("blocking-reload", fmt::format("segment {} part {} was asked for; the answer after {:.3f} s does not hold it", awaited.msn, awaited.part, took));
  }
  if (next_edge(list()) <= before && !list().end_list) return retry(std::max(try_again, ms_of(list().part_target.value_or(1))));  // it does not block
  go_on();
}

// 503 is right when three target durations have passed (6.2.5.2): the source may be away.
void PlaylistWatch::refused(const Edge& awaited, const Reply& reply) {
  const double took = seconds_of(reply.done - reply.asked), limit = 3 * std::max(1.0, static_cast<double>(list().target_duration.value_or(1)));
  const std::string what = fmt::format("segment {} part {} was asked for: {} after {:.3f} s", awaited.msn, awaited.part, reply.told(), took);
  if (reply.status == 404 || reply.status == 410) {
    note("playlist-missing", "it has gone, without an EXT-X-ENDLIST: " + reply.told());
    return end();
  }
  if (took > limit + seconds_of(watch_.options.late)) {
    note("blocking-gives-up", what);
  } else if (reply.status >= 400 && reply.status < 500) {
    note("blocking-reload", what);
    blocking_ = false;
  } else if (reply.status > 0 && took < 0.9 * limit) {
    note("blocking-reload", what);
  }
  retry(reply.status > 0 && took >= 0.9 * limit ? milliseconds(0) : try_again);
}

void PlaylistWatch::retry(milliseconds after) {
  watch_.requests.at(watch_.requests.now() + after, [this] { latest_ ? go_on() : ask_plain(); });
}

// All directives are ignored when it has ended (6.2.5.1, 6.2.5.2).
void PlaylistWatch::ask_after_end() {
  if (!list().control || (!list().control->can_block && !list().control->can_skip_until)) return before_ ? look_once_more() : end();
  const std::uint64_t beyond = complete_end(list()) + 1000;
  watch_.ask_until_answered(with_directives(url_, {beyond, 3, true}), patience(), [this, beyond](const Reply& reply) {
    if (reply.broken_off()) return end();
    if (reply.status != 200) {
      note("blocking-after-end", fmt::format("_HLS_msn={} was answered by {}", beyond, reply.told()));
    } else if (const auto answer = read(reply); answer.media.delta || !answer.media.end_list) {
      note("blocking-after-end", answer.media.delta ? "_HLS_skip was answered by a delta update" : "the answer to _HLS_msn has no EXT-X-ENDLIST");
    }
    end();
  });
}

// A playlist that was seen to end has ended for whoever asks later (6.2.1). It may be taken away.
void PlaylistWatch::look_once_more() {
  watch_.requests.at(watch_.requests.now() + ms_of(static_cast<double>(list().target_duration.value_or(1))), [this] {
    watch_.requests.ask(url_, plain_patience, [this](const Reply& reply) {
      const hls::ReadPlaylist now = reply.ok() ? read(reply) : latest_->playlist;
      hls::Findings found;
      if (!now.foreign) hls::lint_update(latest_->playlist, now, name_, found);
      watch_.notes.take_from(name_, found);
      end();
    });
  });
}

void PlaylistWatch::end() {
  over_ = true;
  changed_(*this);
}

}  // namespace sluice::lint
