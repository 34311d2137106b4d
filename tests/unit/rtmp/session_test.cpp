// The life of a publisher, whole.
#include <catch2/catch.hpp>

#include "rtmp/amf0.hpp"
#include "unit/rtmp/sessions.hpp"

using namespace sluice;
using namespace sluice::rtmp;
using namespace sluice::rtmp::test;
using namespace std::chrono_literals;

TEST_CASE("a publisher connects, publishes and ends") {
  Pair pair;
  broadcast(pair);
  REQUIRE(pair.seen.size() == 12);
  CHECK(pair.seen[0] == "connect live FMLE/3.0 (compatible; Sluice) 0");
  CHECK(pair.seen[1] == "publish live secret token=1 live");
  CHECK(pair.seen[2] == "data 0 onMetaData");
  CHECK(pair.seen[3] == "audio 0 4 1 " + hex(media_bytes(7, 1)));
  CHECK(pair.seen[4] == "video 0 6 1 " + hex(media_bytes(700, 2)));
  CHECK(pair.seen[7] == "video 16777216 6 1 " + hex(media_bytes(300, 5)));
  CHECK(pair.seen[9] == "video 4294967295 6 1 " + hex(media_bytes(1, 7)));
  CHECK(pair.seen[10] == "video 5 6 1 " + hex(media_bytes(1, 8)));
  CHECK(pair.seen[11] == "unpublished FCUnpublish");
  CHECK_FALSE(pair.server.publishing());
  CHECK_FALSE(pair.server.finished());
  REQUIRE(pair.statuses.size() == 3);
  CHECK(pair.statuses[0].code == status::connect_success);
  CHECK(pair.statuses[1].code == status::publish_start);
  CHECK(pair.statuses[2].code == status::unpublish_success);
}

TEST_CASE("the input may be cut anywhere: the events are the same") {
  for (const bool digests : {false, true}) {
    for (const std::uint32_t chunk_size : {1u, 128u, 65'536u}) {
      ClientConfig config = publisher_config();
      config.digests = digests;
      config.chunk_size = chunk_size;
      Pair pair(config);
      broadcast(pair);
      SeededRandom random(1);
      for (const std::size_t piece : {1, 2, 3, 5, 7, 11, 13, 17, 18, 19, 64, 1537, 4096}) {
        ServerSession session(start, random);
        CHECK(events_of(session, pair.sent, piece) == pair.seen);
      }
      for (std::size_t cut = 3070; cut < pair.sent.size(); ++cut) {
        ServerSession session(start, random);
        auto lines = events_of(session, ByteView(pair.sent).first(cut), cut);
        for (auto& more : events_of(session, ByteView(pair.sent).subspan(cut), pair.sent.size())) {
          lines.push_back(std::move(more));
        }
        if (lines != pair.seen) FAIL("cut at " << cut << ", chunk size " << chunk_size);
      }
    }
  }
}

TEST_CASE("a request awaits its answer, and nothing behind it is looked at before") {
  Pair recorded;
  broadcast(recorded);
  SeededRandom random(1);
  ServerSession session(start, random);
  session.receive(recorded.sent, start);
  REQUIRE(std::holds_alternative<ConnectRequest>(*session.next_event()));
  CHECK_FALSE(session.next_event());
  CHECK_FALSE(session.wants_input());
  CHECK(session.deadline() == Steady::max());
  session.accept();
  REQUIRE(std::holds_alternative<PublishRequest>(*session.next_event()));
  CHECK_FALSE(session.next_event());
  session.accept();
  CHECK(session.wants_input());
  CHECK(line(*session.next_event()) == "data 0 onMetaData");
}

TEST_CASE("a wrong key is told in words and ends the session") {
  Pair pair;
  pair.accepts = false;
  pair.talk();
  CHECK(pair.seen.back() == "publish live secret token=1 live");
  pair.server.reject(status::publish_bad_name, "No such stream key.");
  CHECK(pair.server.finished());
  CHECK(pair.server.has_output());
  pair.talk();
  REQUIRE_FALSE(pair.statuses.empty());
  CHECK(pair.statuses.back().level == "error");
  CHECK(pair.statuses.back().code == "NetStream.Publish.BadName");
  CHECK(pair.statuses.back().description == "No such stream key.");
  CHECK(pair.client.finished());
}

TEST_CASE("a running publish can be ended by the server") {
  Pair pair;
  pair.talk();
  pair.server.reject(status::publish_denied, "The key was replaced.");
  CHECK(pair.server.finished());
  pair.talk();
  CHECK(pair.statuses.back().description == "The key was replaced.");
}

TEST_CASE("Enhanced RTMP's fields are read and answered, and a peer is asked to reconnect only if it can") {
  ClientConfig config = publisher_config();
  config.enhanced = true;
  Pair pair(config);
  pair.talk();
  CHECK(pair.seen[0] == "connect live FMLE/3.0 (compatible; Sluice) 4 avc1 hvc1 av01 vp09 mp4a Opus");
  const auto named = pair.client.server_fourccs();
  CHECK(std::find(named.begin(), named.end(), "av01") != named.end());
  CHECK_FALSE(pair.server.request_reconnect("maintenance"));
}

TEST_CASE("a peer that is too slow to publish, or silent, is let go; a silent one is pinged first") {
  SeededRandom random(1);
  SECTION("no handshake") {
    ServerSession session(start, random);
    CHECK(session.deadline() == start + 10s);
    session.tick(start + 9s);
    CHECK_FALSE(session.finished());
    session.tick(start + 10s);
    CHECK(session.finished());
    CHECK(line(*session.next_event()).starts_with("failed no publish request"));
    CHECK(session.deadline() == Steady::max());
  }
  SECTION("a publisher that falls silent") {
    Pair pair;
    pair.talk();
    pair.server.tick(start);
    CHECK(pair.server.deadline() == start + 15s);
    pair.server.tick(start + 15s);
    CHECK(pair.server.has_output());
    CHECK(pair.server.deadline() == start + 30s);
    pair.server.tick(start + 30s);
    CHECK(pair.server.finished());
  }
  SECTION("one that answers the ping") {
    Pair pair;
    pair.talk();
    pair.server.tick(start);
    pair.server.tick(start + 15s);
    pair.client.receive(pair.server.take_output());
    pair.server.receive(pair.client.take_output(), start + 16s);
    CHECK(pair.server.deadline() == start + 31s);
    CHECK_FALSE(pair.server.next_event());
  }
}

TEST_CASE("times and limits that change hold at once, for waits under way and for a publisher that runs") {
  SECTION("the time to publish") {
    SeededRandom random(1);
    ServerSession session(start, random);
    session.reconfigure({.setup_time = 3s});
    CHECK(session.deadline() == start + 3s);
    session.reconfigure({.setup_time = 20s});
    CHECK(session.deadline() == start + 20s);
    session.tick(start + 19s);
    CHECK_FALSE(session.finished());
    session.tick(start + 20s);
    CHECK(session.finished());
  }
  SECTION("silence, that of one who has been silent for longer included") {
    Pair pair;
    pair.talk();
    pair.server.tick(start);
    pair.server.tick(start + 16s);
    pair.server.reconfigure({.idle_time = 5s});
    CHECK(pair.server.deadline() == start + 5s);
    pair.server.tick(start + 16s);
    CHECK(pair.server.finished());
  }
  SECTION("one who may be silent for longer now") {
    Pair pair;
    pair.talk();
    pair.server.tick(start);
    pair.server.reconfigure({.idle_time = 60s});
    pair.server.tick(start + 59s);
    CHECK_FALSE(pair.server.finished());
  }
  SECTION("the longest message, after the one that has begun") {
    Pair pair;
    pair.talk();
    pair.client.send_media(media::Kind::video, 0, media_bytes(3000, 1));
    const Bytes begun = pair.client.take_output();
    pair.server.receive(ByteView(begun).first(1000), start);
    pair.server.reconfigure({.publishers = {.message = 2000, .held = 2500}});
    pair.server.receive(ByteView(begun).subspan(1000), start);
    CHECK(line(*pair.server.next_event()).starts_with("video 0"));
    pair.client.send_media(media::Kind::video, 33, media_bytes(2001, 2));
    pair.server.receive(pair.client.take_output(), start);
    CHECK(line(*pair.server.next_event()) == "failed a message of 2001 bytes; 2000 are allowed");
  }
}

TEST_CASE("another protocol, encryption and a command before connect end the session at once") {
  SeededRandom random(1);
  SECTION("HTTP") {
    ServerSession session(start, random);
    session.receive(as_bytes("GET / HTTP/1.1\r\n\r\n"), start);
    CHECK(line(*session.next_event()) == "failed not RTMP but text, as HTTP is: the first byte is 'G'");
    CHECK(session.finished());
    CHECK_FALSE(session.has_output());
  }
  SECTION("TLS, which has a port of its own") {
    for (const std::uint16_t port : {0, 1936}) {
      ServerSession session(start, random, {.rtmps_port = port});
      session.receive(as_bytes("\x16"), start);
      const auto event = session.next_event();
      REQUIRE(event);
      const Error& error = std::get<Failed>(*event).error;
      CHECK(error.what == "TLS on the RTMP port");
      CHECK(error.hint == (port == 0 ? "rtmps:// goes to --rtmps-port" : "rtmps:// goes to port 1936"));
      CHECK(session.finished());
      CHECK_FALSE(session.has_output());
    }
  }
  SECTION("some other thing") {
    ServerSession session(start, random);
    session.receive(as_bytes("\xff"), start);
    CHECK(line(*session.next_event()) == "failed not RTMP: the first byte is 0xff");
  }
  SECTION("RTMPE") {
    ServerSession session(start, random);
    session.receive(as_bytes("\x06"), start);
    CHECK(session.finished());
  }
  SECTION("createStream first") {
    Bytes input(1 + 2 * 1536);
    input[0] = std::byte{3};
    Bytes command;
    amf::write_amf0(command, "createStream");
    amf::write_amf0(command, 1);
    ByteWriter(input).u8(3).be24(0).be24(command.size()).u8(20).le32(0).bytes(command);
    ServerSession session(start, random);
    session.receive(input, start);
    CHECK(line(*session.next_event()) == "failed 'createStream' before connect");
  }
}
