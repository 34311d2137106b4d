#include "server.hpp"

#include <algorithm>

#include "app/run.hpp"
#include "log/log.hpp"
#include "measures.hpp"
#include "os/file.hpp"
#include "srt_publisher.hpp"

namespace sluice::ingestd {

Server::Server(net::Loop& loop, Config config, std::unique_ptr<Platform> platform, std::shared_ptr<FolderWatch> folders)
    : house_(loop, std::move(config), std::move(platform), std::move(folders), app::executable_folder()),
      program_settings_(house_.config.config_folder, house_.around.programs),
      renewal_(loop) {
  house_.around.forget = [this](Stream& stream) { forget(stream); };
  house_.config.life = fitting(house_.config.life);
}

// Without a platform and without a ledger nothing is left to come back to.
media::LifecyclePolicy Server::fitting(media::LifecyclePolicy life) const {
  if (!house_.platform->remembers() && house_.config.feed == Feed::command) life.grace = milliseconds(0);
  return life;
}

Server::~Server() = default;

Door Server::door() {
  return {[this](std::shared_ptr<Publisher> asking, std::string key) { admit(asking, std::move(key)); },
          [this](Publisher& gone) { house_.leave(gone); }};
}

namespace {

Result<std::shared_ptr<const net::TlsContext>> certificate_of(const Config& config) {
  if (config.tls_certificate.empty()) return nullptr;
  if (config.self_signed) {
    SLUICE_TRY(os::make_directories(config.directory + "/tls", 0700));
    SLUICE_TRY(net::make_self_signed(config.tls_certificate, config.tls_key));
  }
  SLUICE_TRY_VALUE(auto loaded, net::TlsContext::load(config.tls_certificate, config.tls_key));
  if (loaded->expires() < system_clock().wall())
    log::warn("the certificate has expired: publishers that look will not connect",
              {{"certificate", config.tls_certificate}, {"expired", format_rfc3339(loaded->expires())}});
  return loaded;
}

}  // namespace

Result<bool> Server::load_certificate() {
  SLUICE_TRY_VALUE(tls_, certificate_of(house_.config));
  return tls_ != nullptr;
}

void Server::connected(os::UniqueFd socket, net::Endpoint peer, bool tls) {
  if (!house_.serving()) return;
  if (!house_.open) {
    auto held = std::make_shared<os::UniqueFd>(std::move(socket));
    return early_.emplace_back([this, held, peer, tls] { connected(std::move(*held), peer, tls); }), void();
  }
  if (const char* full = house_.doorstep.full(peer.host)) {
    Measures::refused(full).Increment();
    log::warn("connection refused: too many", {{"peer", peer.text()}, {"limit", full}});
    return;
  }
  auto publisher = std::make_shared<RtmpPublisher>(house_.loop, house_.config.limits, door(), tls ? tls_.get() : nullptr);
  house_.enter(publisher, peer.host);
  publisher->start(std::move(socket), peer);
}

Result<net::Endpoint> Server::listen_srt(const net::Endpoint& at) {
  if (!srt_) {
    SLUICE_TRY_VALUE(srt_, SrtDoor::open(house_.loop, house_.config.srt_latency, *house_.platform, house_.doorstep,
                                         [this](std::shared_ptr<srt::Session> session, const ChannelRef& channel) {
                                           connected(std::move(session), channel);
                                         }));
  }
  return srt_->listen(at);
}

void Server::connected(std::shared_ptr<srt::Session> session, const ChannelRef& channel) {
  if (!house_.serving()) return session->close();
  if (!house_.open) return early_.emplace_back([this, session, channel] { connected(session, channel); }), void();
  auto publisher = std::make_shared<SrtPublisher>(house_.loop, house_.config.limits, door(), std::move(session));
  house_.enter(publisher, publisher->host());
  admit_to(publisher, channel);
}

void Server::admit(const std::shared_ptr<Publisher>& publisher, std::string key) {
  if (publisher->closed()) return;
  if (!house_.serving()) return publisher->refuse(Refusal::stopping, "the server is stopping");
  if (house_.gate.holds([this, publisher, key] { admit(publisher, key); })) return;
  ++house_.asking;
  house_.platform->channel_by_key(std::move(key), [this, publisher](Result<ChannelRef> channel) {
    --house_.asking;
    looked_up(publisher, channel);
  });
}

void Server::looked_up(const std::shared_ptr<Publisher>& publisher, const Result<ChannelRef>& channel) {
  if (house_.gate.holds([this, publisher, channel] { looked_up(publisher, channel); })) return;
  if (publisher->closed()) return;
  if (channel) return admit_to(publisher, *channel);
  const bool unknown = channel.error().code == Errc::denied;
  Measures::refused(unknown ? "key" : "store").Increment();
  if (unknown) {
    log::warn("publisher refused: wrong stream key", {{"peer", publisher->address()}});
    return publisher->refuse(Refusal::key, "the stream key is not valid");
  }
  log::error("publisher refused: keys cannot be looked up", {{"peer", publisher->address()}, channel.error()});
  publisher->refuse(Refusal::other, "stream keys cannot be checked just now: try again");
}

void Server::refuse_duplicate(Publisher& publisher, const ChannelRef& channel, std::string_view why) {
  Measures::refused("duplicate").Increment();
  log::warn("publisher refused: the channel is being published",
            {{"peer", publisher.address()}, {"channel", channel.name}, {"by", why}});
  publisher.refuse(Refusal::duplicate, "this channel is already being published");
}

// New, reconnect, take-over, or duplicate.
void Server::admit_to(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel) {
  if (house_.gate.holds([this, publisher, channel] { admit_to(publisher, channel); })) return;
  if (publisher->closed()) return;
  if (!house_.serving()) return publisher->refuse(Refusal::stopping, "the server is stopping");
  if (elsewhere_.has(channel.id)) return ask_elsewhere(publisher, channel);
  if (house_.beginning.contains(channel.id)) return refuse_duplicate(*publisher, channel, "one that came first");
  const auto found = house_.streams.find(channel.id);
  if (found == house_.streams.end()) return begin(publisher, channel);
  const std::shared_ptr<Stream> stream = found->second;
  if (!stream->life().open()) {
    // The channel is free again in a moment: its ledger is being finished.
    stream->when_over.push_back([this, publisher, channel] {
      if (!publisher->closed()) admit_to(publisher, channel);
    });
    return;
  }
  if (const auto other = stream->publisher()) {
    const auto silent = system_clock().steady() - other->last_heard();
    if (silent < house_.config.limits.takeover) return refuse_duplicate(*publisher, channel, other->address());
    log::warn("taking over from a silent publisher",
              {{"channel", channel.name},
               {"silent", other->address()},
               {"silent_ms", std::chrono::duration_cast<milliseconds>(silent).count()}});
    other->drop("another publisher with this key took over");
  }
  log::info("publisher reconnected",
            {{"peer", publisher->address()}, {"channel", channel.name}, {"stream", stream->held().stream.value()}});
  welcome(publisher, stream);
}

void Server::welcome(const std::shared_ptr<Publisher>& publisher, const std::shared_ptr<Stream>& stream) {
  publisher->accept(stream);
  house_.doorstep.publishes(stream->held().channel.id, publisher->presence());
}

void Server::begin(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel) {
  house_.beginning.insert(channel.id);
  house_.platform->begin(channel, [this, publisher, channel](Result<Held> held) {
    house_.beginning.erase(channel.id);
    if (!held) {
      if (held.error().code == Errc::conflict) return refuse_duplicate(*publisher, channel, held.error().what);
      Measures::refused("store").Increment();
      log::error("publisher refused: no stream could be made", {{"channel", channel.name}, held.error()});
      return publisher->refuse(Refusal::other, "the stream could not be started: try again");
    }
    auto stream = open(*held, false);
    if (!stream) {
      log::error("publisher refused: no ledger could be made", {{"channel", channel.name}, stream.error()});
      house_.platform->go_offline(*held, [](Result<>) {});
      return publisher->refuse(Refusal::other, "the stream could not be started: try again");
    }
    log::info("publisher accepted", {{"peer", publisher->address()},
                                     {"protocol", publisher->protocol()},
                                     {"program", publisher->program()},
                                     {"channel", channel.name},
                                     {"stream", held->stream.value()}});
    if (publisher->closed()) return (*stream)->end("the publisher left at once");
    welcome(publisher, *stream);
  });
}

Result<std::shared_ptr<Stream>> Server::open(Held held, bool resumed) {
  const ChannelId channel = held.channel.id;
  auto stream = std::make_shared<Stream>(house_.around, std::move(held), resumed);
  SLUICE_TRY(stream->open());
  house_.streams[channel] = stream;
  return stream;
}

void Server::take_back() { take_back_but({}); }

void Server::take_back_but(std::set<StreamId> but) {
  house_.platform->take_back(std::move(but), [this](Result<std::vector<Held>> unended) {
    if (!unended) log::error("earlier streams cannot be taken back", {unended.error()});
    for (Held& held : unended.value_or(std::vector<Held>{})) {
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
  SLUICE_TRY_VALUE(auto certificate, certificate_of(config));
  SLUICE_TRY_VALUE(const bool other_settings, program_settings_.changed());
  SLUICE_TRY(house_.platform->reload(config));
  program_settings_.accept();
  if (certificate != nullptr && tls_ != nullptr) {
    tls_ = std::move(certificate);
    house_.config.tls_certificate = config.tls_certificate;
    house_.config.tls_key = config.tls_key;
    log::info("certificate read", {{"certificate", house_.config.tls_certificate}, {"expires", format_rfc3339(tls_->expires())}});
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
  std::vector<std::shared_ptr<Stream>> outdated;
  for (const auto& [channel, stream] : house_.streams)
    if (other_settings || !stream->runs(house_.config.command)) outdated.push_back(stream);
  renewal_.add(outdated);
  return {};
}

// ---- being replaced while it serves, and replacing another

Result<> Server::can_be_replaced() const {
  if (!house_.serving()) return fail(Errc::unavailable, "it is stopping");
  if (!house_.open) return fail(Errc::unavailable, "it is still starting", "try again");
  return {};
}

void Server::retire() {
  disk_.reset();
  elsewhere_.clear();
}

bool Server::release_srt() {
  if (!srt_) return true;
  if (std::ranges::any_of(house_.publishers, [](const auto& each) { return each->protocol() == "srt"; })) return false;
  srt_.reset();
  return true;
}

void Server::give_up_srt() {
  for (const auto& publisher : std::set(house_.publishers)) {
    if (publisher->protocol() != "srt") continue;
    for (const auto& [channel, stream] : Streams(house_.streams))
      if (stream->publisher() == publisher) stream->detach(false);
    publisher->drop("the server is being replaced");
  }
  srt_.reset();
}

void Server::ask_elsewhere(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel) {
  elsewhere_.ask(channel.id, [this, publisher, channel](bool busy) {
    if (publisher->closed()) return;
    if (busy) return refuse_duplicate(*publisher, channel, "a publisher of the process that was replaced");
    admit_to(publisher, channel);
  });
}

// It said of each stream what became of it, unless it died.
void Server::elsewhere_gone(const void* link) {
  Elsewhere::Lost lost = elsewhere_.lose(link);
  if (lost.streams == 0) return;
  log::warn("a process that was replaced died: taking its streams back", {{"streams", lost.streams}});
  std::set<StreamId> but = elsewhere_.streams();
  for (const auto& [channel, stream] : house_.streams) but.insert(stream->held().stream);
  house_.open = false;  // who comes meanwhile waits, to find its own
  take_back_but(std::move(but));
  for (auto& waiting : lost.waiting) early_.emplace_back([waiting = std::move(waiting)] { waiting(false); });
}

void Server::replaced() {
  house_.open = true;
  set_up_disk_cap();
  log::info("taken over", {{"streams", house_.streams.size()}, {"connections", house_.publishers.size()}, {"elsewhere", elsewhere_.streams().size()}});
}

}  // namespace sluice::ingestd
