#include "server.hpp"

#include "app/run.hpp"
#include "log/log.hpp"
#include "measures.hpp"
#include "os/file.hpp"
#include "srt_publisher.hpp"

namespace sluice::ingestd {

Server::Server(net::Loop& loop, Config config, std::unique_ptr<Platform> platform, std::shared_ptr<FolderWatch> folders)
    : loop_(loop),
      config_(std::move(config)),
      platform_(std::move(platform)),
      folders_(std::move(folders)),
      around_{loop, config_, *platform_, *folders_, app::executable_folder(), [this](Stream& stream) { forget(stream); }},
      doorstep_(config_.limits) {
  config_.life = fitting(config_.life);
}

// Without a platform and without a ledger nothing is left to come back to.
media::LifecyclePolicy Server::fitting(media::LifecyclePolicy life) const {
  if (!platform_->remembers() && config_.feed == Feed::command) life.grace = milliseconds(0);
  return life;
}

Server::~Server() = default;

Door Server::door() {
  return {[this](std::shared_ptr<Publisher> asking, std::string key) { admit(asking, std::move(key)); },
          [this](Publisher& gone) { disconnected(gone); }};
}

void Server::enter(const std::shared_ptr<Publisher>& publisher) {
  publishers_.insert(publisher);
  measures().connections.Set(static_cast<double>(publishers_.size()));
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
  SLUICE_TRY_VALUE(tls_, certificate_of(config_));
  return tls_ != nullptr;
}

void Server::connected(os::UniqueFd socket, net::Endpoint peer, bool tls) {
  if (!serving()) return;
  if (!open_) {
    auto held = std::make_shared<os::UniqueFd>(std::move(socket));
    return early_.emplace_back([this, held, peer, tls] { connected(std::move(*held), peer, tls); }), void();
  }
  if (const char* full = doorstep_.full(peer.host)) {
    Measures::refused(full).Increment();
    log::warn("connection refused: too many", {{"peer", peer.text()}, {"limit", full}});
    return;
  }
  doorstep_.entered(peer.host);
  auto publisher = std::make_shared<RtmpPublisher>(loop_, config_.limits, door(), tls ? tls_.get() : nullptr);
  enter(publisher);
  publisher->start(std::move(socket), peer);
}

Result<net::Endpoint> Server::listen_srt(const net::Endpoint& at) {
  if (!srt_) {
    SLUICE_TRY_VALUE(srt_, SrtDoor::open(loop_, config_.srt_latency, *platform_, doorstep_,
                                         [this](std::shared_ptr<srt::Session> session, const ChannelRef& channel) {
                                           connected(std::move(session), channel);
                                         }));
  }
  return srt_->listen(at);
}

void Server::connected(std::shared_ptr<srt::Session> session, const ChannelRef& channel) {
  if (!serving()) return session->close();
  if (!open_) return early_.emplace_back([this, session, channel] { connected(session, channel); }), void();
  doorstep_.entered(session->peer().host);
  auto publisher = std::make_shared<SrtPublisher>(loop_, config_.limits, door(), std::move(session));
  enter(publisher);
  admit_to(publisher, channel);
}

void Server::disconnected(Publisher& publisher) {
  doorstep_.left(publisher.host());
  publishers_.erase(publisher.shared_from_this());
  measures().connections.Set(static_cast<double>(publishers_.size()));
}

void Server::admit(const std::shared_ptr<Publisher>& publisher, std::string key) {
  if (!serving()) return publisher->refuse(Refusal::stopping, "the server is stopping");
  platform_->channel_by_key(std::move(key), [this, publisher](Result<ChannelRef> channel) { looked_up(publisher, channel); });
}

void Server::looked_up(const std::shared_ptr<Publisher>& publisher, const Result<ChannelRef>& channel) {
  if (frozen_) return while_frozen_.push_back([this, publisher, channel] { looked_up(publisher, channel); });
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
  if (frozen_) return while_frozen_.push_back([this, publisher, channel] { admit_to(publisher, channel); });
  if (publisher->closed()) return;
  if (!serving()) return publisher->refuse(Refusal::stopping, "the server is stopping");
  if (elsewhere_.contains(channel.id)) return ask_elsewhere(publisher, channel);
  if (beginning_.contains(channel.id)) return refuse_duplicate(*publisher, channel, "one that came first");
  const auto found = streams_.find(channel.id);
  if (found == streams_.end()) return begin(publisher, channel);
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
    if (silent < config_.limits.takeover) return refuse_duplicate(*publisher, channel, other->address());
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
  doorstep_.publishes(stream->held().channel.id, publisher->presence());
}

void Server::begin(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel) {
  beginning_.insert(channel.id);
  platform_->begin(channel, [this, publisher, channel](Result<Held> held) {
    beginning_.erase(channel.id);
    if (!held) {
      if (held.error().code == Errc::conflict) return refuse_duplicate(*publisher, channel, held.error().what);
      Measures::refused("store").Increment();
      log::error("publisher refused: no stream could be made", {{"channel", channel.name}, held.error()});
      return publisher->refuse(Refusal::other, "the stream could not be started: try again");
    }
    auto stream = open(*held, false);
    if (!stream) {
      log::error("publisher refused: no ledger could be made", {{"channel", channel.name}, stream.error()});
      platform_->go_offline(*held, [](Result<>) {});
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
  auto stream = std::make_shared<Stream>(around_, std::move(held), resumed);
  SLUICE_TRY(stream->open());
  streams_[channel] = stream;
  return stream;
}

void Server::take_back() { take_back_but({}); }

void Server::take_back_but(std::set<StreamId> but) {
  platform_->take_back(std::move(but), [this](Result<std::vector<Held>> unended) {
    if (!unended) log::error("earlier streams cannot be taken back", {unended.error()});
    for (Held& held : unended.value_or(std::vector<Held>{})) {
      const bool live = held.live;
      auto stream = open(held, live);
      if (!stream) {
        log::error("an earlier stream cannot be taken back", {{"stream", held.stream.value()}, stream.error()});
        platform_->go_offline(held, [](Result<>) {});
        continue;
      }
      log::info("stream taken back", {{"channel", held.channel.name}, {"stream", held.stream.value()}, {"live", live}});
      if (!live)
        (*stream)->end("it never went live");
      else if (!(*stream)->fresh(config_.resume_within))
        (*stream)->end("its last part is older than --resume-within");
    }
    open_ = true;
    set_up_disk_cap();
    for (const auto& connect : std::exchange(early_, {})) connect();
  });
}

void Server::set_up_disk_cap() {
  if (!disk_ && !config_.ledgers.empty()) disk_ = std::make_unique<DiskCap>(loop_, config_, *platform_, [this] { return held(); });
}

std::set<std::string> Server::held() const {
  std::set<std::string> ours;
  for (const auto& [channel, other] : elsewhere_) ours.insert(other.stream.value());
  for (const auto& [channel, stream] : streams_) ours.insert(stream->held().stream.value());
  return ours;
}

void Server::forget(Stream& stream) {
  const auto found = streams_.find(stream.held().channel.id);
  if (found == streams_.end() || found->second.get() != &stream) return;
  const auto gone = found->second;
  streams_.erase(found);
  loop_.post([this, gone] {  // after the stream's own calls have returned
    for (const auto& call : std::exchange(gone->when_over, {})) call();
    if (over_) over_(gone->held().channel.id);
    if (drained_ && streams_.empty()) drained_();
  });
}

void Server::drain(std::function<void()> done) {
  drained_ = std::move(done);
  doorstep_.close();
  for (const auto& publisher : std::set(publishers_)) publisher->move_on();
  const bool passed_on = retired_ && !link_lost_;  // the successor takes the streams that can move, one by one, and empty() says when
  for (const auto& [channel, stream] : Streams(streams_)) {
    if (passed_on && stream->can_move()) continue;
    if (platform_->remembers())
      stream->park();
    else
      stream->end("the server stops");
  }
  if (streams_.empty()) loop_.post(drained_);
}

Result<> Server::reload(const Config& config) {
  if (config.feed != config_.feed)
    return fail(Errc::config, "where streams go cannot change between a pipeline, --exec and none while serving",
                "start ingestd again");
  SLUICE_TRY_VALUE(auto certificate, certificate_of(config));
  SLUICE_TRY(platform_->reload(config));
  if (certificate != nullptr && tls_ != nullptr) {
    tls_ = std::move(certificate);
    config_.tls_certificate = config.tls_certificate;
    config_.tls_key = config.tls_key;
    log::info("certificate read", {{"certificate", config_.tls_certificate}, {"expires", format_rfc3339(tls_->expires())}});
  } else if ((certificate != nullptr) != (tls_ != nullptr)) {
    log::warn("RTMPS begins or ends to be served at a restart only");
  }
  config_.limits = config.limits;
  doorstep_.set(config_.limits);
  config_.retire = config.retire;
  config_.life = fitting(config.life);
  config_.retention = config.retention;
  config_.disk = config.disk;
  config_.command = config.command;
  return {};
}

}  // namespace sluice::ingestd
