#pragma once
// The two ends of a job's connection (sluice-transcode-jobs(5)), sans-IO: bytes in → events, calls → bytes out. Each end proves that it
// knows the secret before the other tells it anything; media flows only after both have. A fault is final: close the connection.
//
//   worker                                dispatcher
//   H ticket, challenge, name  ────────▶
//                              ◀────────  C challenge, proof
//   P proof                    ────────▶
//                              ◀────────  J order
//   S                          ────────▶
//   D renditions, B            ◀───────▶  D source, B
//                              ◀────────  E
//   X outcome                  ────────▶
#include <string>
#include <utility>

#include "base/random.hpp"
#include "relay/frame.hpp"
#include "relay/secret.hpp"
#include "relay/words.hpp"

namespace sluice::relay {

class DispatcherSession : private FrameReader::Handler {
 public:
  class Events {
   public:
    virtual ~Events() = default;
    virtual void on_worker(const std::string& name) = 0;  // it has proven itself: order() or refuse() it
    virtual void on_started() = 0;
    virtual void on_media(ByteView piece) = 0;            // of the renditions
    virtual void on_outcome(const Words& outcome) = 0;
    virtual void on_refused(const std::string& why) = 0;  // the worker does not take the job
  };
  DispatcherSession(const Secret& secret, std::string ticket, Random& random, Events& events);

  Result<> feed(ByteView bytes) { return reader_.feed(bytes, *this); }
  Bytes take_output() { return std::exchange(output_, {}); }
  void order(const Words& words);
  void refuse(std::string_view why);
  void end_input();                                        // once: what comes after that is nothing
  void beat();                                             // nothing before the job has started
  bool running() const { return stage_ == Stage::running; }  // media may be sent, framed by the sender (Type::media)

 private:
  enum class Stage { hello, proof, worker, ordered, running, over };
  Result<> on_frame(Type type, ByteView payload) override;
  Result<> on_media(ByteView piece) override;
  Result<> on_hello(ByteView payload);
  Result<> on_proof(ByteView payload);

  const Secret& secret_;
  std::string ticket_, name_;
  Events& events_;
  FrameReader reader_;
  Stage stage_ = Stage::hello;
  Challenge ours_{}, theirs_{};
  bool input_ended_ = false;
  Bytes output_;
};

class WorkerSession : private FrameReader::Handler {
 public:
  class Events {
   public:
    virtual ~Events() = default;
    virtual void on_order(const Words& order) = 0;         // the dispatcher has proven itself: started() or refuse()
    virtual void on_media(ByteView piece) = 0;             // of the source
    virtual void on_input_end() = 0;
    virtual void on_refused(const std::string& why) = 0;   // another worker has the job
  };
  // Its hello is in take_output() at once.
  WorkerSession(const Secret& secret, std::string ticket, std::string_view name, Random& random, Events& events);

  Result<> feed(ByteView bytes) { return reader_.feed(bytes, *this); }
  Bytes take_output() { return std::exchange(output_, {}); }
  void started();
  void refuse(std::string_view why);
  void outcome(const Words& words);
  void beat();
  bool running() const { return stage_ == Stage::running || stage_ == Stage::input_ended; }

 private:
  enum class Stage { challenge, proven, ordered, running, input_ended, over };
  Result<> on_frame(Type type, ByteView payload) override;
  Result<> on_media(ByteView piece) override;
  Result<> on_challenge(ByteView payload);

  const Secret& secret_;
  std::string ticket_;
  Events& events_;
  FrameReader reader_;
  Stage stage_ = Stage::challenge;
  Challenge ours_{};
  Bytes output_;
};

}  // namespace sluice::relay
