#include "lint/watcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lint/answers.hpp"

namespace sluice::lint {
namespace {

constexpr milliseconds first_patience{20'000};

Error unreachable(const std::string& url, const Reply& reply) {
  if (reply.status == 200) return {reply.fault == Fault::none ? Errc::unavailable : Errc::invalid, "get " + url + ": " + reply.why_cut(), reply.fault == Fault::too_large ? "is it the URL of a playlist?" : ""};
  if (reply.status == 0) {
    const std::string what = "get " + url + ": " + reply.error;
    switch (reply.fault) {
      case Fault::untrusted: return {Errc::denied, what, "give --ca-file FILE with the certificate of who signed the server's"};
      case Fault::certificates: return {Errc::config, what, "give --ca-file a file of certificates in PEM"};
      case Fault::url: return {Errc::usage, what, "give a URL as http://HOST/PATH"};
      default: return {Errc::unavailable, what, ""};
    }
  }
  const std::string what = fmt::format("get {}: status {}", url, reply.status);
  if (reply.status >= 500) return {Errc::unavailable, what, "the server may give it later"};
  return {Errc::not_found, what, reply.status == 404 ? "is the channel live?" : ""};
}

}  // namespace

Watcher::Watcher(std::string url, Options options) : url_(std::move(url)), options_(options) {
  first_.ask(url_, first_patience, [this](const Reply& reply) { begin(reply); });
}

std::vector<Ask> Watcher::take(Steady now) {
  if (!watch_) return first_.take(now);
  auto asks = watch_->requests.take(now);
  finish_if_over();
  return asks;
}

void Watcher::answer(const Reply& reply) {
  if (!watch_) return first_.answer(reply);
  watch_->requests.answer(reply);
  finish_if_over();
}

hls::Findings Watcher::take_findings() { return watch_ ? watch_->notes.take() : hls::Findings(); }

void Watcher::begin(const Reply& reply) {
  if (!reply.ok()) {
    failure_ = unreachable(url_, reply);
    done_ = true;
    return;
  }
  watch_ = std::make_unique<Watch>(Watch{{}, Places(reply.url), options_, {}, {}, Steady::max()});
  watch_->requests.take(reply.done);
  together_ = std::make_unique<Renditions>(*watch_);
  name_ = watch_->places.name(reply.url);
  hls::ReadPlaylist first = hls::read_playlist(as_text(reply.body), {reply.url});
  if (first.foreign) {
    hls::Findings found;
    hls::lint_syntax(first, name_, found);
    watch_->notes.take_from(name_, found);
    return finish_if_over();
  }
  if (!first.multivariant) {
    add(reply.url, false);
    return renditions_.front().playlist->start_with(reply);
  }
  watch_->variables = first.variables;
  hls::Findings found;
  hls::lint_syntax(first, name_, found);
  watch_->notes.take_from(name_, found);
  lint_playlist_answer(reply, first, true, name_, watch_->notes);
  for (const hls::ReadVariant& variant : first.multi.variants) add(resolve_url(reply.url, variant.uri), first.independent_segments);
  for (const hls::ReadRendition& rendition : first.multi.renditions) {
    if (!rendition.uri.empty()) add(resolve_url(reply.url, rendition.uri), first.independent_segments);
  }
  multivariant_ = std::move(first);
  for (const Rendition& rendition : renditions_) rendition.playlist->start();
}

void Watcher::add(const std::string& url, bool independent) {
  if (std::ranges::any_of(renditions_, [&](const Rendition& r) { return r.playlist->url() == url; })) return;
  Rendition& rendition = renditions_.emplace_back();
  rendition.playlist = std::make_unique<PlaylistWatch>(*watch_, url, [this](PlaylistWatch& playlist) { changed(playlist); });
  rendition.media = std::make_unique<MediaWatch>(*watch_, rendition.playlist->name(), independent);
  rendition.probes = std::make_unique<Probes>(*watch_);
}

void Watcher::changed(PlaylistWatch& playlist) {
  if (playlist.over()) return;
  was_live_ = was_live_ || !playlist.list().end_list;
  const auto at = std::ranges::find_if(renditions_, [&](const Rendition& r) { return r.playlist.get() == &playlist; });
  together_->grew(playlist);
  at->media->listed(playlist);
  at->probes->go_on(playlist);
  look_at_peaks();
}

// A playlist that was redirected is named by where it was asked for, and its URIs are relative to where it was found.
std::string Watcher::resolved(const std::string& base, std::string_view uri) const {
  const auto named = [&](const Rendition& r) { return r.playlist->name() == base && r.playlist->has_version(); };
  const auto of = std::ranges::find_if(renditions_, named);
  const std::string url = resolve_url(of == renditions_.end() ? watch_->places.url(base) : of->playlist->base(), uri);
  const auto found = [&](const Rendition& r) { return r.playlist->has_version() && without_directives(r.playlist->base()) == url; };
  const auto at = std::ranges::find_if(renditions_, found);
  return at == renditions_.end() ? watch_->places.name(url) : at->playlist->name();
}

// ---- what is declared while it is live: an upper bound of the segments that are there (4.4.6.2), which may grow with them

hls::Findings Watcher::over_declared() const {
  hls::Findings found;
  if (!multivariant_ || !was_live_) return found;
  std::map<std::string, hls::MediaFacts> facts;
  for (const Rendition& rendition : renditions_) {
    if (rendition.playlist->has_version()) facts[rendition.playlist->name()] = rendition.media->facts();
  }
  const auto facts_of = [&](const std::string& uri) -> const hls::MediaFacts* {
    const auto known = facts.find(resolved(name_, uri));
    return known == facts.end() ? nullptr : &known->second;
  };
  hls::lint_declared(*multivariant_, name_, facts_of, true, found);
  std::erase_if(found, [](const hls::Finding& finding) { return !finding.rule.ends_with("-over-bandwidth"); });
  return found;
}

void Watcher::look_at_peaks() {
  bool fresh = false;
  for (const hls::Finding& finding : over_declared()) {
    fresh = (finding.rule == "peak-over-bandwidth" && peaks_told_.insert(finding.where + finding.what).second) || fresh;
  }
  if (fresh) read_again();
}

// Of the variants that are watched, the most that has been declared: it may fall again when a peak's segment is no longer there.
void Watcher::read_again() {
  watch_->ask_until_answered(url_, first_patience, [this](const Reply& reply) {
    const hls::ReadPlaylist now = reply.ok() ? hls::read_playlist(as_text(reply.body), {reply.url}) : hls::ReadPlaylist();
    for (hls::ReadVariant& variant : multivariant_->multi.variants) {
      const auto same = std::ranges::find_if(now.multi.variants, [&](const hls::ReadVariant& v) { return v.uri == variant.uri && v.audio == variant.audio; });
      if (same == now.multi.variants.end()) continue;
      variant.bandwidth = std::max(variant.bandwidth, same->bandwidth);
      variant.average_bandwidth = std::max(variant.average_bandwidth, same->average_bandwidth);
    }
  });
}

void Watcher::finish_if_over() {
  if (done_ || !watch_->requests.idle()) return;
  if (!std::exchange(read_at_end_, true) && !over_declared().empty()) return read_again();
  done_ = true;
  finish();
}

// The presentation as a whole, by the last versions.
void Watcher::finish() {
  if (together_) together_->over();
  if (!multivariant_) return;
  hls::Playlists playlists;
  std::map<std::string, hls::MediaFacts> facts;
  for (const Rendition& rendition : renditions_) {
    if (rendition.playlist->foreign()) playlists[rendition.playlist->name()].foreign = true;
    if (rendition.playlist->multivariant()) playlists[rendition.playlist->name()].multivariant = true;
    if (!rendition.playlist->has_version()) continue;
    playlists[rendition.playlist->name()] = rendition.playlist->latest().playlist;
    facts[rendition.playlist->name()] = rendition.media->facts();
  }
  hls::Findings found;
  const auto resolve = [this](const std::string& base, std::string_view uri) { return resolved(base, uri); };
  hls::lint_presentation(name_, *multivariant_, playlists, facts, found, resolve, was_live_);
  if (options_.for_apple) hls::lint_for_apple(*multivariant_, name_, found);
  for (hls::Finding& finding : found) {
    const std::size_t line = finding.where.find(".m3u8:");
    const std::string of = finding.where.substr(0, line == std::string::npos ? line : line + 5);
    watch_->notes.add(of, std::move(finding));
  }
}

}  // namespace sluice::lint
