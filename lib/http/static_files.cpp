#include "http/static_files.hpp"

#include <filesystem>

#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "http/gzip.hpp"
#include "os/file.hpp"

namespace sluice::http {

std::string_view content_type(std::string_view file_name) {
  auto dot = file_name.rfind('.');
  auto extension = dot == file_name.npos ? std::string_view() : file_name.substr(dot + 1);
  if (extension == "html") return "text/html; charset=utf-8";
  if (extension == "js" || extension == "mjs") return "text/javascript; charset=utf-8";
  if (extension == "css") return "text/css; charset=utf-8";
  if (extension == "json" || extension == "map") return "application/json";
  if (extension == "webmanifest") return "application/manifest+json";
  if (extension == "txt") return "text/plain; charset=utf-8";
  if (extension == "svg") return "image/svg+xml";
  if (extension == "png") return "image/png";
  if (extension == "jpg") return "image/jpeg";
  if (extension == "webp") return "image/webp";
  if (extension == "ico") return "image/x-icon";
  if (extension == "woff2") return "font/woff2";
  if (extension == "wasm") return "application/wasm";
  return "application/octet-stream";
}

bool none_match_names(std::string_view if_none_match, std::string_view etag) {
  for (auto tag : split(if_none_match, ',')) {
    tag = trim(tag);
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag) return true;
  }
  return false;
}

Result<StaticFiles> StaticFiles::load(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code failed;
  fs::recursive_directory_iterator walk(directory, failed);
  if (failed) return fail(Errc::not_found, "read the directory " + directory + ": " + failed.message());
  StaticFiles loaded;
  for (; walk != fs::recursive_directory_iterator(); walk.increment(failed)) {
    std::error_code vanished;
    if (!walk->is_regular_file(vanished)) continue;
    SLUICE_TRY_VALUE(std::string content, os::read_file(walk->path().string()));
    File file;
    file.type = content_type(walk->path().filename().string());
    file.etag = '"' + hex(crypto::sha256(as_bytes(content))).substr(0, 20) + '"';
    auto smaller = gzip(as_bytes(content), 9);
    if (smaller.size() + 64 < content.size()) file.gzipped = std::make_shared<const Bytes>(std::move(smaller));
    file.plain = std::make_shared<const Bytes>(to_bytes(content));
    loaded.files_.emplace(fs::relative(walk->path(), directory).generic_string(), std::move(file));
  }
  if (failed) return fail(Errc::io, "read the directory " + directory + ": " + failed.message());
  return loaded;
}

Response StaticFiles::answer(const Request& request, std::string_view path, std::string_view cache_control,
                             int status) const {
  auto found = files_.find(std::string(path));
  if (found == files_.end()) return Response::text(404, "not found\n");
  const File& file = found->second;
  Response response;
  response.status = status;
  response.with("Cache-Control", cache_control).with("ETag", file.etag);
  if (file.gzipped) response.with("Vary", "Accept-Encoding");
  if (status == 200 && none_match_names(request.header("If-None-Match"), file.etag)) {
    response.status = 304;
    return response;
  }
  response.with("Content-Type", file.type);
  if (file.gzipped && request.accepts_gzip()) {
    response.with("Content-Encoding", "gzip");
    response.body = file.gzipped;
  } else {
    response.body = file.plain;
  }
  return response;
}

}  // namespace sluice::http
