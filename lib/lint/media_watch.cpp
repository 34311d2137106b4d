#include "lint/media_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lint/answers.hpp"

namespace sluice::lint {
namespace {

constexpr std::size_t most_under_way = 6;  // of one playlist's media, but for hints
constexpr std::size_t samples = 5;         // of what is looked for again
constexpr milliseconds patience{30'000};

std::string told(const Reply& reply) {
  if (reply.status == 200 && reply.cut) return reply.why_cut();
  return reply.told();
}

}  // namespace

MediaWatch::MediaWatch(Watch& watch, std::string playlist, bool independent)
    : watch_(watch), playlist_(std::move(playlist)), independent_(independent) {}
MediaWatch::~MediaWatch() = default;

hls::MediaFacts MediaWatch::facts() const {
  if (!lint_) return {};
  hls::MediaFacts facts = lint_->facts(target_);
  facts.from_first = from_first_;
  return facts;
}

std::string MediaWatch::absolute(std::string_view uri) const { return resolve_url(base_, uri); }

void MediaWatch::note(std::string_view rule, const std::string& url, std::string what) {
  watch_.notes.add(playlist_, rule, watch_.places.name(url), std::move(what));
}

void MediaWatch::begin(const PlaylistWatch& playlist) {
  const hls::ReadMedia& list = playlist.list();
  target_ = std::clamp(static_cast<double>(list.target_duration.value_or(1)), 1.0, 86'400.0);
  part_target_ = list.part_target.value_or(0);
  removes_ = !list.end_list && list.type.empty();
  const auto load = [this](const std::string& name) -> Result<Bytes> {
    const auto at = resources_.find(watch_.places.url(name));
    if (at == resources_.end() || at->second.state != Resource::State::here) {
      return fail(Errc::not_found, at == resources_.end() ? "it was not asked for" : at->second.failure);
    }
    return at->second.body;
  };
  const auto resolve = [this](const std::string&, std::string_view uri) { return watch_.places.name(absolute(uri)); };
  lint_ = std::make_unique<hls::MediaLint>(playlist_, independent_ || playlist.latest().playlist.independent_segments, list.part_target.has_value(), load, found_, resolve);
  // Of a live playlist, what a player would begin with; of one that has ended, all.
  next_ = list.media_sequence;
  double behind = 0;
  for (std::size_t i = list.complete(); i-- > 0 && !list.end_list && behind < 3 * target_;) {
    next_ = list.segments[i].msn;
    behind += list.segments[i].duration;
  }
  from_first_ = next_ == list.media_sequence;  // else each rendition may have been a segment further when it was first read
}

void MediaWatch::listed(const PlaylistWatch& playlist) {
  const hls::ReadMedia& list = playlist.list();
  const Steady now = playlist.latest().arrived;
  base_ = playlist.base();
  if (!lint_) begin(playlist);
  judge_hint(list);
  std::map<std::string, double> parts;
  double behind = list.duration();
  longest_ = std::max(longest_, behind);
  for (const hls::ReadSegment& segment : list.segments) {
    behind -= segment.uri.empty() ? 0 : segment.duration;
    for (const hls::ReadPart& part : segment.parts) {
      const std::string url = absolute(part.uri);
      if (part.gap || part.byte_range) continue;  // a range is of a resource that still grows: it is looked at when that is whole
      parts[url] = part.duration;
      if (segment.msn >= next_ && !segment.gap) want(url, part.duration);
    }
    if (segment.uri.empty()) continue;
    if (!shown_.contains(segment.msn)) {
      // After the version before; of those in the first it can be reckoned to a part, or to a segment where there are no parts.
      const double open = list.segments.back().uri.empty() ? length_of(list.segments.back()) : 0, unsure = part_target_ > 0 ? open + part_target_ : target_;
      const Steady since = playlist.before() ? std::min(playlist.before()->arrived, now - ms_of(behind)) : now - ms_of(behind + unsure);
      shown_[segment.msn] = {absolute(segment.uri), segment.duration, since, segment.gap};
    }
    if (segment.msn < next_) continue;
    next_ = segment.msn + 1;
    Pending pending{segment, {}};
    if (!segment.gap && !segment.byte_range) {
      if (segment.map) pending.urls.push_back(absolute(*segment.map));
      for (const hls::ReadPart& part : segment.parts) {
        if (!part.gap) pending.urls.push_back(absolute(part.uri));
      }
      pending.urls.push_back(absolute(segment.uri));
      for (const std::string& url : pending.urls) want(url, segment.duration);
    }
    pending_.push_back(std::move(pending));
  }
  if (playlist.before()) playlist_before_ = playlist.before()->arrived;
  look_for_removed(list, now);
  parts_ = std::move(parts);
  if (!list.end_list) ask_hints(list);
  judge_ready();
}

// ---- what is listed

void MediaWatch::want(const std::string& url, double duration) {
  const auto [at, fresh] = resources_.try_emplace(url);
  Resource& resource = at->second;
  if (!fresh && resource.hint && resource.state == Resource::State::failed) {
    note("hint-available", url, "it was hinted at, asked for and not given (" + resource.failure + "), and then listed");
  } else if (!fresh) {
    return;
  }
  resource = Resource();
  queue_.emplace_back(url, duration);
  fetch_next();
}

void MediaWatch::fetch_next() {
  while (!queue_.empty() && under_way_ < most_under_way) {
    const auto [url, duration] = queue_.front();
    queue_.pop_front();
    ++under_way_;
    watch_.ask_until_answered(url, patience, [this, url = url, duration = duration](const Reply& reply) {
      --under_way_;
      fetched(url, duration, reply);
      fetch_next();
    }, most_media);
  }
}

void MediaWatch::fetched(const std::string& url, double duration, const Reply& reply) {
  Resource& resource = resources_[url];
  if (reply.ok()) {
    resource.state = Resource::State::here;
    resource.body = reply.body;
    lint_media_answer(reply, removes_, playlist_, watch_.places.name(url), watch_.notes);
    if (const double took = seconds_of(reply.done - reply.asked); removes_ && took > duration + seconds_of(watch_.options.late)) {
      note("available-at-once", url, fmt::format("it lasts {:.3f} s and took {:.3f} s to fetch", duration, took));
    }
  } else {
    resource.state = Resource::State::failed;
    resource.failure = told(reply);
  }
  judge_ready();
}

// In order, when all that a segment consists of has come.
void MediaWatch::judge_ready() {
  while (!pending_.empty()) {
    const Pending& head = pending_.front();
    const bool ready = std::ranges::all_of(head.urls, [&](const std::string& url) {
      const auto state = resources_[url].state;
      return state == Resource::State::here || state == Resource::State::failed;
    });
    if (!ready) return;
    if (!head.segment.byte_range) lint_->add(head.segment);  // its resource may be the whole recording
    watch_.notes.take_from(playlist_, found_);
    const std::string map = head.segment.map ? absolute(*head.segment.map) : "";
    for (const std::string& url : head.urls) {
      if (url != map) resources_.erase(url);
    }
    pending_.pop_front();
  }
}

// ---- what is hinted at

void MediaWatch::ask_hints(const hls::ReadMedia& list) {
  hinted_.reset();
  const bool ranges = std::ranges::any_of(list.segments, [](const hls::ReadSegment& s) { return std::ranges::any_of(s.parts, [](const auto& part) { return part.byte_range.has_value(); }); });
  for (const hls::Hint& hint : list.hints) {
    if (hint.uri.empty() || ranges) continue;  // of one, nobody asks for the whole
    const std::string url = absolute(hint.uri);
    if (hint.type == "PART") hinted_ = Hinted{next_edge(list), hint.uri};
    const auto [at, fresh] = resources_.try_emplace(url);
    if (!fresh) continue;
    at->second = {Resource::State::hinted, true, "", {}};
    const milliseconds wait = ms_of(3 * target_) + watch_.options.late + milliseconds(5000);
    watch_.ask_until_answered(url, wait, [this, url](const Reply& reply) { hint_answered(url, reply); }, most_media);
  }
}

void MediaWatch::hint_answered(const std::string& url, const Reply& reply) {
  const auto at = resources_.find(url);
  if (at == resources_.end()) return;
  Resource& resource = at->second;
  if (!reply.ok()) {
    // A hint may come to nothing (6.2.6); when the part is listed nevertheless, this was wrong.
    resource.state = Resource::State::failed;
    resource.failure = told(reply);
    const bool listed = parts_.contains(url);
    const double took = seconds_of(reply.done - reply.asked);
    // The source was away, or the server: it is asked for again when it is listed or hinted.
    if (reply.broken_off() || ((reply.status >= 500 || reply.timed_out) && took >= 0.9 * 3 * target_)) {
      resources_.erase(at);
      if (listed) want(url, part_target_);
    } else if (listed) {
      want(url, part_target_);
    }
    return judge_ready();
  }
  resource.state = Resource::State::here;
  resource.body = reply.body;
  ++hints_;
  // One slow transfer is the network's; most of them slow is a server that sends while the part is being made.
  if (part_target_ > 0 && seconds_of(reply.done - reply.first) > 0.5 * part_target_ && ++trickled_ >= 3 && 2 * trickled_ > hints_) {
    note("hint-answered-whole", url, fmt::format("its first byte came {:.3f} s before its last", seconds_of(reply.done - reply.first)));
  }
  judge_ready();
}

void MediaWatch::judge_hint(const hls::ReadMedia& list) {
  if (!hinted_) return;
  const hls::ReadSegment* segment = find_segment(list, hinted_->edge.msn);
  if (!segment || segment->discontinuity || segment->gap || segment->parts.size() <= hinted_->edge.part) return;
  const hls::ReadPart& part = segment->parts[hinted_->edge.part];
  if (part.gap) return;
  if (part.uri != hinted_->uri) {
    note("hint-kept", absolute(hinted_->uri), fmt::format("it was hinted at, {} was listed in its place", part.uri));
  } else if (again_ < samples) {
    ++again_;
    fetch_again(absolute(part.uri));
  }
}

void MediaWatch::fetch_again(const std::string& url) {
  watch_.requests.ask(url, patience, [this, url](const Reply& reply) {
    const auto first = resources_.find(url);
    if (!reply.ok() || first == resources_.end() || first->second.state != Resource::State::here) return;
    if (first->second.body != reply.body) note("hint-kept", url, "asked for when it was hinted at and when it was listed, it had different bytes");
  }, most_media);
}

// ---- what is no longer listed

void MediaWatch::look_for_removed(const hls::ReadMedia& list, Steady now) {
  while (!shown_.empty() && shown_.begin()->first < list.media_sequence) {
    const Shown gone = shown_.begin()->second;
    shown_.erase(shown_.begin());
    const Steady until = gone.since + ms_of(gone.duration + longest_);
    if (gone.gap || list.end_list || until <= now || looked_for_segments_ >= samples) continue;
    ++looked_for_segments_;
    must_still_be_there(gone.url, "segment", until);
  }
  for (const auto& [url, duration] : parts_) {
    const bool listed = std::ranges::any_of(list.segments, [&](const hls::ReadSegment& segment) {
      return std::ranges::any_of(segment.parts, [&](const hls::ReadPart& part) { return absolute(part.uri) == url; });
    });
    if (listed || list.end_list || looked_for_parts_ >= samples) continue;
    ++looked_for_parts_;
    const Steady when = std::min(now + ms_of(2 * target_), std::max(watch_.ends, now));
    const Steady before = playlist_before_ ? *playlist_before_ : now;
    watch_.requests.at(when, [this, url = url, until = before + ms_of(3 * target_)] { must_still_be_there(url, "part", until); });
  }
}

void MediaWatch::must_still_be_there(const std::string& url, const char* what, Steady until) {
  watch_.requests.ask(url, patience, [this, url, what, until](const Reply& reply) {
    if (reply.status == 0 || reply.status >= 500 || reply.ok() || reply.cut || reply.done > until) return;
    note("available-long-enough", url, fmt::format("the {} is no longer listed, and no longer there: {}", what, told(reply)));
  }, most_media);
}

}  // namespace sluice::lint
