// What a server says to commands and messages, one at a time.
#include <catch2/catch.hpp>

#include "rtmp/amf0.hpp"
#include "rtmp/chunk_reader.hpp"
#include "rtmp/chunk_writer.hpp"
#include "rtmp/command.hpp"
#include "unit/rtmp/sessions.hpp"

using namespace sluice;
using namespace sluice::rtmp;
using namespace sluice::rtmp::test;
using namespace std::chrono_literals;

namespace {

// A peer that writes what it likes, and reads what it is told.
struct Peer {
  SeededRandom random{1};
  ServerSession session{start, random};
  ChunkWriter writer;
  ChunkReader reader;
  std::size_t handshake_left = 1 + 2 * 1536;
  std::vector<std::string> seen;
  std::vector<Command> told;
  std::vector<Message> controls;
  Steady now = start;

  Peer() {
    Bytes hands(1 + 2 * 1536);
    hands[0] = std::byte{3};
    receive(hands);
  }

  void receive(ByteView bytes) {
    session.receive(bytes, now);
    while (auto event = session.next_event()) {
      seen.push_back(line(*event));
      if (event->index() < 2) session.accept();
    }
    read(session.take_output());
  }

  void read(const Bytes& output) {
    ByteView in = output;
    const std::size_t skipped = std::min(handshake_left, in.size());
    in = in.subspan(skipped);
    handshake_left -= skipped;
    for (;;) {
      auto message = reader.next(in);
      REQUIRE(message);
      if (!*message) return;
      if ((*message)->type == MessageType::command_amf0) {
        told.push_back(*read_command((*message)->type, (*message)->payload.bytes));
      } else {
        controls.push_back(**message);
      }
    }
  }

  void send(MessageType type, std::uint32_t stream, std::uint32_t timestamp, ByteView payload) {
    Bytes out;
    writer.write(out, type, 3, stream, timestamp, payload);
    receive(out);
  }
  void command(std::string_view name, double transaction, std::vector<amf::Value> arguments = {},
               std::uint32_t stream = 0) {
    told.clear();
    send(MessageType::command_amf0, stream, 0, write_command(name, transaction, {}, arguments));
  }
  void connect(amf::Members fields = {{"app", "live"}}) {
    send(MessageType::command_amf0, 0, 0, write_command("connect", 1, amf::Object{{}, std::move(fields)}, {}));
  }
  void publish() {
    connect();
    command("createStream", 2);
    command("publish", 3, {"key", "live"}, 1);
    REQUIRE(session.publishing());
    seen.clear();
  }
  std::string code() const {
    const amf::Value* value = told.empty() ? nullptr : told.back().argument(0).find("code");
    return value ? std::string(value->text()) : "";
  }
};

}  // namespace

TEST_CASE("connect is answered with windows, a chunk size and its own transaction") {
  Peer peer;
  peer.connect({{"app", "/live/?x=1"}, {"flashVer", "test"}, {"objectEncoding", 3}});
  CHECK(peer.seen == std::vector<std::string>{"connect live test 0"});
  REQUIRE(peer.controls.size() == 3);
  CHECK(peer.controls[0].type == MessageType::window_acknowledgement_size);
  CHECK(peer.controls[1].type == MessageType::set_peer_bandwidth);
  CHECK(peer.controls[2].type == MessageType::set_chunk_size);
  REQUIRE(peer.told.size() == 1);
  CHECK(peer.told[0].name == "_result");
  CHECK(peer.told[0].transaction == 1);
  CHECK(peer.code() == status::connect_success);
  CHECK_FALSE(peer.told[0].argument(0).find("fourCcList"));
}

TEST_CASE("Enhanced RTMP: the answer names what we pass on, and a reconnect can be asked for") {
  Peer peer;
  peer.connect({{"app", "live"}, {"fourCcList", amf::Array{{"hvc1", "av01"}}}, {"capsEx", 3}});
  CHECK(peer.seen.front() == "connect live  3 hvc1 av01");
  const amf::Value& information = peer.told[0].argument(0);
  REQUIRE(information.find("videoFourCcInfoMap"));
  CHECK(information.find("videoFourCcInfoMap")->find("hvc1")->number() == 4);
  CHECK(information.find("audioFourCcInfoMap")->find("Opus")->number() == 4);
  CHECK(information.find("capsEx")->number() == 15);
  CHECK(peer.told[0].object.find("capsEx"));
  peer.told.clear();
  REQUIRE(peer.session.request_reconnect("Going down for a moment.", "rtmp://other/live"));
  peer.read(peer.session.take_output());
  CHECK(peer.code() == status::reconnect_request);
  CHECK(peer.told[0].argument(0).find("tcUrl")->text() == "rtmp://other/live");
}

TEST_CASE("the old commands of encoders are answered, unknown ones refused and told") {
  Peer peer;
  peer.connect();
  peer.command("releaseStream", 2, {"key"});
  CHECK(peer.told.at(0).name == "_result");
  peer.command("FCPublish", 3, {"key"});
  CHECK(peer.told.at(0).transaction == 3);
  peer.command("createStream", 4);
  CHECK(peer.told.at(0).argument(0).number() == 1);
  peer.command("createStream", 5);
  CHECK(peer.told.at(0).argument(0).number() == 2);
  peer.command("_checkbw", 6);
  CHECK(peer.told.at(0).name == "_error");
  peer.command("FCSubscribe", 0, {"key"});
  CHECK(peer.told.empty());
  CHECK(peer.seen.back() == "notice the command 'FCSubscribe': not known");
  peer.command("play", 0, {"key"}, 1);
  CHECK(peer.code() == status::play_failed);
  CHECK_FALSE(peer.session.finished());
}

TEST_CASE("a publish ends by any of four commands, once, and another may follow") {
  struct Row {
    const char* name;
    amf::Value argument;
    std::uint32_t stream;
  };
  const Row row = GENERATE(Row{"FCUnpublish", "key", 0}, Row{"deleteStream", 1.0, 0}, Row{"closeStream", {}, 1},
                           Row{"publish", false, 1});
  Peer peer;
  peer.publish();
  peer.command(row.name, 5, {row.argument}, row.stream);
  CHECK(peer.seen == std::vector<std::string>{std::string("unpublished ") + row.name});
  peer.command("deleteStream", 6, {1.0});
  CHECK(peer.seen.size() == 1);
  peer.command("publish", 7, {"other?x", "live"}, 1);
  CHECK(peer.seen.back() == "publish live other x live");
  CHECK(peer.session.publishing());
}

TEST_CASE("a second publish beside the first is refused; the first goes on") {
  Peer peer;
  peer.publish();
  peer.command("createStream", 4);
  peer.command("publish", 5, {"other", "live"}, 2);
  CHECK(peer.code() == status::publish_bad_name);
  CHECK(peer.session.publishing());
  CHECK(peer.seen.empty());
}

TEST_CASE("publish needs a stream that was created") {
  Peer peer;
  peer.connect();
  peer.command("publish", 3, {"key"}, 1);
  CHECK(peer.seen.back() == "failed publish on a stream that was not created");
}

TEST_CASE("media before a publish is accepted is dropped; so are empty messages") {
  Peer peer;
  peer.connect();
  peer.send(MessageType::video, 1, 0, as_bytes("early"));
  CHECK(peer.seen.size() == 1);
  peer.command("createStream", 2);
  peer.command("publish", 3, {"key", "live"}, 1);
  peer.seen.clear();
  peer.send(MessageType::audio, 1, 0, {});
  CHECK(peer.seen.empty());
  peer.send(MessageType::audio, 1, 7, as_bytes("a"));
  CHECK(peer.seen.size() == 1);
}

TEST_CASE("an aggregate message is taken apart, times counted from its own") {
  Peer peer;
  peer.publish();
  Bytes payload;
  ByteWriter w(payload);
  w.u8(9).be24(2).be24(0xfffff0).u8(0).be24(0).be16(0x1111).be32(13);
  w.u8(8).be24(1).be24(0x000010).u8(1).be24(0).u8(0x22).be32(12);
  w.u8(20).be24(0).be24(0x000010).u8(1).be24(0).be32(11);
  peer.send(MessageType::aggregate, 1, 5000, payload);
  CHECK(peer.seen == std::vector<std::string>{"video 5000 3 1 1111", "audio 5032 3 1 22",
                                              "notice an aggregate message with type 20 inside"});
}

TEST_CASE("data messages: with and without @setDataFrame, in AMF 0 and behind AMF 3's format byte") {
  Peer peer;
  peer.publish();
  Bytes payload;
  amf::write_amf0(payload, "onTextData");
  amf::write_amf0(payload, amf::Object{{}, {{"text", "hello"}}});
  peer.send(MessageType::data_amf0, 1, 40, payload);
  payload.insert(payload.begin(), std::byte{0});
  peer.send(MessageType::data_amf3, 1, 41, payload);
  CHECK(peer.seen == std::vector<std::string>{"data 40 onTextData", "data 41 onTextData"});
  peer.send(MessageType::data_amf0, 1, 42, as_bytes("\x02"));
  CHECK(peer.seen.back() == "notice a data message: AMF 0: cut short");
  CHECK(peer.session.publishing());
}

TEST_CASE("pings are answered, but no more than a few in a second") {
  Peer peer;
  peer.publish();
  peer.controls.clear();
  const auto ping = [&peer](std::uint32_t value) {
    Bytes payload;
    ByteWriter(payload).be16(6).be32(value);
    peer.send(MessageType::user_control, 0, 0, payload);
  };
  ping(77);
  REQUIRE(peer.controls.size() == 1);
  ByteReader reader(peer.controls[0].payload.bytes);
  CHECK(reader.be16() == 7);
  CHECK(reader.be32() == 77);
  for (std::uint32_t i = 0; i < 1000; ++i) ping(i);
  CHECK(peer.controls.size() == 4);
  peer.now += 1s;
  ping(5);
  CHECK(peer.controls.size() == 5);
}

TEST_CASE("received bytes are acknowledged each half of the window, which the peer may set") {
  Peer peer;
  peer.publish();
  Bytes window;
  ByteWriter(window).be32(100'000);
  peer.send(MessageType::window_acknowledgement_size, 0, 0, window);
  peer.controls.clear();
  const Bytes payload(10'000);
  for (int i = 0; i < 50; ++i) peer.send(MessageType::video, 1, 0, payload);
  std::size_t acknowledgements = 0;
  std::uint32_t last = 0;
  for (const Message& message : peer.controls) {
    if (message.type != MessageType::acknowledgement) continue;
    ++acknowledgements;
    const std::uint32_t count = ByteReader(message.payload.bytes).be32();
    CHECK(count - last <= 100'000);
    last = count;
  }
  CHECK(acknowledgements >= 8);
  CHECK(acknowledgements <= 11);
}

TEST_CASE("a stranger may hold little; a publisher more, within bounds") {
  const auto header = [](std::uint32_t length) {
    Bytes out;
    ByteWriter(out).u8(0x07).be24(0).be24(length).u8(9).le32(1);
    return out;
  };
  Peer stranger;
  stranger.connect();
  stranger.receive(header((64u << 10) + 1));
  CHECK(stranger.seen.back() == "failed a message of 65537 bytes; 65536 are allowed");
  Peer publisher;
  publisher.publish();
  publisher.receive(header(8u << 20));
  CHECK(publisher.seen.empty());
  CHECK(publisher.session.held() == 8u << 20);
  Bytes second = header(8u << 20);
  second[0] = std::byte{0x08};
  publisher.receive(Bytes(128));
  publisher.receive(second);
  CHECK(publisher.seen.back().starts_with("failed unfinished messages"));
}

TEST_CASE("a peer cannot make us talk for ever, nor fill the log") {
  Peer peer;
  peer.publish();
  for (int i = 0; i < 100; ++i) peer.send(MessageType::shared_object_amf0, 0, 0, as_bytes("x"));
  CHECK(peer.seen.size() == 32);
  for (int i = 0; i < 1100 && !peer.session.finished(); ++i) peer.command("createStream", i + 10);
  CHECK(peer.seen.back() == "failed more commands than a publisher needs");
}
