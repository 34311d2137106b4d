// origind: HLS and LL-HLS from ledgers. Wires the daemon, the HTTP server and the origin's service together.
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "app/daemon.hpp"
#include "app/handover.hpp"
#include "app/platform.hpp"
#include "app/run.hpp"
#include "base/clock.hpp"
#include "http/server.hpp"
#include "log/log.hpp"
#include "options.hpp"
#include "origin/picture_child.hpp"
#include "origin/service.hpp"
#include "s3/place.hpp"

namespace {

using namespace sluice;

origin::Places places_of(const app::Settings& settings) {
  origin::Places places{settings.text("live"), settings.text("ledgers")};
  const app::Platform platform = app::platform_of(settings);
  // Standing alone (--live and no --dir), a channel's own ledger is all there is.
  if (places.ledgers.empty() && (settings.has("dir") || places.live.empty())) places.ledgers = platform.ledgers();
  if (places.live.empty()) places.live = platform.live();
  return places;
}

origin::Options options_of(const app::Settings& settings) {
  origin::Options options;
  options.live.window = std::chrono::duration_cast<std::chrono::seconds>(settings.duration("live-window"));
  options.most_waiting = static_cast<std::size_t>(settings.integer("max-waiting"));
  options.idle = std::chrono::duration_cast<std::chrono::seconds>(settings.duration("idle-close"));
  options.public_url = settings.text("public-url");
  options.elsewhere.url = settings.text("media-url");
  if (const auto place = s3::parse_place(settings.text("vod"))) options.elsewhere.place = place->text();
  for (std::string* url : {&options.public_url, &options.elsewhere.url}) {
    while (url->ends_with('/')) url->pop_back();
  }
  return options;
}

origin::PictureLimits pictures_of(const app::Settings& settings) {
  origin::PictureLimits limits;
  limits.at_once = static_cast<std::size_t>(settings.integer("picture-jobs"));
  limits.kept_bytes = static_cast<std::size_t>(settings.size("picture-memory"));
  limits.longest = settings.duration("picture-time");
  return limits;
}

app::Health directory_health(const std::string& path) {
  const Steady began = system_clock().steady();
  struct stat facts {};
  const bool there = ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
  const std::chrono::duration<double, std::milli> took = system_clock().steady() - began;
  return {.dependency = "live", .ok = there, .latency_ms = took.count(), .error = there ? "" : path + " is not there yet"};
}

// An address goes into playlists as it stands, and is good for one place alone: a record of uploads says which it tells of.
Result<> check_elsewhere(const app::Settings& settings) {
  const std::string url = settings.text("media-url");
  if (url.empty()) return {};
  const bool known = url.starts_with("http://") || url.starts_with("https://") || url.starts_with('/');
  if (!known || url.find_first_of("\" \t\r\n?#<>") != std::string::npos)
    return fail(Errc::usage, "--media-url: '" + url + "' is no address", "write https://HOST/BUCKET, without a query");
  if (!settings.has("vod")) return fail(Errc::usage, "--media-url is given without --vod", "name the place that it shows, as vodarchive has it: --vod s3://BUCKET");
  SLUICE_TRY(s3::parse_place(settings.text("vod")));
  return {};
}

Result<int> run(const app::Settings& settings) {
  SLUICE_TRY(check_elsewhere(settings));
  const origin::Places places = places_of(settings);
  SLUICE_TRY_VALUE(os::Inotify inotify, os::Inotify::open());
  app::Daemon daemon(settings, "origind");
  SLUICE_TRY_VALUE(const auto handover, app::Handover::prepare(daemon));
  if (const app::Health live = directory_health(places.live); !live.ok)
    log::warn("the folder of live streams is not there: every channel is offline until it is", {{"live", places.live}});
  origin::Service service(places, options_of(settings), system_clock(), std::move(inotify));

  origin::PictureQueue pictures(pictures_of(settings), system_clock(),
                                origin::start_pictures(daemon.loop(), app::executable_folder() + "/storyboard"));
  service.take_pictures_from(pictures);

  http::Limits limits;
  limits.connections = static_cast<std::size_t>(settings.integer("max-connections"));
  limits.body_bytes = 0;
  http::Server server(
      daemon.loop(),
      [&service](const http::Request& request, const http::Responder& responder) {
        const auto route = origin::parse_route(request.path);
        responder.route(origin::pattern(route));
        service.handle(request, route, [responder](http::Response response) { responder.respond(std::move(response)); });
      },
      limits);
  SLUICE_TRY(daemon.listen("http", static_cast<std::uint16_t>(settings.integer("http-port")),
                           [&server](os::UniqueFd fd, net::Endpoint peer) { server.take(std::move(fd), std::move(peer)); }));

  net::FdWatch ledgers(daemon.loop(), service.inotify_fd());
  ledgers.on_readable([&service] { service.read_changes(); });
  net::Timer ticks(daemon.loop());
  ticks.every(std::chrono::milliseconds(250), [&service, &pictures] {
    service.tick();
    pictures.tick();
  });

  daemon.on_health([&places] { return std::vector<app::Health>{directory_health(places.live)}; });
  daemon.on_control("streams", [&](const std::string&) {
    return nlohmann::json{{"streams", service.open_streams()}, {"waiting", service.waiting()}, {"connections", server.connections()}}
        .dump();
  });
  daemon.on_reload([&](const app::Settings& fresh) -> Result<> {
    service.change(options_of(fresh));
    pictures.change(pictures_of(fresh));
    server.limit_connections(static_cast<std::size_t>(fresh.integer("max-connections")));
    return {};
  });
  daemon.on_drain([&](std::function<void()> done) {
    server.drain(std::move(done));
    if (!daemon.replaced()) service.drain();  // else they may go on waiting: their next request finds the other process
    pictures.drain();
  });
  return daemon.run();
}

}  // namespace

int main(int argc, char** argv) { return sluice::app::run_main(argc, argv, sluice::origind::program(), run); }
