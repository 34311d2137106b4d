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
#include "os/packet_socket.hpp"
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
  const Config& config() const { return config_; }

  // ---- being replaced while it serves (handover.hpp)
  Result<> can_be_replaced() const;
  std::vector<std::string> coming() const;  // the streams that would move now
  void hold();                        // streams that can move end their pipelines; publishers notice nothing
  bool settled(bool patient) const;   // nothing is half done. Patient: nobody who cannot move is just setting up, either
  void go_on();                       // called off
  struct Moving {
    std::string about;                // the message that brings it
    Bytes state;                      // a snapshot, or none
    int fd = -1;                      // a socket, borrowed, or none
  };
  std::vector<Moving> freeze();       // all that moves, and word of what stays; nothing of it changes until thaw() or let_go()
  void thaw();
  void let_go(std::function<void(ChannelId)> over);  // another process has it. `over`: a stream that stayed has ended
  // Afterwards:
  std::vector<Moving> pass_on();      // streams whose publisher has gone
  void taken(ChannelId channel);      // one of them has arrived
  bool wanted(ChannelId channel);     // somebody else has its key. True: its publisher is alive
  std::vector<std::string> beats();   // about what is left
  bool release_srt();                 // true once the port is given up: there is no publisher by SRT any more
  void give_up_srt();                 // the successor has died: the port is given up, and its publishers are cut off, to come back to the next
  bool empty() const { return streams_.empty() && publishers_.empty(); }

  // ---- replacing another
  void read_ahead(const std::string& stream);  // it is coming
  // A stream, with its publisher where there is a socket, or a connection that does not publish yet. Nothing happens to it before the loop runs.
  Result<> take(const std::string& about, const os::MappedBytes& state, os::UniqueFd socket);
  // Another process keeps a stream; `link` is what tells it from others.
  void keep_elsewhere(const std::string& about, const void* link, std::function<void(const std::string&)> tell);
  std::vector<std::string> kept_by(const void* link) const;
  void heard_elsewhere(const std::string& beat);
  void answered_elsewhere(ChannelId channel, bool busy);  // busy: its publisher is alive. Else: it is not there any more
  void elsewhere_gone(const void* link);                  // that process has ended
  void replaced();                    // everything has been taken: open for those who connect

 private:
  using Streams = std::map<ChannelId, std::shared_ptr<Stream>>;
  void admit(const std::shared_ptr<Publisher>& publisher, std::string key);
  void looked_up(const std::shared_ptr<Publisher>& publisher, const Result<ChannelRef>& channel);
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
  void set_up_disk_cap();
  void take_back_but(std::set<StreamId> but);
  void ask_elsewhere(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel);
  Moving moving(const std::shared_ptr<Stream>& stream) const;
  bool serving() const { return !drained_ && !retired_; }

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

  bool frozen_ = false;  // between freeze() and thaw() or let_go(): nobody is let in, who asks waits
  std::vector<std::function<void()>> while_frozen_;
  // Of a process that was replaced:
  bool retired_ = false;
  std::function<void(ChannelId)> over_;
  std::map<ChannelId, Steady> passed_on_;  // on the way: since when
  bool link_lost_ = false;
  // Streams that processes before this one keep:
  struct Elsewhere {
    const void* link = nullptr;
    std::function<void(const std::string&)> tell;
    std::string name;
    StreamId stream;
    std::shared_ptr<Presence> presence = std::make_shared<Presence>();
    std::string row;                 // JSON, as the other process describes it
    std::vector<std::string> lines;
    std::vector<std::function<void(bool busy)>> waiting;
  };
  std::map<ChannelId, Elsewhere> elsewhere_;
  std::map<std::string, std::unique_ptr<hls::LedgerReader>> read_ahead_;  // of streams that are coming
};

}  // namespace sluice::ingestd
