// No platform: a file with a stream key, a channel and, where the channel has one, an SRT passphrase on each line. Keys are
// kept hashed once read.
#include <fmt/format.h>

#include <map>
#include <mutex>

#include "base/random.hpp"
#include "base/text.hpp"
#include "crypto/digest.hpp"
#include "os/file.hpp"
#include "platform.hpp"
#include "platform/secrets.hpp"
#include "platform/stream_id.hpp"

namespace sluice::ingestd {

namespace {

struct Entry {
  std::string channel, passphrase;
};
using Keys = std::map<std::string, Entry>;  // by the key's hash

Result<Keys> read_keys(const std::string& path) {
  SLUICE_TRY_VALUE(const std::string content, os::read_file(path));
  Keys keys;
  std::size_t number = 0;
  for (std::string_view line : split(content, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t space = line.find_first_of(" \t");
    const std::string_view rest = space == std::string_view::npos ? "" : trim(line.substr(space));
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view channel = rest.substr(0, end), passphrase = trim(rest.substr(end));
    const bool named = !channel.empty() && channel.size() <= 64 &&
                       channel.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
    if (!named)
      return fail(Errc::config, fmt::format("{}:{}: not a key and a channel", path, number),
                  "write KEY CHANNEL, the channel in a-z, 0-9 and _");
    if (!passphrase.empty())
      if (const auto good = platform::check_srt_passphrase(passphrase); !good)
        return fail(Errc::config, fmt::format("{}:{}: {}", path, number, good.error().what), "write KEY CHANNEL PASSPHRASE");
    keys[crypto::secret_hash(line.substr(0, space))] = {std::string(channel), std::string(passphrase)};
  }
  if (keys.empty()) return fail(Errc::config, path + " holds no key");
  return keys;
}

class KeyFilePlatform final : public Platform {
 public:
  KeyFilePlatform(net::Loop& loop, Keys keys) : loop_(loop), keys_(std::move(keys)) {}

  void channel_by_key(std::string key, Done<ChannelRef> done) override {
    auto found = srt_key(key);
    if (!found) return answer<ChannelRef>(done, std::unexpected(found.error()));
    answer<ChannelRef>(done, std::move(found->channel));
  }

  Result<SrtKey> srt_key(const std::string& key) override {
    std::lock_guard lock(mutex_);
    const auto found = keys_.find(crypto::secret_hash(key));
    if (found == keys_.end()) return fail(Errc::denied, "no channel has this key");
    const auto& [channel, passphrase] = found->second;
    return SrtKey{{ChannelId(number(channel)), channel}, passphrase};
  }

  void begin(ChannelRef channel, Done<Held> done) override {
    const Wall now = system_clock().wall();
    answer<Held>(done, Held{channel, platform::new_stream_id(now, system_random()), "", false, now});
  }

  void take_back(std::set<StreamId>, Done<std::vector<Held>> done) override { answer<std::vector<Held>>(done, std::vector<Held>{}); }
  void renew(const Held&, Done<> done) override { answer<void>(done, {}); }
  void go_live(const Held&, Done<> done) override { answer<void>(done, {}); }
  void go_offline(const Held&, Done<> done) override { answer<void>(done, {}); }
  void emit(std::string, std::string, std::string) override {}
  bool remembers() const override { return false; }
  Result<> check() override { return {}; }

  Result<> reload(const Config& config) override {
    SLUICE_TRY_VALUE(Keys fresh, read_keys(config.key_file));
    std::lock_guard lock(mutex_);
    keys_ = std::move(fresh);
    return {};
  }

 private:
  template <class T>
  void answer(Done<T> done, Result<T> result) {
    loop_.post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }
  // The same channel has the same number in every process: one may hand it over to another.
  static std::int64_t number(const std::string& channel) {
    const crypto::Sha256 digest = crypto::sha256(as_bytes(channel));
    return static_cast<std::int64_t>(ByteReader(digest).be64() >> 1) | 1;
  }

  net::Loop& loop_;
  std::mutex mutex_;  // of what follows
  Keys keys_;
};

}  // namespace

Result<std::unique_ptr<Platform>> key_file_platform(net::Loop& loop, const Config& config) {
  SLUICE_TRY_VALUE(Keys keys, read_keys(config.key_file));
  return std::make_unique<KeyFilePlatform>(loop, std::move(keys));
}

}  // namespace sluice::ingestd
