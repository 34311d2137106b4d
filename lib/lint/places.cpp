#include "lint/places.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace sluice::lint {
namespace {

bool has_scheme(std::string_view text) {
  const std::size_t end = text.find(':');
  return end != 0 && end != std::string_view::npos && end < text.find_first_of("/?#");
}

// Where the path begins: after "scheme://authority".
std::size_t path_at(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t from = scheme == std::string_view::npos ? 0 : scheme + 3;
  return std::min(url.find_first_of("/?#", from), url.size());
}

std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto pieces = split(path, '/');
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool last = i + 1 == pieces.size();
    if (pieces[i] == "..") {
      if (kept.size() > 1) kept.pop_back();
      if (last) kept.push_back("");
    } else if (pieces[i] == ".") {
      if (last) kept.push_back("");
    } else {
      kept.push_back(pieces[i]);
    }
  }
  std::string out;
  for (std::size_t i = 0; i < kept.size(); ++i) out.append(i == 0 ? "" : "/").append(kept[i]);
  return out;
}

}  // namespace

std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  std::string_view host = url.substr(scheme + 3, path_at(url) - scheme - 3);
  host.remove_prefix(host.find('@') == std::string_view::npos ? 0 : host.rfind('@') + 1);
  return host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
}

std::string_view path_of(std::string_view url) {
  const std::size_t from = path_at(url);
  return url.substr(from, std::min(url.find_first_of("?#", from), url.size()) - from);
}

std::string resolve_url(std::string_view base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  base = base.substr(0, base.find('#'));
  if (has_scheme(reference)) return std::string(reference);
  const std::size_t from = path_at(base);
  const std::string_view origin = base.substr(0, from);
  if (reference.starts_with("//")) return std::string(base.substr(0, base.find("//"))).append(reference);
  if (reference.empty()) return std::string(base);
  const std::string_view base_path = path_of(base);
  if (reference.starts_with('?')) return std::string(origin).append(base_path).append(reference);
  const std::size_t query = std::min(reference.find('?'), reference.size());
  std::string path(reference.substr(0, query));
  if (!path.starts_with('/')) path = std::string(base_path.substr(0, base_path.rfind('/') + 1)) + path;
  if (!path.starts_with('/')) path = "/" + path;
  return std::string(origin).append(without_dots(path)).append(reference.substr(query));
}

std::string with_directives(std::string_view url, const Directives& directives) {
  const std::size_t query = std::min(url.find('?'), url.size());
  std::vector<std::string> parameters;
  if (query + 1 < url.size()) {
    for (std::string_view parameter : split(url.substr(query + 1), '&')) parameters.emplace_back(parameter);
  }
  if (directives.msn) parameters.push_back("_HLS_msn=" + std::to_string(*directives.msn));
  if (directives.part) parameters.push_back("_HLS_part=" + std::to_string(*directives.part));
  if (directives.skip) parameters.push_back("_HLS_skip=YES");
  std::ranges::stable_sort(parameters, {}, [](const std::string& p) { return p.substr(0, p.find('=')); });
  std::string out(url.substr(0, query));
  for (std::size_t i = 0; i < parameters.size(); ++i) out.append(i == 0 ? "?" : "&").append(parameters[i]);
  return out;
}

std::string without_directives(std::string_view url) {
  const std::size_t query = std::min(url.find('?'), url.size());
  std::string out(url.substr(0, query)), separator = "?";
  if (query == url.size()) return out;
  for (const std::string_view parameter : split(url.substr(query + 1), '&')) {
    if (parameter.starts_with("_HLS_")) continue;
    out.append(std::exchange(separator, "&")).append(parameter);
  }
  return out;
}

Places::Places(std::string_view first) {
  const std::size_t from = path_at(first);
  const std::string_view path = path_of(first);
  root_ = std::string(first.substr(0, from)).append(path.substr(0, path.rfind('/') + 1));
  if (!root_.ends_with('/')) root_ += '/';
}

std::string Places::name(std::string_view url) const {
  return std::string(url.starts_with(root_) && url.size() > root_.size() ? url.substr(root_.size()) : url);
}

std::string Places::url(std::string_view name) const {
  return name.find("://") != std::string_view::npos ? std::string(name) : root_ + std::string(name);
}

}  // namespace sluice::lint
