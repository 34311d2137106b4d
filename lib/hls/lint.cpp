#include "hls/lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.hpp"

namespace sluice::hls {
namespace {

// Where the oldest version begins.
std::uint64_t first_listed(const Subject& subject, const std::string& path) {
  const auto history = subject.earlier.find(path);
  if (history == subject.earlier.end() || history->second.empty()) return 0;
  return read_playlist(history->second.front().text).media.media_sequence;
}

// What each media playlist was loaded by: the first multivariant playlist that names it.
std::map<std::string, Loaded> loaded_by(const Playlists& playlists) {
  std::map<std::string, Loaded> loaded;
  for (const auto& [path, master] : playlists) {
    if (!master.multivariant) continue;
    for (const std::string& uri : named_by(master.multi)) loaded.try_emplace(resolve(path, uri), Loaded{uri, &master.variables});
  }
  return loaded;
}

Playlists read_all(const Subject& subject) {
  Playlists first, again;
  for (const auto& [path, text] : subject.playlists) first[path] = read_playlist(text);
  for (const auto& [path, loaded] : loaded_by(first)) {
    const auto named = first.find(path);
    if (named != first.end() && !named->second.multivariant) again[path] = read_playlist(subject.playlists.at(path), loaded);
  }
  for (auto& [path, playlist] : again) first[path] = std::move(playlist);
  return first;
}

// The versions that led to `last`, and each step between two of them.
void lint_history(const Subject& subject, const std::string& path, const Loaded& loaded, const ReadPlaylist& last, std::uint64_t began, Findings& findings) {
  const auto history = subject.earlier.find(path);
  if (history == subject.earlier.end()) return;
  std::optional<ReadPlaylist> before;
  for (const Subject::Version& version : history->second) {
    ReadPlaylist now = read_playlist(version.text, loaded);
    lint_syntax(now, version.name, findings);
    lint_media_playlist(now, version.name, findings, began);
    if (now.foreign) continue;
    if (before) lint_update(*before, now, version.name, findings);
    before = std::move(now);
  }
  if (before && !last.foreign) lint_update(*before, last, path, findings);
}

}  // namespace

std::vector<std::string> named_by(const ReadMultivariant& multi) {
  std::vector<std::string> uris;
  for (const ReadVariant& variant : multi.variants) uris.push_back(variant.uri);
  for (const ReadRendition& rendition : multi.renditions) {
    if (!rendition.uri.empty()) uris.push_back(rendition.uri);
  }
  return uris;
}

void lint_syntax(const ReadPlaylist& playlist, const std::string& path, Findings& findings) {
  for (const Problem& problem : playlist.problems) {
    findings.push_back({find_rule(problem.rule)->id, problem.line > 0 ? fmt::format("{}:{}", path, problem.line) : path, problem.what});
  }
}

std::set<std::string> told_independent(const Playlists& playlists, const Resolve& resolve_by) {
  std::set<std::string> told;
  for (const auto& [path, master] : playlists) {
    if (!master.multivariant || !master.independent_segments) continue;
    for (const std::string& uri : named_by(master.multi)) told.insert(resolve_by(path, uri));
  }
  return told;
}

void lint_presentation(const std::string& path, const ReadPlaylist& master, const Playlists& playlists,
                       const std::map<std::string, MediaFacts>& facts, Findings& findings, const Resolve& resolve_by, bool drawn_live) {
  lint_multivariant(master, path, findings);
  std::vector<NamedPlaylist> renditions;
  bool independent = true, start_told = false;
  for (const std::string& uri : named_by(master.multi)) {
    const std::string target = resolve_by(path, uri);
    if (target.empty()) continue;
    const auto found = playlists.find(target);
    if (found == playlists.end()) {
      findings.push_back({find_rule("playlist-missing")->id, path, target + " is not there"});
      continue;
    }
    if (found->second.foreign) continue;
    if (found->second.multivariant) {
      findings.push_back({find_rule("media-playlist-named")->id, path, target == path ? "it names itself" : target + " is a multivariant playlist too"});
      continue;
    }
    independent = independent && found->second.independent_segments;
    if (master.independent_segments && found->second.independent_segments) {
      findings.push_back({find_rule("independent-segments-twice")->id, target, "it has EXT-X-INDEPENDENT-SEGMENTS, and so has " + path});
    }
    // Of the whole presentation; told of one playlist, since the others are alike.
    if (master.start && !start_told) start_told = lint_start(*master.start, found->second.media, fmt::format("{}:{}", path, master.start->line), findings);
    const bool subtitles = std::ranges::any_of(master.multi.renditions, [&](const ReadRendition& r) { return r.uri == uri && r.type == "SUBTITLES"; });
    if (std::ranges::none_of(renditions, [&](const NamedPlaylist& n) { return n.path == target; })) renditions.push_back({target, &found->second, subtitles});
  }
  if (!renditions.empty() && independent && !master.independent_segments) {
    findings.push_back({find_rule("independent-segments-told")->id, path, "its media playlists have EXT-X-INDEPENDENT-SEGMENTS, it has not"});
  }
  lint_renditions(renditions, findings, resolve_by);
  lint_times(renditions, facts, findings);
  const bool live = drawn_live || std::ranges::any_of(renditions, [](const NamedPlaylist& n) { return !n.playlist->media.end_list; });
  const auto facts_of = [&](const std::string& uri) -> const MediaFacts* {
    const auto known = facts.find(resolve_by(path, uri));
    return known == facts.end() ? nullptr : &known->second;
  };
  lint_declared(master, path, facts_of, live, findings);
}

std::string resolve(const std::string& path, std::string_view uri) {
  uri = uri.substr(0, uri.find_first_of("?#"));
  if (uri.empty() || uri.starts_with('/') || uri.find("://") != std::string_view::npos) return "";
  const std::size_t slash = path.rfind('/');
  std::vector<std::string_view> pieces;
  if (slash != std::string::npos) pieces = split(std::string_view(path).substr(0, slash), '/');
  for (std::string_view piece : split(uri, '/')) {
    if (piece == ".") continue;
    if (piece == "..") {
      if (pieces.empty()) return "";
      pieces.pop_back();
    } else {
      pieces.push_back(piece);
    }
  }
  return fmt::format("{}", fmt::join(pieces, "/"));
}

Findings lint(const Subject& subject, bool for_apple) {
  Findings findings;
  const Playlists playlists = read_all(subject);
  std::map<std::string, MediaFacts> facts;
  const std::set<std::string> independent = told_independent(playlists);
  const std::map<std::string, Loaded> loaded = loaded_by(playlists);
  for (const auto& [path, playlist] : playlists) {
    lint_syntax(playlist, path, findings);
    if (playlist.multivariant || playlist.foreign) continue;
    const std::uint64_t began = first_listed(subject, path);
    lint_media_playlist(playlist, path, findings, began);
    const bool all_independent = playlist.independent_segments || independent.contains(path);
    if (subject.load) facts[path] = lint_media({path, &playlist}, all_independent, subject.load, findings);
    const auto by = loaded.find(path);
    lint_history(subject, path, by == loaded.end() ? Loaded{} : by->second, playlist, began, findings);
  }
  for (const auto& [path, playlist] : playlists) {
    if (!playlist.multivariant) continue;
    lint_presentation(path, playlist, playlists, facts, findings);
    if (for_apple) lint_for_apple(playlist, path, findings);
  }
  // A file that several playlists list is told of once.
  Findings once;
  std::set<std::tuple<std::string_view, std::string, std::string>> told;
  for (Finding& finding : findings) {
    if (told.emplace(finding.rule, finding.where, finding.what).second) once.push_back(std::move(finding));
  }
  return once;
}

}  // namespace sluice::hls
