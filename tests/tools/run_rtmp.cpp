// rooms: rtmp os
// run_rtmp: pokes lib/rtmp by hand: takes publishers on a port, one after another or side by side, prints what they do as
// NDJSON, and can write what they send as FLV. No key is wrong, but "wrong" and "later": the one is refused, the other
// accepted after a second.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "media/codec_config.hpp"
#include "os/unique_fd.hpp"
#include "rtmp/flv.hpp"
#include "rtmp/session.hpp"

using namespace sluice;

namespace {

using Json = nlohmann::ordered_json;

class Peer {
 public:
  Peer(int number, int fd, const std::string& flv, bool quiet, const rtmp::ServerConfig& config)
      : number_(number), fd_(fd), session_(now(), system_random(), config), quiet_(quiet) {
    if (!flv.empty()) {
      flv_.open(flv, std::ios::binary);
      flv_.write("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00", 13);
    }
  }

  static Steady now() { return std::chrono::steady_clock::now(); }
  int fd() const { return fd_.get(); }
  bool closed() const { return closed_; }
  short wanted() const { return session_.wants_input() ? POLLIN : 0; }

  void read(ByteView buffer) {
    const ssize_t size = ::recv(fd_.get(), const_cast<std::byte*>(buffer.data()), buffer.size(), 0);
    if (size <= 0) {
      say({{"event", "eof"}, {"bytes", session_.bytes_received()}, {"audio", audio_}, {"video", video_}});
      closed_ = true;
      return;
    }
    session_.receive(buffer.first(static_cast<std::size_t>(size)), now());
    act();
  }

  void tick() {
    if (answer_at_ && now() >= *answer_at_) {
      answer_at_.reset();
      session_.accept();
      act();
    }
    if (now() >= session_.deadline()) {
      session_.tick(now());
      act();
    }
  }

 private:
  void act() {
    while (auto event = session_.next_event()) std::visit([this](auto& e) { on(e); }, *event);
    const Bytes out = session_.take_output();
    if (!out.empty() && ::send(fd_.get(), out.data(), out.size(), MSG_NOSIGNAL) < 0) closed_ = true;
    if (session_.finished()) closed_ = true;
  }

  void say(Json json) {
    Json line{{"peer", number_}};
    line.update(json);
    std::puts(line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    std::fflush(stdout);
  }

  void on(const rtmp::ConnectRequest& e) {
    say({{"event", "connect"}, {"app", e.app}, {"flashver", e.flash_version}, {"fourccs", e.fourccs}, {"caps", e.caps}});
    if (e.app == "nosuch") return session_.reject(rtmp::status::connect_invalid_app, "No such application.");
    session_.accept();
  }
  void on(const rtmp::PublishRequest& e) {
    say({{"event", "publish"}, {"app", e.app}, {"key", e.key}, {"type", e.type}});
    if (e.key == "wrong") return session_.reject(rtmp::status::publish_bad_name, "No such stream key.");
    if (e.key == "later") {
      answer_at_ = now() + seconds(1);
    } else {
      session_.accept();
    }
  }
  void on(const rtmp::MediaMessage& e) {
    const bool video = e.kind == media::Kind::video;
    ++(video ? video_ : audio_);
    write_tag(video ? 9 : 8, e.timestamp, e.payload.bytes);
    packets_.clear();
    const auto parsed = video ? rtmp::flv::parse_video(e.payload.bytes, packets_)
                              : rtmp::flv::parse_audio(e.payload.bytes, packets_);
    if (!parsed) say({{"event", "bad tag"}, {"reason", parsed.error().what}});
    if (quiet_) return;
    for (const auto& packet : packets_) {
      if (packet.type == rtmp::flv::PacketType::sequence_start && packet.codec) {
        describe(packet);
      } else if (packet.type != rtmp::flv::PacketType::frames) {
        say({{"event", "other packet"}, {"type", static_cast<int>(packet.type)}, {"codec", fourcc(packet)}});
      } else if (packet.key && video) {
        say({{"event", "keyframe"}, {"ms", e.timestamp}, {"codec", fourcc(packet)}, {"bytes", packet.data.size()}});
      }
    }
  }
  void on(const rtmp::DataMessage& e) { say({{"event", "data"}, {"name", e.name}}); }
  void on(const rtmp::Unpublished& e) { say({{"event", "unpublished"}, {"by", e.command}, {"audio", audio_}, {"video", video_}}); }
  void on(const rtmp::Notice& e) { say({{"event", "notice"}, {"what", e.what}}); }
  void on(const rtmp::Failed& e) { say({{"event", "failed"}, {"reason", e.error.what}}); }

  static std::string fourcc(const rtmp::flv::Packet& packet) { return rtmp::flv::fourcc_text(packet.fourcc); }

  void describe(const rtmp::flv::Packet& packet) {
    media::Track track{.codec = *packet.codec, .config = Bytes(packet.data.begin(), packet.data.end())};
    const auto described = media::describe(track);
    say({{"event", "config"},
         {"track", packet.track},
         {"codec", media::codec_string(track)},
         {"width", track.width},
         {"height", track.height},
         {"rate", track.sample_rate},
         {"channels", track.channels},
         {"ok", described.has_value()}});
  }

  void write_tag(std::uint8_t type, std::uint32_t ms, ByteView payload) {
    if (!flv_.is_open()) return;
    Bytes tag;
    ByteWriter(tag).u8(type).be24(payload.size()).be24(ms & 0xffffff).u8(ms >> 24).be24(0).bytes(payload);
    ByteWriter(tag).be32(tag.size());
    flv_.write(as_text(tag).data(), static_cast<std::streamsize>(tag.size()));
  }

  int number_;
  os::UniqueFd fd_;
  rtmp::ServerSession session_;
  bool quiet_;
  std::ofstream flv_;
  std::vector<rtmp::flv::Packet> packets_;
  std::optional<Steady> answer_at_;
  std::uint64_t audio_ = 0, video_ = 0;
  bool closed_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::string flv;
  std::uint16_t port = 0;
  unsigned peers_wanted = 1;
  bool quiet = false;
  rtmp::ServerConfig config;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--quiet") {
      quiet = true;
    } else if (word == "--flv" && i + 1 < argc) {
      flv = argv[++i];
    } else if (word == "--setup-ms" && i + 1 < argc) {
      config.setup_time = milliseconds(parse_number<int>(argv[++i]).value_or(10'000));
    } else if (word == "--peers" && i + 1 < argc) {
      peers_wanted = parse_number<unsigned>(argv[++i]).value_or(1);
    } else if (const auto number = parse_number<std::uint16_t>(word)) {
      port = *number;
    } else {
      std::cerr << "usage: run_rtmp [--peers N] [--flv FILE] [--setup-ms N] [--quiet] PORT\n";
      return 2;
    }
  }
  os::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) < 0 || ::listen(listener.get(), 512) < 0) {
    std::perror("run_rtmp: bind");
    return 1;
  }
  socklen_t size = sizeof at;
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size);
  std::printf("{\"event\":\"listening\",\"port\":%u}\n", ntohs(at.sin_port));
  std::fflush(stdout);

  std::vector<std::unique_ptr<Peer>> peers;
  const Bytes buffer(256u << 10);
  unsigned accepted = 0;
  while (accepted < peers_wanted || !peers.empty()) {
    std::vector<pollfd> polled;
    for (const auto& peer : peers) polled.push_back({peer->fd(), peer->wanted(), 0});
    polled.push_back({listener.get(), static_cast<short>(accepted < peers_wanted ? POLLIN : 0), 0});
    ::poll(polled.data(), polled.size(), 100);
    for (std::size_t i = 0; i < peers.size(); ++i) {
      if (polled[i].revents) peers[i]->read(buffer);
      peers[i]->tick();
    }
    std::erase_if(peers, [](const auto& peer) { return peer->closed(); });
    if (polled.back().revents & POLLIN) {
      const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) {
        peers.push_back(std::make_unique<Peer>(static_cast<int>(accepted), fd, flv, quiet, config));
        ++accepted;
      }
    }
  }
  return 0;
}
