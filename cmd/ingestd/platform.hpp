#pragma once
// What ingestd asks of the platform: who a key belongs to, the channel's lock, the stream's row and its events. Every call
// answers later, on the loop's thread. Two platforms: the store's, and a file of keys.
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"
#include "options.hpp"

namespace sluice::ingestd {

struct ChannelRef {
  ChannelId id;
  std::string name;
};

// What a key opens to a caller by SRT.
struct SrtKey {
  ChannelRef channel;
  std::string passphrase;  // empty: none is set
};

// A stream that this node holds the lock of.
struct Held {
  ChannelRef channel;
  StreamId stream;
  std::string owner;  // the lock's token
  bool live = false;
  Wall since{};
};

class Platform {
 public:
  template <class T = void>
  using Done = std::function<void(Result<T>)>;

  virtual ~Platform() = default;
  // Errc::denied for a key that opens no channel.
  virtual void channel_by_key(std::string key, Done<ChannelRef> done) = 0;
  // The same for a handshake that waits: any thread may call, and is answered by a look-up nearby. Errc::denied as above.
  virtual Result<SrtKey> srt_key(const std::string& key) = 0;
  // Takes the channel's lock and makes a stream. Errc::conflict while another node holds it.
  virtual void begin(ChannelRef channel, Done<Held> done) = 0;
  // What this node left unended when it last stopped, its locks taken back; those `but` are somebody's, and left alone, as are those that
  // this object has begun or taken back itself, be they answered for or not.
  virtual void take_back(std::set<StreamId> but, Done<std::vector<Held>> done) = 0;
  virtual void renew(const Held& held, Done<> done) = 0;  // Errc::conflict: lost
  virtual void go_live(const Held& held, Done<> done) = 0;
  // Ends the stream and gives the lock back.
  virtual void go_offline(const Held& held, Done<> done) = 0;
  // A fact that changes nothing else in the store, of the channel of that name, or of none. Failures are logged.
  virtual void emit(std::string event, std::string channel, std::string payload) = 0;
  virtual bool remembers() const = 0;  // whether a stream outlives this process
  virtual Result<> reload(const Config& config) = 0;
  virtual Result<> check() = 0;        // blocks briefly; for health
};

Result<std::unique_ptr<Platform>> store_platform(net::Loop& loop, const Config& config);
Result<std::unique_ptr<Platform>> key_file_platform(net::Loop& loop, const Config& config);

}  // namespace sluice::ingestd
