// rooms: base http hls
// Many LL-HLS players on one thread: each asks as hls.js does (players/player.hpp), spread over the channels in turn.
//   hls_players --server 127.0.0.1:PORT --channels a,b --live DIR [--players N] [--join S] [--seconds S]
//               [--requests N] [--one-lane] [--no-audio] [--no-deltas] [--hints]
// Players join over --join seconds; when all are in (half a minute later at most), what they see is measured for --seconds, or longer: until
// they have had --requests answers (four times --seconds at most). Prints {"event":"joined"} when the measuring begins, and at its
// end the result, one JSON object a line. --live: where CHANNEL/index is, whose times the delays are counted from.
#include <arpa/inet.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "players/player.hpp"

namespace {
using namespace players;

struct Options {
  World world;
  std::string live;
  std::vector<std::string> channels;
  std::size_t players = 100;
  double join_s = 5, seconds = 20;
  std::uint64_t requests = 0;
};

[[noreturn]] void usage(const std::string& why) {
  std::fprintf(stderr, "hls_players: %s; the first lines of hls_players.cpp say how it is called\n", why.c_str());
  std::exit(2);
}

void read_options(int argc, char** argv, Options& options) {
  World& world = options.world;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&]() -> std::string { return i + 1 < argc ? argv[++i] : (usage(name + " wants a value"), ""); };
    if (name == "--server") {
      world.host = value();
      const std::size_t colon = world.host.find(':');
      world.server.sin_family = AF_INET;
      if (colon == world.host.npos || ::inet_pton(AF_INET, world.host.substr(0, colon).c_str(), &world.server.sin_addr) != 1)
        usage("--server wants ADDRESS:PORT");
      world.server.sin_port = htons(static_cast<std::uint16_t>(std::stoi(world.host.substr(colon + 1))));
    } else if (name == "--channels") {
      const std::string names = value();
      for (const auto channel : sluice::split(names, ',')) options.channels.emplace_back(channel);
    } else if (name == "--live") {
      options.live = value();
    } else if (name == "--players") {
      options.players = std::stoul(value());
    } else if (name == "--join") {
      options.join_s = std::stod(value());
    } else if (name == "--seconds") {
      options.seconds = std::stod(value());
    } else if (name == "--requests") {
      options.requests = std::stoull(value());
    } else if (name == "--one-lane") {
      world.one_lane = true;
    } else if (name == "--no-audio") {
      world.with_audio = false;
    } else if (name == "--no-deltas") {
      world.deltas = false;
    } else if (name == "--hints") {
      world.hints = true;
    } else {
      usage("unknown option " + name);
    }
  }
  if (world.host.empty() || options.channels.empty() || options.live.empty()) usage("--server, --channels and --live are needed");
}

void print(const nlohmann::ordered_json& object) {
  std::printf("%s\n", object.dump().c_str());
  std::fflush(stdout);
}

// Until `stop` is true.
template <class Stop>
void run(World& world, Stop stop) {
  epoll_event events[512];
  while (!stop()) {
    const std::int64_t now = wall_us();
    while (!world.timers.empty() && world.timers.begin()->first <= now) {
      const auto task = std::move(world.timers.extract(world.timers.begin()).mapped());
      task();
    }
    const std::int64_t until_next = world.timers.empty() ? 50'000 : std::max<std::int64_t>(0, world.timers.begin()->first - now);
    const int count = ::epoll_wait(world.epoll, events, std::size(events), static_cast<int>(std::min<std::int64_t>(50'000, until_next) / 1000));
    for (int i = 0; i < count; ++i) static_cast<Lane*>(events[i].data.ptr)->on_ready();
  }
}

}  // namespace

int main(int argc, char** argv) {
  static Options options;
  read_options(argc, argv, options);
  World& world = options.world;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  world.epoll = ::epoll_create1(EPOLL_CLOEXEC);

  std::vector<std::unique_ptr<Player>> players;
  for (std::size_t i = 0; i < options.players; ++i) {
    players.push_back(std::make_unique<Player>(world, options.channels[i % options.channels.size()]));
    world.later(static_cast<std::int64_t>(options.join_s * 1e6 * static_cast<double>(i) / static_cast<double>(options.players)),
                [player = players.back().get()] { player->join(); });
  }
  const std::int64_t joining = wall_us() + static_cast<std::int64_t>(options.join_s * 1e6) + 2'000'000;
  const auto count_inside = [&] { return std::ranges::count_if(players, [](const auto& player) { return player->joined(); }); };
  run(world, [&] {
    const std::int64_t now = wall_us();
    return now >= joining && (now >= joining + 30'000'000 || count_inside() == static_cast<std::ptrdiff_t>(options.players));
  });
  const auto inside = count_inside();
  print({{"event", "joined"}, {"players", inside}});
  world.tally.measuring = true;
  const std::int64_t began = wall_us();
  const auto measured_s = [&] { return static_cast<double>(wall_us() - began) / 1e6; };
  run(world, [&] {
    const double so_far = measured_s();
    return so_far >= options.seconds && (world.tally.requests >= options.requests || so_far >= 4 * options.seconds);
  });

  std::uint64_t reopened = 0;
  double part_target = 0;
  for (const auto& player : players) {
    reopened += player->reopened();
    part_target = std::max(part_target, player->part_target());
  }
  nlohmann::ordered_json result{{"event", "result"}, {"players", inside}, {"streams", options.channels.size()}, {"seconds", measured_s()}};
  result.update(world.tally.result(options.live, part_target));
  result["reopened"] = reopened;
  print(result);
  std::fflush(nullptr);
  std::_Exit(inside == static_cast<std::ptrdiff_t>(options.players) ? 0 : 1);
}
