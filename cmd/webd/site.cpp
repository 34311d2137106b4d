#include "site.hpp"

#include <filesystem>

#include "platform/names.hpp"

namespace sluice::webd {

Result<std::string> installed_pages() {
  std::error_code failed;
  auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  auto pages = program.parent_path().parent_path() / "share/sluice/pages";
  if (failed || !std::filesystem::is_directory(pages, failed))
    return fail(Errc::config, "the pages are not at " + pages.string(), "say where they are with --pages DIR");
  return pages.string();
}

http::Response Site::page(const http::Request& request, std::string_view file, int status) const {
  auto response = files_.answer(request, file, "no-cache", status);
  response.with("Content-Security-Policy", places_.policy(places_.seen_by(request), pictures_.sources()));
  return response;
}

void Site::add_routes(http::Router& router) {
  using http::Captured, http::Request, http::Responder;
  router.add("GET", "/", [this](const Request& request, const Responder& responder, const Captured&) {
    responder.respond(page(request, "index.html", 200));
  });
  // Names of assets hold a hash of their content.
  router.add("GET", "/assets/:file", [this](const Request& request, const Responder& responder, const Captured& captured) {
    responder.respond(files_.answer(request, "assets/" + std::string(captured[0]), "public, max-age=31536000, immutable"));
  });
  for (const char* file : {"/favicon.ico", "/favicon.svg", "/robots.txt"})
    router.add("GET", file, [this, file](const Request& request, const Responder& responder, const Captured&) {
      auto name = std::string_view(file + 1);
      if (name == "favicon.ico") name = "favicon.svg";
      responder.respond(files_.answer(request, name, "public, max-age=86400"));
    });
  router.add("GET", "/:channel", [this](const Request& request, const Responder& responder, const Captured& captured) {
    auto name = platform::channel_name(captured[0]);
    if (!name) return responder.respond(page(request, "channel.html", 404));
    if (*name != captured[0])
      return responder.respond(http::Response::text(301, "").with("Location", "/" + *name));
    offload_.run([this, name = *name] { return store_.channels().by_name(name); },
                 [responder, found = page(request, "channel.html", 200), missing = page(request, "channel.html", 404)](
                     Result<store::Channel> channel) mutable {
                   bool unknown = !channel && channel.error().code == Errc::not_found;
                   responder.respond(std::move(unknown ? missing : found));
                 });
  });
}

}  // namespace sluice::webd
