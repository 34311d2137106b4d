#pragma once
// Estate: what a process that is replaced hands over, keeps, and hands over later (handover.hpp). Succession says when.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/snapshot.hpp"
#include "house.hpp"
#include "os/unique_fd.hpp"

namespace sluice::ingestd {

// One message to the successor, as long as nothing of what it is about changes.
struct Moving {
  std::string about;
  std::function<void(SnapshotWriter&)> save = {};  // what its state is; none
  int fd = -1;                                     // a socket, borrowed; none
  // The state, in a memory file; no descriptor where there is none.
  Result<os::UniqueFd> state() const;
};

class Estate {
 public:
  explicit Estate(House& house) : house_(house) {}

  std::vector<std::string> coming() const;  // the streams that would move now
  // Whether nobody is half way in. Patient: nor anybody who cannot move and has not come to publish yet, or whose key is being looked up.
  bool set_up(bool patient) const;
  // Nobody else begins; streams that can move end their pipelines. Publishers notice nothing. Again for one that has come since.
  void hold();
  // Whether no pipeline runs of what moves. Patient: and nothing waits to be sent to a publisher that could move without it.
  bool settled(bool patient) const;
  std::vector<Moving> freeze();             // all that moves, and word of what stays; nothing of it changes until go_on() or let_go()
  void go_on();                             // called off, or the successor has died
  void let_go(std::function<void(ChannelId)> over);  // another process has it. `over`: a stream that stayed has ended

  // ---- afterwards
  // Streams whose publisher has gone are given to `send`, once each; where that fails, again with the next call. One that came by SRT comes back by it, so that
  // its stream stays for as long as the port does, or until somebody else has its key.
  void pass_on(const std::function<Result<>(const Moving&)>& send);
  void taken(ChannelId channel);            // one of them has arrived
  bool wanted(ChannelId channel);           // somebody else has its key. True: its publisher is alive
  std::vector<std::string> beats() const;   // about what is left

 private:
  Moving moving(const std::shared_ptr<Stream>& stream) const;
  void expect_back();

  struct Passed {
    Steady at;
    bool failed = false;  // it did not arrive: it ends here
  };
  House& house_;
  std::map<ChannelId, Passed> passed_on_;
  std::set<ChannelId> came_by_srt_, wanted_;
};

}  // namespace sluice::ingestd
