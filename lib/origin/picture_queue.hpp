#pragma once
// Pictures that another program makes on demand: a few at a time, the rest in a queue; who asks for the same shares it, and what was
// made is kept in memory up to a size. Nothing is stored on disk. No processes here: they are started through `Start`.
#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace sluice::origin {

struct PictureJob {
  std::string key;                       // what it is: the same key, the same picture
  std::string ledger;                    // directory
  std::vector<std::string> arguments;    // of storyboard(1): letters, digits and hyphens
};

struct PictureLimits {
  std::size_t at_once = 2;               // programs at one time; 0: no pictures
  std::size_t queued = 200;              // pictures that wait for their turn; beyond it Errc::unavailable
  std::size_t askers = 1'000;            // of one picture; beyond it Errc::unavailable
  std::size_t kept_bytes = 64u << 20;    // of pictures in memory
  std::chrono::milliseconds longest{10'000};       // a program that takes longer is ended, a picture waits no longer for its turn:
                                                   // Errc::unavailable
  std::chrono::milliseconds failure_age{5'000};    // so long the same question gets the same error, or the picture that is not whole
};

// What a program has made. Not `whole`: a part of it could not be drawn, and may be later.
struct Drawing {
  Drawing(SharedBytes made, bool is_whole = true) : bytes(std::move(made)), whole(is_whole) {}
  SharedBytes bytes;
  bool whole;
};

class PictureQueue {
 public:
  using Picture = Result<Drawing>;
  using Done = std::function<void(const Picture&)>;
  // A program under way; destroying it ends it, and `finished` is not called any more.
  struct Run {
    virtual ~Run() = default;
  };
  // `finished` comes once, never from inside Start.
  using Start = std::function<Result<std::unique_ptr<Run>>(const PictureJob& job, std::function<void(Picture)> finished)>;

  PictureQueue(PictureLimits limits, Clock& clock, Start start);

  // `done` comes exactly once, now or later.
  void ask(PictureJob job, Done done);
  void tick();                           // a few times a second: those that take too long
  void drain();                          // ends them all; who waits gets Errc::unavailable, now and from here on
  void change(const PictureLimits& limits);

  bool on() const { return limits_.at_once > 0; }
  std::size_t running() const { return running_.size(); }
  std::size_t queued() const { return waiting_.size(); }
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  struct Order {
    PictureJob job;
    std::vector<Done> askers;
    std::unique_ptr<Run> run;
    Steady since{};
  };
  struct Kept {
    std::string key;
    Drawing picture;
    Steady until;                        // it is forgotten
  };
  void fill();
  void finish(const std::string& key, const Picture& picture);
  void keep(const std::string& key, const Drawing& picture);
  void forget(std::list<Kept>::iterator kept);

  PictureLimits limits_;
  Clock& clock_;
  Start start_;
  std::map<std::string, Order> running_;
  std::deque<Order> waiting_;
  std::list<Kept> kept_;                 // latest first
  std::map<std::string, std::list<Kept>::iterator> by_key_;
  std::size_t kept_bytes_ = 0;
  struct Failure {
    Error error;
    Steady until;
  };
  std::map<std::string, Failure> failures_;
  bool drained_ = false;
};

}  // namespace sluice::origin
