#pragma once
// Server: lets publishers into the house, and out of it.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/daemon.hpp"
#include "disk_cap.hpp"
#include "elsewhere.hpp"
#include "house.hpp"
#include "program_settings.hpp"
#include "renewal.hpp"
#include "rtmp_publisher.hpp"
#include "srt_door.hpp"

namespace sluice::ingestd {

class Server {
 public:
  Server(net::Loop& loop, Config config, std::unique_ptr<Platform> platform, std::shared_ptr<net::FolderWatch> folders);
  ~Server();

  // Takes back the streams of earlier processes on this node, as often as it takes. Who connects meanwhile waits, to find its own.
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
  void end_stream(ChannelId channel, std::string_view why);  // which is here, and its publisher is sent away
  std::string renew_pipelines();         // every stream gets another pipeline, one after the other: its programs have changed
  std::string renewal_json() const;      // how far that has come
  std::string reloaded_json() const;     // what the last reload changed of pipelines, and where, line by line
  Platform& platform() { return *house_.platform; }
  std::vector<app::Health> health();
  bool hears_srt() const { return !srt_ || srt_->healthy(); }
  const Config& config() const { return house_.config; }

  // ---- being replaced while it serves, and replacing another (handover.hpp)
  House& house() { return house_; }
  Elsewhere& elsewhere() { return elsewhere_; }
  Door door();
  Result<> can_be_replaced() const;
  // Publishers bring some 77 packets a second each and are not in step: from a dozen of them on, each turn of the loop has several to read.
  // So it is to begin with; without it what waits is read now.
  void read_together(bool together);
  Result<> can_replace() const { return program_settings_.check(); }  // all pipelines will begin anew
  void retire();                      // another process has what could move, and goes on with the rest of this
  bool release_srt();                 // true once the port is given up: there is no publisher by SRT any more
  void give_up_srt();                 // the successor has died: the port is given up, and its publishers are cut off, to come back to the next
  void elsewhere_gone(const void* link);  // a process that kept streams has ended
  void replaced();                    // everything has been taken: open for those who connect

 private:
  void admit(const std::shared_ptr<Publisher>& publisher, std::string key);
  void looked_up(const std::shared_ptr<Publisher>& publisher, const Result<ChannelRef>& channel);
  void admit_to(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel);
  void begin(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel);
  void welcome(const std::shared_ptr<Publisher>& publisher, const std::shared_ptr<Stream>& stream);
  void connected(std::shared_ptr<srt::Session> session, const ChannelRef& channel);
  void close_srt();
  void refuse_duplicate(Publisher& publisher, const ChannelRef& channel, std::string_view why);
  Result<std::shared_ptr<Stream>> open(Held held, bool resumed);
  std::set<std::string> held() const;
  void forget(Stream& stream);
  void set_up_disk_cap();
  void ask_elsewhere(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel);
  void move_all_on();
  media::LifecyclePolicy fitting(media::LifecyclePolicy life) const;

  House house_;
  Elsewhere elsewhere_{house_};
  std::shared_ptr<const net::TlsContext> tls_;  // that new RTMPS connections are shown; null where there is none
  std::vector<std::function<void()>> early_;    // connected, or asked to publish, before the streams were taken back
  unsigned taking_back_ = 0;                    // asked, not answered
  bool take_back_due_ = false;                  // again
  net::Timer take_back_again_;
  std::unique_ptr<DiskCap> disk_;               // null where no ledgers are kept
  std::unique_ptr<SrtDoor> srt_;                // null where SRT is not served
  ProgramSettings program_settings_;
  Renewal renewal_;
  std::vector<std::string> reloaded_;
};

}  // namespace sluice::ingestd
