#pragma once
// Answers requests for playlists, media and pictures: at once, or when what they wait for exists. No sockets: requests come in, answers
// are called back; the clock and the directories are given.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "http/server.hpp"
#include "origin/catalogue.hpp"
#include "origin/picture_queue.hpp"
#include "origin/route.hpp"

namespace sluice::origin {

struct Options {
  hls::LiveOptions live;
  std::size_t most_waiting = 20'000;       // blocked requests; beyond it 503
  std::size_t open_files = 512;
  std::chrono::seconds idle{60};           // a ledger nobody asks for is closed
  std::string public_url;                  // "https://cdn.example": before the URIs in masters; empty: relative ones
  Elsewhere elsewhere;                     // where segments are uploaded to. Not changed
};

class Service {
 public:
  Service(Places places, Options options, Clock& clock, os::Inotify inotify);

  // Pictures are asked of `queue` (borrowed). Without it there are none.
  void take_pictures_from(PictureQueue& queue) { pictures_ = &queue; }

  // The answer comes exactly once, now or later. `route`: parse_route(request.path).
  void handle(const http::Request& request, const std::optional<Route>& route, Answer answer);

  void change(const Options& options);     // from the next answer on; who waits goes on waiting

  int inotify_fd() const { return catalogue_.inotify_fd(); }
  void read_changes() { catalogue_.read_changes(); }
  void tick();                             // every quarter of a second or so: deadlines, idle ledgers
  void drain();                            // answers all who wait, at once
  std::size_t waiting() const { return waiting_; }
  std::size_t open_streams() const { return catalogue_.open().size(); }

 private:
  using Shown = std::shared_ptr<Presentation>;
  void grown(Presentation& presentation, const std::vector<std::string>& renditions);
  void wait(Presentation& presentation, const std::string& rendition, Attempt attempt, Answer answer);
  template <class AttemptNow>
  void settle(Presentation& presentation, const std::string& rendition, AttemptNow attempt, Answer answer);

  void master(const Route& route, const Shown& shown, Asked asked, Answer answer);
  void live_playlist(const http::Request& request, const Route& route, const Shown& shown, Asked asked, Answer answer);
  void whole_playlist(const Route& route, const Shown& shown, const Asked& asked, const Answer& answer);
  void init(const Route& route, const Shown& shown, const Asked& asked, const Answer& answer);
  void segment(const Route& route, const Shown& shown, const Asked& asked, const Answer& answer);
  void part(const Route& route, const Shown& shown, Asked asked, Answer answer);
  bool of_uploads(Resource resource, const Presentation& presentation) const;
  void published(const Route& route, const Shown& shown, Asked asked, Answer answer);
  std::string playlists_of(const std::string& channel, bool live) const;
  void window(const Shown& shown, const Asked& asked, const Answer& answer);
  void storyboard(const Shown& shown, const Asked& asked, const Answer& answer);
  void sheet(const Route& route, const Shown& shown, Asked asked, Answer answer);
  void thumbnail(const Shown& shown, Asked asked, Answer answer);
  http::Response media(const Presentation& presentation, const Route& route, std::uint64_t offset, std::uint64_t size,
                       std::int64_t modified_ms, const Asked& asked);

  Options options_;
  Clock& clock_;
  OpenFiles files_;
  PictureQueue* pictures_ = nullptr;
  std::size_t waiting_ = 0;
  Steady files_looked_at_{};
  Catalogue catalogue_;
};

}  // namespace sluice::origin
