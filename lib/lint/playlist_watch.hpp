#pragma once
// One media playlist followed as a strict client follows it: by blocking reload where it is offered, else by asking again after a
// target duration (8216bis 6.3.4). Each version is judged, by itself and against the one before.
#include <functional>
#include <optional>
#include <string>

#include "hls/lint.hpp"
#include "lint/delta.hpp"
#include "lint/edge.hpp"
#include "lint/pace.hpp"
#include "lint/watch.hpp"

namespace sluice::lint {

class PlaylistWatch {
 public:
  struct Version {
    hls::ReadPlaylist playlist;
    Steady asked{}, arrived{};
    bool waited = false;  // it was answered by a server that blocked
  };
  // Of each new version, and once after the last (`over()`).
  using Changed = std::function<void(PlaylistWatch&)>;

  PlaylistWatch(Watch& watch, std::string url, Changed changed);
  void start();
  // It was asked for already: the playlist that the watch began with.
  void start_with(const Reply& reply);

  const std::string& name() const { return name_; }
  const std::string& url() const { return url_; }
  const std::string& base() const { return base_; }  // that its URIs are relative to: the URL after redirects
  bool over() const { return over_; }
  bool has_version() const { return latest_.has_value(); }
  bool foreign() const { return foreign_ && !latest_; }  // what is there instead is no playlist
  bool multivariant() const { return multivariant_ && !latest_; }  // or one of the other kind
  const Version& latest() const { return *latest_; }
  const Version* before() const { return before_ ? &*before_ : nullptr; }
  const hls::ReadMedia& list() const { return latest_->playlist.media; }
  const KnownSegments& known() const { return known_; }
  bool blocking() const { return blocking_; }
  hls::ReadPlaylist read(const Reply& reply) const;
  milliseconds patience() const;  // for a request that may block

 private:
  bool accept(const Reply& reply, bool waited);  // false: it is no media playlist
  void go_on();
  void ask_plain();
  void ask_blocking();
  void blocked(const Edge& awaited, const Reply& reply);
  void refused(const Edge& awaited, const Reply& reply);
  void ask_after_end();
  void look_once_more();
  void retry(milliseconds after);
  void end();
  void note(std::string_view rule, std::string what) { watch_.notes.add(name_, rule, name_, std::move(what)); }

  Watch& watch_;
  const std::string url_, name_;
  std::string base_;
  const Changed changed_;
  std::optional<Version> latest_, before_;
  std::uint64_t began_ = 0;
  KnownSegments known_;
  Pace pace_;
  bool blocking_ = false, foreign_ = false, multivariant_ = false, over_ = false;
  std::optional<Steady> away_since_;  // the server, while there is no version yet
  unsigned cut_ = 0;  // answers cut short before one was whole
};

}  // namespace sluice::lint
