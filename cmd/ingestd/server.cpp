#include "server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/certificate.hpp"
#include "app/run.hpp"
#include "base/masked.hpp"
#include "log/log.hpp"

namespace sluice::ingestd {

namespace {
constexpr milliseconds reading_pause{10};     // a fraction of a frame
constexpr milliseconds take_back_rest{1'000};  // before streams are asked for again
}

Server::Server(net::Loop& loop, Config config, std::unique_ptr<Platform> platform, std::shared_ptr<net::FolderWatch> folders)
    : house_(loop, std::move(config), std::move(platform), std::move(folders), app::executable_folder()),
      take_back_again_(loop),
      program_settings_(house_.config.config_folder, house_.around.programs),
      renewal_(loop) {
  house_.around.forget = [this](Stream& stream) { forget(stream); };
  house_.config.life = fitting(house_.config.life);
  read_together(true);
}

void Server::read_together(bool together) { house_.loop.coalesce(together ? reading_pause : milliseconds(0)); }

// Without a platform and without a ledger nothing is left to come back to.
media::LifecyclePolicy Server::fitting(media::LifecyclePolicy life) const {
  if (!house_.platform->remembers() && house_.config.feed == Feed::command) life.grace = milliseconds(0);
  return life;
}

Server::~Server() = default;

Door Server::door() {
  return {[this](std::shared_ptr<Publisher> asking, std::string key) { admit(asking, std::move(key)); },
          [this](Publisher& gone) { house_.leave(gone); },
          [this](const std::string& host, std::string_view reason) { return house_.refusals.tells(host, reason); },
          {.rtmp = house_.config.port, .rtmps = tls_ ? house_.config.rtmps_port : std::uint16_t{0}}};
}

Result<bool> Server::load_certificate() {
  SLUICE_TRY_VALUE(tls_, app::load_certificate(house_.config.certificate, "publishers"));
  return tls_ != nullptr;
}

Result<std::shared_ptr<Stream>> Server::open(Held held, bool resumed) {
  const ChannelId channel = held.channel.id;
  auto stream = std::make_shared<Stream>(house_.around, std::move(held), resumed);
  SLUICE_TRY(stream->open());
  house_.streams[channel] = stream;
  return stream;
}

void Server::take_back() {
  house_.open = false;
  std::set<StreamId> but = elsewhere_.streams();
  for (const auto& [channel, stream] : house_.streams) but.insert(stream->held().stream);
  ++taking_back_;
  house_.platform->take_back(std::move(but), [this](Result<std::vector<Held>> unended) {
    --taking_back_;
    if (!house_.serving()) return;  // the next one takes them back
    if (!unended) {
      log::error("earlier streams cannot be taken back yet: nobody is let in before", {unended.error()});
      take_back_due_ = true;
      return take_back_again_.after(take_back_rest, [this] {
        take_back_due_ = false;
        if (house_.serving()) take_back();
      });
    }
    for (Held& held : *unended) {
      const bool live = held.live;
      auto stream = open(held, live);
      if (!stream) {
        log::error("an earlier stream cannot be taken back", {{"stream", held.stream.value()}, stream.error()});
        house_.platform->go_offline(held, [](Result<>) {});
        continue;
      }
      log::info("stream taken back", {{"channel", held.channel.name}, {"stream", held.stream.value()}, {"live", live}});
      if (!live)
        (*stream)->end("it never went live");
      else if (!(*stream)->fresh(house_.config.resume_within))
        (*stream)->end("its last part is older than --resume-within");
    }
    if (taking_back_ > 0 || take_back_due_) return;
    house_.open = true;
    set_up_disk_cap();
    for (const auto& connect : std::exchange(early_, {})) connect();
  });
}

void Server::set_up_disk_cap() {
  if (!disk_ && !house_.config.ledgers.empty()) disk_ = std::make_unique<DiskCap>(house_.loop, house_.config, *house_.platform, [this] { return held(); });
}

std::set<std::string> Server::held() const {
  std::set<std::string> ours;
  for (const StreamId& stream : elsewhere_.streams()) ours.insert(stream.value());
  for (const auto& [channel, stream] : house_.streams) ours.insert(stream->held().stream.value());
  return ours;
}

void Server::forget(Stream& stream) {
  const auto found = house_.streams.find(stream.held().channel.id);
  if (found == house_.streams.end() || found->second.get() != &stream) return;
  const auto gone = found->second;
  house_.streams.erase(found);
  house_.loop.post([this, gone] {  // after the stream's own calls have returned
    for (const auto& call : std::exchange(gone->when_over, {})) call();
    if (house_.over) house_.over(gone->held().channel.id);
    if (house_.drained && house_.streams.empty()) house_.drained();
  });
}

// Whose the streams are may just be in the balance: those that are still ours afterwards end or wait here.
void Server::drain(std::function<void()> done) {
  house_.drained = std::move(done);
  house_.returning.clear();
  house_.doorstep.expect({});
  house_.doorstep.close();
  if (!house_.gate.holds([this] { move_all_on(); })) move_all_on();
}

void Server::move_all_on() {
  for (const auto& publisher : std::set(house_.publishers)) publisher->move_on();
  const bool passed_on = house_.retired && !house_.heirless;  // the successor takes the streams that can move, one by one
  for (const auto& [channel, stream] : Streams(house_.streams)) {
    if (passed_on && stream->can_move()) continue;
    if (house_.platform->remembers())
      stream->park();
    else
      stream->end("the server stops");
  }
  if (house_.streams.empty()) house_.loop.post(house_.drained);
}

Result<> Server::reload(const Config& config) {
  if (config.feed != house_.config.feed)
    return fail(Errc::config, "where streams go cannot change between a pipeline, --exec and none while serving",
                "start ingestd again");
  SLUICE_TRY_VALUE(auto certificate, app::load_certificate(config.certificate, "publishers"));
  SLUICE_TRY_VALUE(const bool other_settings, program_settings_.changed());
  SLUICE_TRY(house_.platform->reload(config));
  reloaded_ = program_settings_.differences();
  if (config.command != house_.config.command)
    reloaded_.push_back(fmt::format("pipeline: {} -> {}", without_passwords(house_.config.command), without_passwords(config.command)));
  program_settings_.accept();
  if (certificate != nullptr && tls_ != nullptr) {
    tls_ = std::move(certificate);
    house_.config.certificate = config.certificate;
    log::info("certificate read", {{"certificate", config.certificate.certificate}, {"expires", format_rfc3339(tls_->expires())}});
  } else if ((certificate != nullptr) != (tls_ != nullptr)) {
    log::warn("RTMPS begins or ends to be served at a restart only");
  }
  house_.config.limits = config.limits;
  house_.doorstep.set(house_.config.limits);
  house_.config.retire = config.retire;
  house_.config.life = fitting(config.life);
  house_.config.retention = config.retention;
  house_.config.disk = config.disk;
  house_.config.command = config.command;
  for (const auto& publisher : std::set(house_.publishers)) publisher->limits_changed();
  for (const auto& [channel, stream] : Streams(house_.streams)) stream->limits_changed();
  std::vector<std::shared_ptr<Stream>> outdated;
  for (const auto& [channel, stream] : house_.streams)
    if (other_settings || !stream->runs(house_.config.command)) outdated.push_back(stream);
  renewal_.add(outdated);
  if (reloaded_.empty()) return {};
  for (const std::string& change : reloaded_) log::info("pipelines change", {{"what", change}});
  std::vector<std::string> channels;
  for (const auto& stream : outdated) channels.push_back(stream->held().channel.name);
  reloaded_.push_back(channels.empty() ? "no stream has a pipeline now: from the next one on"
                                       : fmt::format("{}: from the next keyframe on, one stream after the other", fmt::join(channels, ", ")));
  log::info("pipelines change", {{"when", reloaded_.back()}});
  return {};
}

}  // namespace sluice::ingestd
