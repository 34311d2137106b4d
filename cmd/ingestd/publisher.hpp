#pragma once
// Publisher: who sends a stream, whatever the protocol. It owns its connection; once accepted it feeds its stream, and lives no
// longer than either. Until then it is a stranger with little room and time. RtmpPublisher and SrtPublisher are the two kinds.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "media/intake.hpp"
#include "options.hpp"

namespace sluice::ingestd {

class Publisher;
class Stream;

// Whether a publisher is there just now, for threads other than the loop's.
struct Presence {
  std::atomic<Steady> last_heard;
  std::atomic<bool> publishing = false;
};

// The ports that are served, for who comes to the wrong one; 0: not served, or not known.
struct Ways {
  std::uint16_t rtmp = 0, rtmps = 0;
};

// Whom a publisher tells of itself.
struct Door {
  // Who asked to publish with a key: answer with accept() or refuse(), now or later.
  std::function<void(std::shared_ptr<Publisher>, std::string key)> asked;
  std::function<void(Publisher&)> closed;
  // Whether the log is to tell why this stranger was sent away: for each reason and host now and then.
  std::function<bool(const std::string& host, std::string_view reason)> tells;
  Ways ways = {};
};

enum class Refusal {
  key,        // opens no channel
  duplicate,  // the channel has a publisher
  stopping,
  other,
};

class Publisher : public std::enable_shared_from_this<Publisher> {
 public:
  virtual ~Publisher() = default;

  void accept(std::shared_ptr<Stream> stream);
  virtual void refuse(Refusal why, const std::string& reason) = 0;
  // Ends it, whatever it is doing: the peer is told why where the protocol can. Its stream must have been told by the caller.
  void drop(const std::string& reason);
  // Asks it to come back to another process, or closes the connection. The stream waits for it.
  virtual void move_on() = 0;
  // Those it was made with are others now: they hold at once, for a wait that is under way, too.
  virtual void limits_changed() = 0;

  // Whether another process can go on with it (handover.hpp): it must then be an RtmpPublisher.
  virtual bool can_move() const { return false; }

  virtual std::string_view protocol() const = 0;         // "rtmp", "rtmps", "srt"
  virtual media::PublisherClock clock() const = 0;       // of its timestamps
  virtual std::string address() const = 0;               // host:port
  virtual std::string host() const = 0;
  const std::string& program() const { return program_; }  // what it says it is
  // What the streamer is to be told of the way it sends; empty: nothing.
  virtual std::string advice() const { return {}; }
  Steady last_heard() const { return presence_->last_heard; }
  Wall since() const { return since_; }
  bool closed() const { return closed_; }
  std::shared_ptr<const Presence> presence() const { return presence_; }

 protected:
  Publisher(const Limits& limits, Door door);

  virtual void begin_media(media::Intake& intake) = 0;  // accepted: what comes now is for this intake
  virtual void end_media() = 0;
  virtual void welcome() = 0;                           // tells the peer that it is accepted

  void heard(std::size_t bytes);
  // The stream gets what was offered to its intake. False: the publisher sends more than the limit, and was told so in the log.
  bool took_in(std::size_t bytes);
  void leave(bool goodbye);
  void gone();  // the connection is closed: nothing will come any more

  void save(SnapshotWriter& out) const;
  // `stream`: what it publishes; null for one that has not been accepted.
  void restore(SnapshotReader& in, std::shared_ptr<Stream> stream);
  void moved();  // another process has the connection, and the stream

  const Limits& limits_;
  const Door door_;
  std::string program_;
  std::shared_ptr<Stream> stream_;  // accepted

 private:
  bool within_bitrate(std::size_t bytes);
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);

  std::shared_ptr<Presence> presence_ = std::make_shared<Presence>();
  Wall since_;
  Steady window_began_;
  std::uint64_t window_bytes_ = 0;
  bool closed_ = false;
};

}  // namespace sluice::ingestd
