#pragma once
// StaticFiles: a directory of small files, read into memory once, each with its type, ETag and a gzip form made at start.
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "http/server.hpp"

namespace sluice::http {

// "text/html; charset=utf-8" for "x.html"; application/octet-stream for what is not known.
std::string_view content_type(std::string_view file_name);

class StaticFiles {
 public:
  // All regular files below `directory`, by their relative path ("assets/a.js"). Errc::not_found when it is no directory.
  static Result<StaticFiles> load(const std::string& directory);

  bool has(std::string_view path) const { return files_.contains(std::string(path)); }
  // 200, or 304 to a matching If-None-Match; 404 for a path that is not there. With the given Cache-Control.
  Response answer(const Request& request, std::string_view path, std::string_view cache_control, int status = 200) const;

 private:
  struct File {
    SharedBytes plain, gzipped;  // gzipped: null where it saves nothing
    std::string etag;
    std::string_view type;
  };
  std::unordered_map<std::string, File> files_;
};

// RFC 9110 13.1.2: whether If-None-Match names this tag (weakly compared).
bool none_match_names(std::string_view if_none_match, std::string_view etag);

}  // namespace sluice::http
