#pragma once
// One LL-HLS player as hls.js is one: the multivariant playlist, then for each of its renditions the media playlist, again and again by blocking
// reload with a delta asked for, and each part as it is announced (or, with hints, as soon as it is hinted). It starts PART-HOLD-BACK from the end.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"
#include "http/gzip.hpp"
#include "lane.hpp"
#include "listing.hpp"
#include "tally.hpp"

namespace players {

// What the players of one process share.
struct World {
  int epoll = -1;
  sockaddr_in server{};
  std::string host;
  bool with_audio = true, one_lane = false, hints = false, deltas = true;
  Tally tally;
  std::multimap<std::int64_t, std::function<void()>> timers;  // by wall_us()

  void later(std::int64_t us, std::function<void()> task) { timers.emplace(wall_us() + us, std::move(task)); }

  // The listing in an answer; scanned once for neighbours that get the same bytes.
  std::shared_ptr<const Listing> listing(const std::string& playlist, const AnswerReader& answer) {
    auto& [body, listing] = scanned_[playlist];
    if (!listing || body != answer.body()) {
      body = answer.body();
      const auto text = answer.gzipped() ? sluice::http::gunzip(sluice::as_bytes(body)) : sluice::to_bytes(body);
      listing = std::make_shared<Listing>(read_listing(text ? sluice::as_text(*text) : std::string_view()));
    }
    return listing;
  }

 private:
  std::unordered_map<std::string, std::pair<std::string, std::shared_ptr<const Listing>>> scanned_;
};

class Follower {
 public:
  Follower(World& world, Lane& playlists, Lane& media, std::string playlist, std::uint32_t rendition)
      : world_(world), playlists_(playlists), media_(media), playlist_(std::move(playlist)),
        folder_(playlist_.substr(0, playlist_.rfind('/') + 1)), rendition_(rendition) {}

  void begin() { reload(); }
  double part_target() const { return part_target_; }

 private:
  void reload() {
    std::string target = playlist_;
    if (awaited_) {
      target += "?_HLS_msn=" + std::to_string(awaited_->msn) + "&_HLS_part=" + std::to_string(awaited_->part);
      if (world_.deltas) target += "&_HLS_skip=YES";
    }
    playlists_.ask(std::move(target), true, Lane::Rank::later,
                   [this](int status, const AnswerReader& answer) { on_playlist(status, answer); });
  }

  void on_playlist(int status, const AnswerReader& answer) {
    world_.tally.count(awaited_ ? "blocking" : "other", status, answer.body_bytes(), answer.cache());
    ++world_.tally.playlists;
    if (status != 200) return again_later();
    const auto listing = world_.listing(playlist_, answer);
    if (listing->part_target > 0) part_target_ = listing->part_target;
    if (awaited_ && !listing->ended) {
      if (listing->next() <= *awaited_) {
        ++world_.tally.stale;
        return again_later();
      }
      world_.tally.arrived(rendition_, false, *awaited_);
    }
    load_parts(*listing);
    if (listing->ended) return;
    awaited_ = listing->next();
    reload();
  }

  // hls.js waits a second before it tries a playlist again.
  void again_later() {
    awaited_.reset();
    world_.later(1'000'000, [this] { reload(); });
  }

  void load_parts(const Listing& listing) {
    std::size_t from = listing.parts.size();
    if (!wanted_) {
      double behind = 0;
      while (from > 0 && (behind < listing.hold_back || !listing.parts[from].independent)) behind += listing.parts[--from].seconds;
    } else {
      while (from > 0 && listing.parts[from - 1].spot >= *wanted_) --from;
      const bool follows = from == listing.parts.size() || listing.parts[from].spot == *wanted_ ||
                           listing.parts[from].spot == Spot{wanted_->msn + 1, 0};
      world_.tally.missed += !follows;
    }
    const bool fresh = awaited_.has_value();
    for (; from < listing.parts.size(); ++from)
      if (!listing.parts[from].gap) load(listing.parts[from].uri, fresh ? std::optional(listing.parts[from].spot) : std::nullopt);
    if (!wanted_ || listing.next() > *wanted_) wanted_ = listing.next();
    if (world_.hints && fresh && !listing.hint.empty() && hinted_ < listing.next()) {
      hinted_ = listing.next();
      load(listing.hint, hinted_);
      wanted_ = Spot{hinted_.msn, hinted_.part + 1};
    }
  }

  // `spot`: it was just announced, its delay counts.
  void load(const std::string& uri, std::optional<Spot> spot) {
    media_.ask(folder_ + uri, false, Lane::Rank::first, [this, spot](int status, const AnswerReader& answer) {
      // A hinted part that the segment's end overtook is no error: its player asks for what came in its place.
      const bool overtaken = world_.hints && status == 404;
      world_.tally.count("media", overtaken ? 200 : status, answer.body_bytes(), answer.cache());
      world_.tally.parts += status == 200;
      if (spot && status == 200) world_.tally.arrived(rendition_, true, *spot);
    });
  }

  World& world_;
  Lane& playlists_;
  Lane& media_;
  std::string playlist_, folder_;
  std::uint32_t rendition_;
  std::optional<Spot> awaited_;  // asked for by the reload under way
  std::optional<Spot> wanted_;   // the first part that has not been asked for
  Spot hinted_;
  double part_target_ = 0;
};

class Player {
 public:
  Player(World& world, std::string channel) : world_(world), channel_(std::move(channel)) { lane(0); }

  void join() {
    lane(0).ask("/live/" + channel_ + "/master.m3u8", true, Lane::Rank::later, [this](int status, const AnswerReader& answer) {
      world_.tally.count("other", status, answer.body_bytes(), answer.cache());
      if (status != 200) return world_.later(1'000'000, [this] { join(); });
      const auto text = answer.gzipped() ? sluice::http::gunzip(sluice::as_bytes(answer.body())) : sluice::to_bytes(answer.body());
      std::size_t next_lane = 0;
      for (const std::string& uri : chosen_playlists(sluice::as_text(*text), world_.with_audio)) {
        const auto folders = sluice::split(uri, '/');
        const std::string rendition(folders.size() > 1 ? folders[folders.size() - 2] : "");
        Lane& playlists = lane(next_lane++);
        Lane& media = lane(next_lane++);
        followers_.push_back(std::make_unique<Follower>(world_, playlists, media, "/live/" + channel_ + "/" + uri,
                                                        world_.tally.rendition(channel_, rendition)));
        followers_.back()->begin();
      }
    });
  }

  bool joined() const { return !followers_.empty(); }
  double part_target() const { return followers_.empty() ? 0 : followers_.front()->part_target(); }
  std::uint64_t reopened() const {
    std::uint64_t count = 0;
    for (const auto& lane : lanes_) count += lane->reopened();
    return count;
  }

 private:
  Lane& lane(std::size_t index) {
    if (world_.one_lane) index = 0;
    while (lanes_.size() <= index) lanes_.push_back(std::make_unique<Lane>(world_.epoll, world_.server, world_.host));
    return *lanes_[index];
  }

  World& world_;
  std::string channel_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::unique_ptr<Follower>> followers_;
};

}  // namespace players
