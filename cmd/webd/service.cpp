#include "service.hpp"

#include "api.hpp"
#include "app/control.hpp"
#include "app/daemon.hpp"
#include "app/health.hpp"
#include "app/platform.hpp"
#include "bus/follower.hpp"
#include "emote_pictures.hpp"
#include "envelope.hpp"
#include "live_events.hpp"
#include "site.hpp"
#include "stream_facts.hpp"

namespace sluice::webd {
namespace {

// Of every answer, page or not.
http::Response guarded(http::Response response) {
  response.with("X-Content-Type-Options", "nosniff").with("Referrer-Policy", "same-origin").with("X-Frame-Options", "SAMEORIGIN");
  return response;
}

bool is_api(const http::Request& request) { return request.path == "/api" || request.path.starts_with("/api/"); }

// The store's answer to "are you there", asked every few seconds away from the loop.
class StoreHealth {
 public:
  StoreHealth(net::Loop& loop, net::Offload& offload, store::Store& store) : timer_(loop) {
    auto look = [this, &offload, &store] {
      auto asked = std::chrono::steady_clock::now();
      offload.run([&store] { return store.check(); },
                  [this, asked](Result<> answer) {
                    std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - asked;
                    health_ = {"store", answer.has_value(), took.count(), answer ? "" : answer.error().what};
                  });
    };
    look();
    timer_.every(std::chrono::seconds(5), look);
  }
  std::vector<app::Health> now() const { return {health_}; }

 private:
  app::Health health_{"store", true, 0, ""};
  net::Timer timer_;
};

Result<http::StaticFiles> pages_of(const app::Settings& settings) {
  std::string directory = settings.text("pages");
  if (!settings.has("pages")) {
    SLUICE_TRY_VALUE(directory, installed_pages());
  }
  SLUICE_TRY_VALUE(auto files, http::StaticFiles::load(directory));
  if (!files.has("index.html") || !files.has("channel.html"))
    return fail(Errc::config, directory + " does not hold the pages", "point --pages at the built pages");
  return files;
}

}  // namespace

Result<int> serve(const app::Settings& settings) {
  auto platform = app::platform_of(settings);
  SLUICE_TRY_VALUE(Places places, Places::from(settings));
  SLUICE_TRY_VALUE(auto files, pages_of(settings));
  SLUICE_TRY_VALUE(auto store, store::open_store(platform.store));
  SLUICE_TRY_VALUE(auto bus, bus::open_bus(platform.bus));
  store->on_events = [&bus](store::Cursor cursor) { bus->nudge(cursor); };
  SLUICE_TRY_VALUE(auto start, store->events().last());

  app::Daemon daemon(settings, "webd");
  net::Offload offload(daemon.loop());
  Api api(offload, *store, system_clock(), places, settings.duration("status-age"));
  const std::string ingest = settings.has("ingest-control") ? settings.text("ingest-control") : platform.control("ingestd");
  StreamFacts facts(daemon.loop(), system_clock(), [ingest] { return app::ask(ingest, R"({"command":"streams"})"); });
  EmotePictures pictures(offload, *store, system_clock());
  SLUICE_TRY(pictures.read_sources());
  Site site(std::move(files), offload, *store, places, pictures);
  LiveEvents events(daemon.loop(), start);
  SLUICE_TRY_VALUE(auto follower, bus::EventFollower::start(daemon.loop(), offload, *store, *bus, start,
                                                            [&api, &events, &pictures](const store::Event& event) {
                                                              api.changed(event);
                                                              pictures.changed(event);
                                                              events.publish(event);
                                                            }));
  StoreHealth store_health(daemon.loop(), offload, *store);
  daemon.on_health([&store_health] { return store_health.now(); });

  using http::Captured, http::Request, http::Responder;
  http::Router router;
  api.add_routes(router);
  facts.add_routes(router);
  pictures.add_routes(router);
  router.add("GET", "/api/events", [&events](const Request& request, const Responder& responder, const Captured&) {
    events.subscribe(request, responder);
  });
  app::HealthSource health{[&store_health] { return store_health.now(); }, [] { return true; }};
  for (const char* path : {"/health", "/health/live", "/health/ready"})
    router.add("GET", path, [&health](const Request& request, const Responder& responder, const Captured&) {
      app::answer_health(health, request, responder);
    });
  site.add_routes(router);
  router.otherwise([&site](const Request& request, const Responder& responder, const Captured&) {
    responder.respond(is_api(request) ? failure(404, "NOT_FOUND", "there is no such call")
                                      : site.page(request, "channel.html", 404));
  });
  router.wrong_method([](const Request&, const Responder& responder, const Captured& allowed) {
    std::string methods;
    for (auto method : allowed) methods += (methods.empty() ? "" : ", ") + std::string(method);
    responder.respond(failure(405, "METHOD_NOT_ALLOWED", "use " + methods).with("Allow", methods));
  });

  http::Limits limits;
  limits.body_bytes = 64 * 1024;
  limits.connections = static_cast<std::size_t>(settings.integer("max-connections"));
  http::Server server(daemon.loop(), [&router](const Request& request, const Responder& responder) { router(request, responder); },
                      limits);
  server.on_answer([](http::Response& response) { response = guarded(std::move(response)); });
  SLUICE_TRY(daemon.listen("http", static_cast<std::uint16_t>(settings.integer("http-port")),
                           [&server](os::UniqueFd fd, net::Endpoint peer) { server.take(std::move(fd), std::move(peer)); }));
  daemon.on_reload([&](const app::Settings& fresh) -> Result<> {
    SLUICE_TRY_VALUE(Places moved, Places::from(fresh));
    SLUICE_TRY_VALUE(auto pages, pages_of(fresh));
    places = std::move(moved);
    site.change(std::move(pages));
    api.keep_status_for(fresh.duration("status-age"));
    server.limit_connections(static_cast<std::size_t>(fresh.integer("max-connections")));
    return {};
  });
  daemon.on_drain([&](std::function<void()> done) {
    events.end_all();
    server.drain(std::move(done));
  });
  return daemon.run();
}

}  // namespace sluice::webd
