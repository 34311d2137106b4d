#pragma once
// Archive: uploads the segments of ledgers to a bucket as they are finished, and the playlists of streams that have ended. Follows single
// ledgers, or a folder of them. One thread; the caller turns it.
//
// What could not be sent is tried again, at first soon, then after rests that grow to half a minute, and never given up while the
// ledger is there. Killed at any moment, the next one repeats at most twice Limits::at_once objects.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "archive/bucket.hpp"
#include "archive/ledger_upload.hpp"
#include "archive/line_state.hpp"
#include "archive/outage.hpp"
#include "base/random.hpp"
#include "os/inotify.hpp"

namespace sluice::archive {

struct Limits {
  std::size_t at_once = 4;          // uploads
  unsigned tries = 5;               // before the line rests
  Backoff between{milliseconds(100), milliseconds(5000)};
  milliseconds patience{60'000};    // for one upload
  std::size_t backlog = 4;          // ledgers of ended streams that are worked on at one time, beside those that wait to be mended
  Backoff aside{milliseconds(5000), milliseconds(60'000)};  // between tries of what has a fault of its own
};

struct Status {
  std::size_t streams = 0, backlog = 0, waiting = 0, under_way = 0;
  std::size_t live = 0;             // streams that have not ended
  std::size_t young = 0;            // ledgers that cannot be followed yet
  std::size_t aside = 0;            // objects that have a fault of their own, and wait for their next try
  std::size_t abandoned = 0;        // ledgers that were removed before they were uploaded whole
  double stalled_s = 0;             // how long a stream that has something to send has not moved
  double store_ms = 0, ledger_ms = 0;  // how long the store's last answer took, and reading on in a ledger
  bool open = true;                 // the last thing that was tried went well
  std::optional<Error> trouble;     // a file of a ledger that cannot be read, or a record that cannot be written
  std::optional<Error> refusal;     // what the service said last, if it refused and nothing has succeeded since
  std::string failure;              // what went wrong last; empty when all is well
  std::optional<Wall> failing_since;
};

class Archive {
 public:
  static Result<std::unique_ptr<Archive>> open(Destination destination, Limits limits, const std::string& ca_file, Clock& clock, Random& random);

  // One ledger. Errors as LedgerUpload::open; one that is uploaded already is no error.
  Result<> add(const std::string& ledger);
  // Every ledger in the folder, those to come included.
  Result<> follow(const std::string& folder);

  void change(const s3::Credentials& credentials);

  // Does what there is to do, for up to `most`.
  Result<> turn(milliseconds most);
  void wake() { transfers_.wake(); }          // any thread: ends a turn's wait
  void stop_starting() { starting_ = false; } // what is under way is finished, nothing else begun

  bool under_way() const { return under_way_ > 0; }
  // Nothing is under way and nothing can be begun: what is left waits for somebody to mend it, or for its stream.
  bool stands() const;
  bool idle() const;                           // nothing waits, is under way or will come by itself
  Status status() const;

 private:
  struct Again {
    Steady when;
    std::string ledger;
    Object object;
    unsigned failures = 0;
    std::optional<Error> aside;  // the fault that is the object's own
  };
  struct Open {
    std::unique_ptr<LedgerUpload> upload;
    std::optional<Error> failure;   // told already
    std::uint64_t missed = 0;  // segments, told already
  };
  Archive(Destination destination, Limits limits, const std::string& ca_file, Clock& clock, Random& random, os::Inotify inotify);

  void found(const std::string& name);  // in the folder
  void scan();
  Result<> find_folder();
  void lose_folder();
  void look_for_folder();
  Result<> open_ledger(const std::string& ledger);
  void try_opening(const std::string& ledger);
  void read_changes();
  void poll(const std::string& ledger);
  void trouble(Open& open, const Error& error);
  void tell_missed(Open& open);
  void leave(const std::string& ledger);
  void start();
  bool moves(const std::string& ledger, const LedgerUpload& upload) const;  // something of it is under way, or can be
  bool start_next();
  bool start_next(bool over);
  struct Try {
    std::string ledger;
    unsigned failures = 0;  // before it
    std::string told;       // what the last one failed for, as a fault of the object's own
    Steady began{};
  };
  void send(const std::string& ledger, const Object& object, unsigned failures, const std::string& told = {});
  void sent(const Try& attempt, const Object& object, const Sent& outcome);
  void lost(const Try& attempt, const Object& object, const Sent& outcome);
  void arrived(const Try& attempt, const Object& object, const Sent& outcome);
  void failed(const Try& attempt, const Object& object, const Sent& outcome);
  void set_aside(const Try& attempt, const Object& object, const Sent& outcome);
  void listen();               // to a store that says nothing at all
  std::size_t coming() const;  // second tries that the line waits for
  void measure() const;
  milliseconds until_next(milliseconds most) const;

  Limits limits_;
  Clock& clock_;
  Random& random_;
  curl::Transfers transfers_;
  Bucket bucket_;
  os::Inotify inotify_;
  std::string folder_;
  int folder_watch_ = -1;                    // -1: none, or it has gone
  std::optional<Error> folder_trouble_;
  std::map<std::string, Open> ledgers_;      // by directory
  std::map<int, std::string> watched_;       // directories, by watch
  std::deque<std::string> backlog_;          // of ended streams
  std::map<std::string, Error> young_;       // directories that cannot be followed yet, and why
  std::map<std::string, std::size_t> on_their_way_;  // objects, by directory; it is not opened anew before they have arrived
  std::string last_served_;
  std::vector<Again> again_;
  std::size_t under_way_ = 0, abandoned_ = 0;
  double store_ms_ = 0, ledger_ms_ = 0;
  LineState line_;
  std::optional<Error> refusal_;
  Outage outage_;
  Steady looked_at_{};
  bool starting_ = true;
};

}  // namespace sluice::archive
