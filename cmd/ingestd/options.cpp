#include "options.hpp"

#include <unistd.h>

#include <array>
#include <filesystem>

#include "app/certificate.hpp"
#include "app/platform.hpp"

namespace sluice::ingestd {

namespace {
std::vector<app::Option> with_shared(const std::vector<app::Option>& own) {
  std::vector<app::Option> all = app::platform_options();
  all.insert(all.end(), own.begin(), own.end());
  for (app::Option& option : app::certificate_options("RTMPS")) all.push_back(std::move(option));
  return all;
}
}  // namespace

const app::Program& program() {
  using app::Kind;
  static const app::Program table{
      .name = "ingestd",
      .section = 8,
      .summary = "receive live streams over RTMP, RTMPS and SRT",
      .commands = {{.path = "",
                    .summary = "receive live streams over RTMP, RTMPS and SRT",
                    .options = with_shared(
                        {
                            {.name = "ledgers", .kind = Kind::path, .metavar = "FOLDER", .help = "where streams are kept; DIR/ledgers when not given"},
                            {.name = "live", .kind = Kind::path, .metavar = "FOLDER", .help = "where links to live streams stand; DIR/live when not given"},
                            {.name = "key-file", .kind = Kind::path, .metavar = "FILE", .help = "serve without a platform: a stream key, a channel and perhaps an SRT passphrase on each line of FILE"},
                            {.name = "exec", .kind = Kind::text, .metavar = "COMMAND", .help = "feed each stream to COMMAND's standard input and keep no ledger", .reloads = true},
                            {.name = "pipeline", .kind = Kind::text, .metavar = "COMMAND", .fallback = "transcode | segmenter", .help = "what turns a stream into its ledger; none drops what is received", .reloads = true},
                            {.name = "node", .kind = Kind::text, .metavar = "NAME", .help = "this ingest's name among others; the host's when not given"},
                            {.name = "take-over", .kind = Kind::flag, .help = "replace the ingestd that runs with this --control SOCKET: publishers by plain RTMP stay connected, others stay with it until they end"},
                            {.name = "retire-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "1h", .help = "how long an ingestd that was replaced goes on with the publishers that it could not hand over", .reloads = true},
                            {.name = "rtmp-port", .kind = Kind::integer, .metavar = "PORT", .fallback = "1935", .help = "the RTMP port, 0 for any", .min = 0, .max = 65535},
                            {.name = "rtmps-port", .kind = Kind::integer, .metavar = "PORT", .fallback = "1936", .help = "the port of RTMP over TLS, 0 for any; not opened without a certificate", .min = 0, .max = 65535},
                            {.name = "srt-port", .kind = Kind::integer, .metavar = "PORT", .fallback = "8890", .help = "the SRT port (UDP), 0 for any", .min = 0, .max = 65535},
                            {.name = "srt-latency", .kind = Kind::duration, .metavar = "TIME", .fallback = "120ms", .help = "how long SRT waits for a lost packet to come again; the longer of both sides' settings holds"},
                            {.name = "grace", .kind = Kind::duration, .metavar = "TIME", .fallback = "20s", .help = "how long a stream waits for a publisher that was cut off", .reloads = true},
                            {.name = "resume-within", .kind = Kind::duration, .metavar = "TIME", .fallback = "10m", .help = "how old a stream's last part may be when ingestd starts for the stream to go on; an older stream is ended"},
                            {.name = "takeover", .kind = Kind::duration, .metavar = "TIME", .fallback = "2s", .help = "silence after which a publisher's place may be taken with its key", .reloads = true},
                            {.name = "retain", .kind = Kind::duration, .metavar = "TIME", .fallback = "20s", .help = "how much of a stream is held for its pipeline at most", .reloads = true},
                            {.name = "retain-size", .kind = Kind::size, .metavar = "SIZE", .fallback = "64M", .help = "the same, in bytes", .reloads = true},
                            {.name = "disk-cap", .kind = Kind::size, .metavar = "SIZE", .fallback = "0", .help = "how much disk all ledgers may take together; 0 sets no such cap", .reloads = true},
                            {.name = "disk-share", .kind = Kind::integer, .metavar = "PERCENT", .fallback = "90", .help = "how much of the space that other files leave them ledgers may take", .min = 1, .max = 100, .reloads = true},
                            {.name = "flush-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "10s", .help = "how long a pipeline may take to end before it is killed", .reloads = true},
                            {.name = "stall-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "10s", .help = "how long a pipeline may take nothing before it is killed", .reloads = true},
                            {.name = "setup-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "10s", .help = "how long a connection may take to publish", .reloads = true},
                            {.name = "idle-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "30s", .help = "how long a publisher may send nothing at all, not even answers to pings", .reloads = true},
                            {.name = "max-connections", .kind = Kind::integer, .metavar = "N", .fallback = "1000", .help = "connections at once, of all protocols", .min = 1, .max = 100000, .reloads = true},
                            {.name = "max-per-address", .kind = Kind::integer, .metavar = "N", .fallback = "200", .help = "connections at once from one address", .min = 1, .max = 100000, .reloads = true},
                            {.name = "max-bitrate", .kind = Kind::integer, .metavar = "KBITS", .fallback = "60000", .help = "of one publisher over five seconds, in kbit/s", .min = 1, .max = 10000000, .reloads = true},
                            {.name = "max-message", .kind = Kind::size, .metavar = "SIZE", .fallback = "8M", .help = "one RTMP message or PES packet, a picture", .reloads = true},
                        })}},
      .daemon = true,
  };
  return table;
}

namespace {
std::string host_name() {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return "localhost";
  return buffer.data();
}
}  // namespace

Result<Config> configure(const app::Settings& settings) {
  Config config;
  auto text = [&](const char* name, const std::string& fallback = "") {
    return settings.has(name) ? settings.text(name) : fallback;
  };
  config.key_file = text("key-file");
  if (config.key_file.empty() || settings.has("dir")) {
    const app::Platform platform = app::platform_of(settings);
    config.directory = platform.dir;
    config.store = platform.store;
    config.bus = platform.bus;
    config.ledgers = text("ledgers", platform.ledgers());
    config.live = text("live", platform.live());
  } else {
    config.ledgers = text("ledgers");
    config.live = text("live");
  }
  config.control = text("control");
  config.take_over = settings.flag("take-over");
  config.retire = settings.duration("retire-time");
  config.node = settings.has("node") ? settings.text("node") : host_name();
  config.port = static_cast<std::uint16_t>(settings.integer("rtmp-port"));
  config.rtmps_port = static_cast<std::uint16_t>(settings.integer("rtmps-port"));
  SLUICE_TRY_VALUE(config.certificate, app::certificate_files(settings, config.key_file.empty() ? config.directory : ""));
  if (config.certificate.none() && settings.origin("rtmps-port") != "default" && settings.integer("rtmps-port") != 0)
    return fail(Errc::config, "RTMPS needs a certificate", "give --tls-cert FILE and --tls-key FILE");
  config.srt_port = static_cast<std::uint16_t>(settings.integer("srt-port"));
  config.srt_latency = settings.duration("srt-latency");

  config.feed = Feed::ledger;
  config.command = settings.text("pipeline");
  if (settings.has("exec")) {
    config.feed = Feed::command;
    config.command = settings.text("exec");
  } else if (config.command == "none") {
    config.feed = Feed::nowhere;
  }
  if (config.feed == Feed::ledger && config.ledgers.empty())
    return fail(Errc::config, "no folder for the ledgers", "give --ledgers FOLDER, or --exec COMMAND to do without them");
  if (config.feed != Feed::ledger) config.ledgers.clear(), config.live.clear();

  std::error_code unknown;
  if (std::filesystem::is_directory(text("config"), unknown)) config.config_folder = text("config");

  config.limits = {.connections = static_cast<std::size_t>(settings.integer("max-connections")),
                   .per_address = static_cast<std::size_t>(settings.integer("max-per-address")),
                   .setup = settings.duration("setup-time"),
                   .idle = settings.duration("idle-time"),
                   .takeover = settings.duration("takeover"),
                   .bits_per_second = static_cast<std::uint64_t>(settings.integer("max-bitrate")) * 1000,
                   .message_bytes = static_cast<std::uint32_t>(settings.size("max-message"))};
  config.disk = {.bytes = settings.size("disk-cap"), .percent = static_cast<std::uint64_t>(settings.integer("disk-share"))};
  config.life.grace = settings.duration("grace");
  config.resume_within = settings.duration("resume-within");
  config.life.flush = settings.duration("flush-time");
  config.life.stall = settings.duration("stall-time");
  config.retention = {.time = settings.duration("retain"), .bytes = settings.size("retain-size")};
  return config;
}

}  // namespace sluice::ingestd
