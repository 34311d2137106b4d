// rooms: rtmp ffmpeg os
// rtmp_publish: publishes a file by RTMP, in real time or as fast as it goes, well or badly. One NDJSON line on stdout for
// each thing that happens. Exit: 0 all published (or, when asked to misbehave, the server closed), 1 refused or cut off (or
// the server kept a misbehaving peer), 2 usage, 75 no server there.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "base/text.hpp"
#include "publisher.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr const char* usage = R"(usage: rtmp_publish [OPTION...] rtmp://HOST[:PORT]/APP/KEY FILE
FILE is FLV (sent as it stands) or what libavformat reads from a pipe (Matroska, MP4 with its moov in front). KEY may be left out: then SLUICE_STREAM_KEY has it.
"{}" in KEY is the publisher's number.
  --fast               as fast as the server takes it, not in real time
  --seconds S          stop after S seconds of media
  --loop N             the file N times (0: for ever), timestamps going on
  --offset-ms MS       added to every timestamp
  --jump-ms MS         with --loop: added to the timestamps when the file begins again, may be negative; several take turns
  --jump-only KIND     the --jump-ms before it is of video's or audio's timestamps only
  --stand-ms FROM TO   timestamps from FROM up to TO are FROM, while the pace goes on
  --stand-only KIND    those of video or audio only
  --grain-ms MS        timestamps are whole numbers of MS, 0 among them
  --clock-speed X      timestamps are X times as large, the pace is as ever
  --speed X            X seconds of media in a second
  --count N            N publishers at once
  --digest             shake hands with digests
  --enhanced           H.264 and AAC by FourCC; Enhanced RTMP's fields in connect
  --chunk-size N       bytes, default 65536
  --no-finish          close without FCUnpublish and deleteStream
  --linger             at the end stay connected, silent
  --one-byte           one byte a write
  --stop-reading       read nothing once publishing
  --torn-handshake N   send N bytes and no more
  --random SEED BYTES  noise instead of RTMP
  --random-at WHERE    start (default), handshake or publish: where the noise begins
  --patience S         wait S seconds for the server, default 20
)";

struct Options {
  std::string url, file;
  unsigned count = 1;
  bool digest = false, enhanced = false;
  std::uint32_t chunk_size = 65'536;
  Behaviour how;
};

[[noreturn]] void refuse(const std::string& why) {
  std::cerr << "rtmp_publish: " << why << "\n" << usage;
  std::exit(2);
}

Options parse(std::vector<std::string> words) {
  Options options;
  std::vector<std::string> plain;
  std::size_t at = 0;
  const auto next = [&]() -> std::string {
    if (at >= words.size()) refuse("a value is missing");
    return words[at++];
  };
  const auto number = [&]<class N>(N) {
    const std::string word = next();
    const auto value = parse_number<N>(word);
    if (!value) refuse("not a number: " + word);
    return *value;
  };
  const auto kind = [&] {
    const std::string word = next();
    if (word != "video" && word != "audio") refuse("not video or audio: " + word);
    return word == "video" ? media::Kind::video : media::Kind::audio;
  };
  while (at < words.size()) {
    const std::string word = words[at++];
    if (word == "--help") {
      std::cout << usage;
      std::exit(0);
    } else if (word == "--fast") {
      options.how.fast = true;
    } else if (word == "--seconds") {
      options.how.seconds = parse_real(next()).value_or(0);
    } else if (word == "--loop") {
      options.how.loops = number(0u);
    } else if (word == "--offset-ms") {
      options.how.offset_ms = number(std::uint32_t{});
    } else if (word == "--jump-ms") {
      options.how.jumps.push_back({.ms = static_cast<std::uint32_t>(number(std::int32_t{}))});
    } else if (word == "--jump-only") {
      if (options.how.jumps.empty()) refuse("--jump-only stands after its --jump-ms");
      options.how.jumps.back().only = kind();
    } else if (word == "--stand-ms") {
      const std::uint32_t from = number(std::uint32_t{});
      options.how.stand = Stand{.from_ms = from, .to_ms = number(std::uint32_t{})};
    } else if (word == "--stand-only") {
      if (!options.how.stand) refuse("--stand-only stands after its --stand-ms");
      options.how.stand->only = kind();
    } else if (word == "--grain-ms") {
      options.how.grain_ms = std::max(1u, number(std::uint32_t{}));
    } else if (word == "--clock-speed") {
      options.how.clock_speed = parse_real(next()).value_or(0);
      if (options.how.clock_speed <= 0) refuse("not a speed");
    } else if (word == "--speed") {
      options.how.speed = parse_real(next()).value_or(0);
      if (options.how.speed <= 0) refuse("not a speed");
    } else if (word == "--count") {
      options.count = number(0u);
    } else if (word == "--digest") {
      options.digest = true;
    } else if (word == "--enhanced") {
      options.enhanced = true;
    } else if (word == "--chunk-size") {
      options.chunk_size = number(std::uint32_t{});
    } else if (word == "--no-finish") {
      options.how.finish = false;
    } else if (word == "--linger") {
      options.how.linger = true;
    } else if (word == "--one-byte") {
      options.how.one_byte = true;
    } else if (word == "--stop-reading") {
      options.how.stop_reading = true;
    } else if (word == "--torn-handshake") {
      options.how.torn = number(std::size_t{});
    } else if (word == "--random") {
      options.how.seed = number(std::uint64_t{});
      options.how.random_bytes = number(std::size_t{});
      if (options.how.randomly == Randomly::never) options.how.randomly = Randomly::from_start;
    } else if (word == "--random-at") {
      const std::string where = next();
      options.how.randomly = where == "publish"     ? Randomly::while_publishing
                             : where == "handshake" ? Randomly::after_handshake
                                                    : Randomly::from_start;
    } else if (word == "--patience") {
      options.how.patience = parse_real(next()).value_or(20);
    } else if (word.starts_with("--")) {
      refuse("no such option: " + word);
    } else {
      plain.push_back(word);
    }
  }
  if (plain.size() != 2) refuse("wants an address and a file");
  options.url = plain[0];
  options.file = plain[1];
  return options;
}

struct Address {
  std::string host, port = "1935", app, key;
};

Address parse_url(std::string_view url) {
  constexpr std::string_view scheme = "rtmp://";
  if (!url.starts_with(scheme)) refuse("not an rtmp:// address");
  url.remove_prefix(scheme.size());
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) refuse("the address names no application");
  std::string_view host = url.substr(0, slash);
  const std::string_view path = url.substr(slash + 1);
  Address address;
  if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']')) {
    address.port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  address.host = host;
  const std::size_t key = path.find('/');
  address.app = path.substr(0, key);
  if (key != std::string_view::npos) address.key = path.substr(key + 1);
  if (const char* hidden = std::getenv("SLUICE_STREAM_KEY"); hidden && address.key.empty()) address.key = hidden;
  return address;
}

int exit_code(const std::vector<std::unique_ptr<Publisher>>& publishers, bool hostile) {
  using Outcome = Publisher::Outcome;
  int code = 0;
  for (const auto& publisher : publishers) {
    if (publisher->outcome() == Outcome::unreachable) return 75;
    const bool good = hostile ? publisher->outcome() == Outcome::closed || publisher->outcome() == Outcome::refused ||
                                    publisher->outcome() == Outcome::done
                              : publisher->outcome() == Outcome::done;
    if (!good) code = 1;
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const Options options = parse({argv + 1, argv + argc});
  const Address address = parse_url(options.url);
  const auto tags = read_media(options.file, options.enhanced);
  if (!tags) {
    std::cerr << "rtmp_publish: " << to_string(tags.error()) << "\n";
    return 1;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found) != 0) return 75;

  std::vector<std::unique_ptr<Publisher>> publishers;
  for (unsigned i = 0; i < options.count; ++i) {
    std::string key = address.key;
    if (const std::size_t at = key.find("{}"); at != std::string::npos) key.replace(at, 2, std::to_string(i));
    rtmp::ClientConfig config{.app = address.app,
                              .tc_url = "rtmp://" + address.host + ":" + address.port + "/" + address.app,
                              .key = key,
                              .digests = options.digest,
                              .enhanced = options.enhanced,
                              .chunk_size = options.chunk_size};
    publishers.push_back(std::make_unique<Publisher>(static_cast<int>(i), *tags, options.how, std::move(config)));
    publishers.back()->connect(found);
  }
  ::freeaddrinfo(found);

  std::vector<pollfd> polled;
  std::vector<Publisher*> running;
  for (;;) {
    polled.clear();
    running.clear();
    std::int64_t wait = 1000;
    const Steady before = std::chrono::steady_clock::now();
    for (const auto& publisher : publishers) {
      if (publisher->outcome() != Publisher::Outcome::running) continue;
      polled.push_back({publisher->fd(), publisher->wanted(), 0});
      running.push_back(publisher.get());
      wait = std::min(wait, publisher->due(before));
    }
    if (running.empty()) break;
    ::poll(polled.data(), polled.size(), static_cast<int>(wait));
    const Steady now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < running.size(); ++i) running[i]->work(polled[i].revents, now);
  }
  return exit_code(publishers, options.how.hostile());
}
