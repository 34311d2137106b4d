// Who may publish: connections by every way in, their keys, and the stream that each finds, goes on with or begins.
#include "log/log.hpp"
#include "measures.hpp"
#include "server.hpp"
#include "srt_publisher.hpp"

namespace sluice::ingestd {

void Server::connected(os::UniqueFd socket, net::Endpoint peer, bool tls) {
  if (!house_.serving()) return;
  if (!house_.open && early_.size() < house_.config.limits.connections) {
    auto held = std::make_shared<os::UniqueFd>(std::move(socket));
    return early_.emplace_back([this, held, peer, tls] { connected(std::move(*held), peer, tls); }), void();
  }
  if (const char* full = house_.open ? house_.doorstep.full(peer.host) : "connections") {
    Measures::refused(full).Increment();
    if (house_.refusals.tells(peer.host, "too many connections"))
      log::warn("connection refused: too many", {{"peer", peer.text()}, {"limit", full}});
    return;
  }
  auto publisher = std::make_shared<RtmpPublisher>(house_.loop, house_.config.limits, door(), tls ? tls_.get() : nullptr);
  house_.enter(publisher, peer.host);
  publisher->start(std::move(socket), peer);
}

Result<net::Endpoint> Server::listen_srt(const net::Endpoint& at) {
  if (!srt_) {
    SLUICE_TRY_VALUE(srt_, SrtDoor::open(house_.loop, house_.config.srt_latency, *house_.platform, house_.doorstep, house_.refusals,
                                         [this](std::shared_ptr<srt::Session> session, const ChannelRef& channel) {
                                           connected(std::move(session), channel);
                                         }));
  }
  auto bound = srt_->listen(at);
  house_.has_srt = house_.has_srt || bound.has_value();  // of several addresses one may fail
  return bound;
}

void Server::connected(std::shared_ptr<srt::Session> session, const ChannelRef& channel) {
  if (!house_.lets_in(channel.id)) return session->close();
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
    if (house_.refusals.tells(publisher->host(), "wrong stream key"))
      log::warn("publisher refused: wrong stream key", {{"peer", publisher->address()}});
    return publisher->refuse(Refusal::key, "the stream key is not valid");
  }
  if (house_.refusals.tells(publisher->host(), "keys cannot be looked up"))
    log::error("publisher refused: keys cannot be looked up", {{"peer", publisher->address()}, channel.error()});
  publisher->refuse(Refusal::other, "stream keys cannot be checked just now: try again");
}

void Server::refuse_duplicate(Publisher& publisher, const ChannelRef& channel, std::string_view why) {
  Measures::refused("duplicate").Increment();
  if (house_.refusals.tells(publisher.host(), channel.name + " is being published"))
    log::warn("publisher refused: the channel is being published",
              {{"peer", publisher.address()}, {"channel", channel.name}, {"by", why}});
  publisher.refuse(Refusal::duplicate, "this channel is already being published");
}

// New, reconnect, take-over, or duplicate.
void Server::admit_to(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel) {
  if (house_.gate.holds([this, publisher, channel] { admit_to(publisher, channel); })) return;
  if (publisher->closed()) return;
  if (!house_.lets_in(channel.id)) return publisher->refuse(Refusal::stopping, "the server is stopping");
  if (!house_.open) return early_.emplace_back([this, publisher, channel] { admit_to(publisher, channel); }), void();
  if (elsewhere_.has(channel.id)) return ask_elsewhere(publisher, channel);
  if (house_.beginning.contains(channel.id)) return refuse_duplicate(*publisher, channel, "one that came first");
  const auto found = house_.streams.find(channel.id);
  if (found == house_.streams.end()) {
    if (!house_.serving()) return publisher->refuse(Refusal::stopping, "the server is being replaced: try again");
    return begin(publisher, channel);
  }
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

void Server::ask_elsewhere(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel) {
  elsewhere_.ask(channel.id, [this, publisher, channel](bool busy) {
    if (publisher->closed()) return;
    if (busy) return refuse_duplicate(*publisher, channel, "a publisher of the process that was replaced");
    admit_to(publisher, channel);
  });
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

}  // namespace sluice::ingestd
