#pragma once
// Server: who is connected and which streams there are; it lets publishers in.
#include <map>
#include <memory>
#include <set>
#include <string>

#include "disk_cap.hpp"
#include "doorstep.hpp"
#include "ledger_follow.hpp"
#include "options.hpp"
#include "platform.hpp"
#include "rtmp_publisher.hpp"
#include "srt_door.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

class Server {
 public:
  Server(net::Loop& loop, Config config, std::unique_ptr<Platform> platform, std::shared_ptr<FolderWatch> folders);
  ~Server();

  // Takes back the streams of an earlier process on this node. Who connects meanwhile waits, to find its own.
  void take_back();
  // Reads the certificate for RTMPS, made before where the platform makes its own. False: none is configured.
  Result<bool> load_certificate();
  void connected(os::UniqueFd socket, net::Endpoint peer, bool tls);   // from the RTMP and RTMPS listeners
  Result<net::Endpoint> listen_srt(const net::Endpoint& at);
  void drain(std::function<void()> done);
  Result<> reload(const Config& config);

  std::string streams_json() const;
  std::string summary_json() const;  // the same for people, line by line
  std::string kick(const std::string& request_json);
  Platform& platform() { return *platform_; }
  bool hears_srt() const { return !srt_ || srt_->healthy(); }

 private:
  using Streams = std::map<ChannelId, std::shared_ptr<Stream>>;
  void admit(const std::shared_ptr<Publisher>& publisher, std::string key);
  void admit_to(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel);
  void begin(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel);
  void welcome(const std::shared_ptr<Publisher>& publisher, const std::shared_ptr<Stream>& stream);
  void connected(std::shared_ptr<srt::Session> session, const ChannelRef& channel);
  Door door();
  void enter(const std::shared_ptr<Publisher>& publisher);
  void refuse_duplicate(Publisher& publisher, const ChannelRef& channel, std::string_view why);
  Result<std::shared_ptr<Stream>> open(Held held, bool resumed);
  std::set<std::string> held() const;
  void forget(Stream& stream);
  void disconnected(Publisher& publisher);

  net::Loop& loop_;
  media::LifecyclePolicy fitting(media::LifecyclePolicy life) const;

  Config config_;
  std::shared_ptr<const net::TlsContext> tls_;  // that new RTMPS connections are shown; null where there is none
  std::unique_ptr<Platform> platform_;
  std::shared_ptr<FolderWatch> folders_;
  Surroundings around_;
  Streams streams_;
  std::set<ChannelId> beginning_;   // asked of the platform, not answered
  std::set<std::shared_ptr<Publisher>> publishers_;
  Doorstep doorstep_;
  std::vector<std::function<void()>> early_;  // connected before the streams were taken back
  bool open_ = false;
  std::function<void()> drained_;
  std::unique_ptr<DiskCap> disk_;  // null where no ledgers are kept
  std::unique_ptr<SrtDoor> srt_;   // null where SRT is not served
};

}  // namespace sluice::ingestd
