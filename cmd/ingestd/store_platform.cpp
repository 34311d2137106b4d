// The platform of a store: blocking calls run on one thread of their own.
#include <mutex>

#include "base/random.hpp"
#include "bus/bus.hpp"
#include "log/log.hpp"
#include "platform.hpp"
#include "store/store.hpp"

namespace sluice::ingestd {

namespace {

class StorePlatform final : public Platform {
 public:
  StorePlatform(net::Loop& loop, std::string node, std::string url, std::unique_ptr<store::Store> store, std::unique_ptr<bus::Bus> bus)
      : node_(std::move(node)), url_(std::move(url)), bus_(std::move(bus)), store_(std::move(store)), offload_(loop) {
    store_->on_events = [this](store::Cursor up_to) { bus_->nudge(up_to); };
  }

  void channel_by_key(std::string key, Done<ChannelRef> done) override {
    offload_.run(
        [this, key = std::move(key)]() -> Result<ChannelRef> {
          SLUICE_TRY_VALUE(const store::Channel channel, store_->credentials().channel_by_key(key));
          return ChannelRef{channel.id, channel.name};
        },
        std::move(done));
  }

  // On a connection of its own: the other one may be waiting for the disk, and a handshake holds up every SRT publisher.
  Result<SrtKey> srt_key(const std::string& key) override {
    std::lock_guard lock(handshakes_);
    if (!reader_) {
      SLUICE_TRY_VALUE(reader_, store::open_store(url_));
    }
    SLUICE_TRY_VALUE(const store::Channel channel, reader_->credentials().channel_by_key(key));
    SLUICE_TRY_VALUE(std::string passphrase, reader_->credentials().srt_passphrase(channel.id));
    return SrtKey{{channel.id, channel.name}, std::move(passphrase)};
  }

  void begin(ChannelRef channel, Done<Held> done) override {
    offload_.run(
        [this, channel = std::move(channel)]() -> Result<Held> {
          const std::string owner = random_token(system_random());
          const std::string lock = store::channel_lock(channel.id);
          SLUICE_TRY(store_->leases().take(lock, owner, node_));
          auto stream = store_->streams().begin(channel.id, owner);
          if (!stream) {
            (void)store_->leases().release(lock, owner);
            return std::unexpected(stream.error());
          }
          ours_.insert(stream->id);
          return Held{channel, stream->id, owner, false, stream->started_at};
        },
        std::move(done));
  }

  void take_back(std::set<StreamId> but, Done<std::vector<Held>> done) override {
    offload_.run(
        [this, but = std::move(but)]() -> Result<std::vector<Held>> {
          SLUICE_TRY_VALUE(const auto unended, store_->streams().unended(node_));
          std::vector<Held> held;
          std::set<StreamId> taken;
          for (const store::Stream& stream : unended) {
            if (but.contains(stream.id) || ours_.contains(stream.id)) continue;
            const std::string owner = random_token(system_random());
            auto lease = store_->leases().take(store::channel_lock(stream.channel), owner, node_);
            if (!lease && lease.error().code != Errc::conflict) return std::unexpected(lease.error());  // of all, again
            if (!lease) {
              log::warn("a stream of ours is another node's now", {{"stream", stream.id.value()}, lease.error()});
              continue;
            }
            taken.insert(stream.id);
            held.push_back({{stream.channel, stream.channel_name},
                            stream.id,
                            owner,
                            stream.state == store::StreamState::live,
                            stream.started_at});
          }
          ours_.merge(taken);
          return held;
        },
        std::move(done));
  }

  void renew(const Held& held, Done<> done) override {
    offload_.run(
        [this, held]() -> Result<> {
          SLUICE_TRY(store_->leases().renew(store::channel_lock(held.channel.id), held.owner));
          return {};
        },
        std::move(done));
  }

  void go_live(const Held& held, Done<> done) override {
    offload_.run(
        [this, id = held.stream]() -> Result<> {
          SLUICE_TRY(store_->streams().go_live(id));
          return {};
        },
        std::move(done));
  }

  void go_offline(const Held& held, Done<> done) override {
    offload_.run(
        [this, held]() -> Result<> {
          SLUICE_TRY(store_->streams().go_offline(held.stream));
          ours_.erase(held.stream);
          SLUICE_TRY(store_->leases().release(store::channel_lock(held.channel.id), held.owner));
          return {};
        },
        std::move(done));
  }

  void emit(std::string event, std::string channel, std::string payload) override {
    offload_.run(
        [this, event, channel, payload = std::move(payload)]() -> Result<> {
          ChannelId id;
          if (!channel.empty())
            if (const auto known = store_->channels().by_name(channel)) id = known->id;
          SLUICE_TRY(store_->events().append(event, id, payload));
          return {};
        },
        [event](Result<> done) {
          if (!done) log::error("an event could not be recorded", {{"event", event}, done.error()});
        });
  }

  bool remembers() const override { return true; }
  Result<> reload(const Config&) override { return {}; }
  Result<> check() override { return store_->check(); }

 private:
  std::string node_, url_;
  std::mutex handshakes_;
  std::unique_ptr<store::Store> reader_;  // opened by the first handshake
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<store::Store> store_;
  // Begun or taken back by this process, which may not have been told yet. The other thread's.
  std::set<StreamId> ours_;
  net::Offload offload_;
};

}  // namespace

Result<std::unique_ptr<Platform>> store_platform(net::Loop& loop, const Config& config) {
  SLUICE_TRY_VALUE(auto store, store::open_store(config.store));
  SLUICE_TRY_VALUE(auto bus, bus::open_bus(config.bus));
  return std::make_unique<StorePlatform>(loop, config.node, config.store, std::move(store), std::move(bus));
}

}  // namespace sluice::ingestd
