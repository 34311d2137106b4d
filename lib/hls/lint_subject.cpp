#include "hls/lint_subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/text.hpp"
#include "hls/ledger_view.hpp"
#include "hls/playlist_writer.hpp"
#include "os/file.hpp"

namespace sluice::hls {
namespace {

constexpr std::size_t replayed_parts = 200;  // at the stream's end: more than a live window

Result<Bytes> load_file(const std::string& path) {
  SLUICE_TRY_VALUE(const std::string text, os::read_file(path));
  return to_bytes(text);
}

// "source/12.3.m4s" is part 3 of the ledger's file source/12.m4s.
Result<Bytes> load_from_ledger(const std::string& directory, const LedgerView& view, const std::string& path) {
  const auto folders = split(path, '/');
  const auto pieces = split(folders.back(), '.');
  if (folders.size() != 2 || pieces.size() != 3) return load_file(directory + "/" + path);
  const RenditionView* rendition = view.stream().find(folders[0]);
  const auto msn = parse_number<MediaSequence>(pieces[0]);
  const auto index = parse_number<std::size_t>(pieces[1]);
  const SegmentView* segment = rendition && msn ? rendition->find(*msn) : nullptr;
  if (!segment || !index || *index >= segment->parts.size()) return fail(Errc::not_found, "the ledger has no part " + path);
  SLUICE_TRY_VALUE(const Bytes whole, load_file(directory + "/" + rendition->name + "/" + segment_name(view.stream().format, *msn)));
  const PartView& part = segment->parts[*index];
  if (part.offset + part.bytes > whole.size()) return fail(Errc::not_found, path + " reaches beyond its segment's file");
  return Bytes(whole.begin() + static_cast<std::ptrdiff_t>(part.offset), whole.begin() + static_cast<std::ptrdiff_t>(part.offset + part.bytes));
}

void draw_live(const StreamView& stream, std::map<std::string, std::string>& into) {
  for (const RenditionView& rendition : stream.renditions) {
    if (!rendition.segments.empty()) into[rendition.name + "/" + live_playlist_name] = live_playlist(stream, rendition, {});
  }
  into["master.m3u8"] = multivariant_playlist(stream, "", live_playlist_name);
}

// Not before every rendition has a segment that is complete: until then there is no recording to look at.
void draw_whole(const StreamView& stream, std::map<std::string, std::string>& into) {
  for (const RenditionView& rendition : stream.renditions) {
    if (!rendition.segments.empty() && rendition.complete() == 0) return;
  }
  for (const RenditionView& rendition : stream.renditions) {
    if (rendition.complete() > 0) into[rendition.name + "/" + whole_playlist_name] = whole_playlist(stream, rendition);
  }
  into["whole.m3u8"] = multivariant_playlist(stream, "", whole_playlist_name);
}

bool is_version(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot != std::string_view::npos && name.substr(0, dot).ends_with(".m3u8") && parse_number<unsigned>(name.substr(dot + 1));
}

}  // namespace

bool is_ledger(const std::string& directory) {
  std::error_code unknown;  // who may not look reads an error
  return std::filesystem::is_regular_file(directory + "/index", unknown);
}

Result<Subject> subject_of_ledger(const std::string& directory) {
  SLUICE_TRY_VALUE(const std::string index, os::read_file(directory + "/index"));
  std::vector<std::string_view> lines;
  for (std::size_t at = 0, end; (end = index.find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(std::string_view(index).substr(at, end + 1 - at));
  }
  std::size_t parts = 0;
  for (const auto line : lines) parts += line.starts_with("P ");

  // The live edge is that before the end, if the stream has ended.
  auto view = std::make_shared<LedgerView>(directory);
  Subject subject;
  std::map<std::string, std::string> over;
  std::size_t seen = 0;
  for (const auto line : lines) {
    if (line.starts_with("E ")) draw_live(view->stream(), subject.playlists);
    if (view->feed(as_bytes(line)) != line.size()) break;
    if (!line.starts_with("P ") || ++seen + replayed_parts < parts) continue;
    const auto fields = split(line, ' ');
    const RenditionView& rendition = *view->stream().find(fields[1]);
    const std::string path = rendition.name + "/" + live_playlist_name;
    auto& versions = subject.earlier[path];
    versions.push_back({fmt::format("{} at segment {} part {}", path, fields[2], fields[3]), live_playlist(view->stream(), rendition, {})});
    versions.push_back({versions.back().name + " delta", live_playlist(view->stream(), rendition, {.delta = true})});
  }
  if (!view->begun() || parts == 0) return fail(Errc::invalid, directory + " holds no stream");
  if (!view->stream().ended) draw_live(view->stream(), subject.playlists);
  draw_whole(view->stream(), subject.playlists);
  subject.load = [directory, view](const std::string& path) { return load_from_ledger(directory, *view, path); };
  return subject;
}

Result<Subject> subject_of_folder(const std::string& directory) {
  Subject subject;
  std::map<std::string, std::map<unsigned, std::string>> versions;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entries(directory, error);
  for (; !error && entries != std::filesystem::recursive_directory_iterator(); entries.increment(error)) {
    const auto& entry = *entries;
    std::error_code gone;
    if (!entry.is_regular_file(gone)) continue;
    const std::string path = std::filesystem::relative(entry.path(), directory).string();
    const bool version = is_version(path);
    if (!version && !path.ends_with(".m3u8") && !path.ends_with(".m3u")) continue;
    SLUICE_TRY_VALUE(std::string text, os::read_file(entry.path().string()));
    if (version) {
      const std::size_t dot = path.rfind('.');
      versions[path.substr(0, dot)][*parse_number<unsigned>(std::string_view(path).substr(dot + 1))] = std::move(text);
    } else {
      subject.playlists[path] = std::move(text);
    }
  }
  if (error) return fail(Errc::not_found, "read " + directory + ": " + error.message());
  if (subject.playlists.empty()) return fail(Errc::invalid, directory + " is no ledger and holds no .m3u8 file");
  for (auto& [path, numbered] : versions) {
    for (auto& [number, text] : numbered) subject.earlier[path].push_back({fmt::format("{}.{}", path, number), std::move(text)});
  }
  subject.load = [directory](const std::string& path) { return load_file(directory + "/" + path); };
  return subject;
}

bool is_playlist_file(const std::string& path) {
  std::error_code unknown;
  return std::filesystem::is_regular_file(path, unknown);
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

Result<Subject> subject_of_file(const std::string& path) {
  const std::string folder = folder_of(path), name = std::filesystem::path(path).filename().string();
  Subject subject;
  SLUICE_TRY_VALUE(subject.playlists[name], os::read_file(path));
  std::vector<std::string> unread{name};  // another multivariant playlist among them is wrong, and judged with what it names
  while (!unread.empty()) {
    const std::string by = unread.back();
    unread.pop_back();
    for (const std::string& uri : named_by(read_playlist(subject.playlists[by]).multi)) {
      const std::string named = resolve(by, uri);
      if (named.empty() || subject.playlists.contains(named)) continue;
      auto text = os::read_file(folder + "/" + named);
      if (!text) continue;  // playlist-missing tells
      subject.playlists[named] = *std::move(text);
      unread.push_back(named);
    }
  }
  for (unsigned number = 1; !is_version(name); ++number) {
    auto text = os::read_file(fmt::format("{}.{}", path, number));
    if (!text) break;
    subject.earlier[name].push_back({fmt::format("{}.{}", name, number), *std::move(text)});
  }
  subject.load = [folder](const std::string& file) { return load_file(folder + "/" + file); };
  return subject;
}

}  // namespace sluice::hls
