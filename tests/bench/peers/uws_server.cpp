// A room server on uWebSockets (github.com/uNetworking/uWebSockets), as its users write one: a topic is a
// room, a text goes to the topic's subscribers. Built by chat_peers.py when UWS names the library's source;
// not part of the tree's build.   uws_server PORT     ws://127.0.0.1:PORT/ROOM hears, /ROOM?say speaks
#include <cstdlib>
#include <string>
#include <string_view>

#include "App.h"

struct Client {
  std::string room;
  bool hears = true;
};

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  uWS::App app;
  app.ws<Client>("/*", {.compression = uWS::DISABLED,
                        .maxPayloadLength = 16 * 1024,
                        .idleTimeout = 0,
                        .maxBackpressure = 1024 * 1024,
                        .closeOnBackpressureLimit = true,
                        .upgrade =
                            [](auto* response, auto* request, auto* context) {
                              response->template upgrade<Client>(
                                  {std::string(request->getUrl()), request->getQuery() != "say"},
                                  request->getHeader("sec-websocket-key"),
                                  request->getHeader("sec-websocket-protocol"),
                                  request->getHeader("sec-websocket-extensions"), context);
                            },
                        .open =
                            [](auto* client) {
                              if (client->getUserData()->hears)
                                client->subscribe(client->getUserData()->room);
                              client->send("joined", uWS::OpCode::TEXT);
                            },
                        .message =
                            [&app](auto* client, std::string_view text, uWS::OpCode) {
                              app.publish(client->getUserData()->room, text, uWS::OpCode::TEXT);
                            }});
  app.listen("127.0.0.1", std::atoi(argv[1]), [](auto* listening) {
    if (listening == nullptr) std::exit(1);
  });
  app.run();
}
