#pragma once
// ingestd's options, and what they come to.
#include <string>

#include "app/certificate.hpp"
#include "app/options.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "media/intake.hpp"
#include "media/lifecycle.hpp"
#include "media/retention.hpp"

namespace sluice::ingestd {

const app::Program& program();

// Where a stream's packets go.
enum class Feed {
  ledger,   // a pipeline that writes the stream's ledger
  command,  // --exec: any command; no ledger is expected
  nowhere,  // --pipeline none: received, counted, dropped
};

struct Limits {
  std::size_t connections = 0;
  std::size_t per_address = 0;
  milliseconds setup{0};           // from connecting to a publish request
  milliseconds idle{0};            // without a byte
  milliseconds takeover{0};        // silence after which the same key takes over
  std::uint64_t bits_per_second = 0;
  std::uint32_t message_bytes = 0;
};

struct DiskLimits {
  std::uint64_t bytes = 0;     // of all ledgers; 0: no absolute cap
  std::uint64_t percent = 90;  // of the space that other files leave them
};

struct Config {
  std::string directory;      // of the platform; empty without one
  std::string control;        // the control socket; empty without one
  bool take_over = false;     // from a process that runs with this control socket
  milliseconds retire{0};     // how long a process that was replaced may drain
  std::string store, bus;     // URLs; empty without a platform
  std::string ledgers, live;  // folders; empty when not kept
  std::string key_file;
  std::string node;
  std::uint16_t port = 0, rtmps_port = 0, srt_port = 0;
  app::CertificateFiles certificate;  // none: RTMPS is not served
  milliseconds srt_latency{0};  // for lost packets to come again
  Feed feed = Feed::ledger;
  std::string command;        // of the feed
  std::string config_folder;  // the one --config names: the feed's programs have their files there too; empty: it names none
  Limits limits;
  DiskLimits disk;
  media::LifecyclePolicy life;
  milliseconds resume_within{0};  // age of a stream's last part beyond which a new process ends it
  media::IntakePolicy intake;
  media::RetentionLimits retention;
};

// Errc::config when the settings do not fit together.
Result<Config> configure(const app::Settings& settings);

}  // namespace sluice::ingestd
