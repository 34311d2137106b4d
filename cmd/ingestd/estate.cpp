// The server of a process that is replaced (handover.hpp): what moves, what stays, and what becomes of that.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "describe.hpp"
#include "log/log.hpp"
#include "measures.hpp"
#include "media/snapshot.hpp"
#include "server.hpp"

namespace sluice::ingestd {

using Json = nlohmann::ordered_json;

namespace {

constexpr milliseconds arrival{5'000};  // of a stream that is passed on: then it is ours again

RtmpPublisher& rtmp(const Publisher& publisher) { return const_cast<RtmpPublisher&>(static_cast<const RtmpPublisher&>(publisher)); }

// Whether it is a plain RTMP connection: those move.
bool plain(const Publisher& publisher) { return publisher.protocol() == "rtmp" && rtmp(publisher).plain(); }

bool moves(const Stream& stream) { return stream.can_move() && (!stream.publisher() || plain(*stream.publisher())); }

Json describe_held(const Held& held) {
  return {{"channel", held.channel.id.value()}, {"name", held.channel.name}, {"stream", held.stream.value()},
          {"owner", held.owner}, {"live", held.live}, {"since", held.since.time_since_epoch().count()}};
}

}  // namespace

Result<> Server::can_be_replaced() const {
  if (!serving()) return fail(Errc::unavailable, "it is stopping");
  if (!open_) return fail(Errc::unavailable, "it is still starting", "try again");
  return {};
}

std::vector<std::string> Server::coming() const {
  std::vector<std::string> all;
  for (const auto& [channel, stream] : streams_)
    if (moves(*stream)) all.push_back(stream->held().stream.value());
  return all;
}

void Server::hold() {
  for (const auto& [channel, stream] : Streams(streams_))
    if (moves(*stream)) stream->hold();
}

bool Server::settled(bool patient) const {
  if (!beginning_.empty()) return false;
  for (const auto& [channel, stream] : streams_)
    if (moves(*stream) && !(stream->life().held() && stream->idle())) return false;
  if (!patient) return true;
  return std::ranges::all_of(publishers_, [](const std::shared_ptr<Publisher>& each) {
    return plain(*each) ? each->can_move() : each->closed() || each->presence()->publishing;
  });
}

void Server::go_on() {
  link_lost_ = retired_;
  passed_on_.clear();
  for (const auto& [channel, stream] : Streams(streams_))
    if (stream->life().held()) stream->thaw();
  if (link_lost_ && drained_)
    for (const auto& [channel, stream] : Streams(streams_)) stream->park();
}

Server::Moving Server::moving(const std::shared_ptr<Stream>& stream) const {
  Moving all{.about = Json{{"stream", describe_held(stream->held())}}.dump()};
  SnapshotWriter out(all.state);
  out(*stream);
  if (!stream->publisher()) return all;
  const RtmpPublisher& publisher = rtmp(*stream->publisher());
  out(publisher);
  all.fd = publisher.socket();
  return all;
}

std::vector<Server::Moving> Server::freeze() {
  frozen_ = true;
  std::vector<Moving> all;
  for (const auto& [channel, stream] : streams_) {
    const auto& publisher = stream->publisher();
    if (moves(*stream) && (!publisher || publisher->can_move())) {
      stream->freeze();
      if (publisher) rtmp(*publisher).freeze();
      all.push_back(moving(stream));
    } else {
      all.push_back({.about = Json{{"kept", describe_held(stream->held())}}.dump()});
    }
  }
  for (const auto& publisher : publishers_) {
    if (!plain(*publisher) || !publisher->can_move() || publisher->presence()->publishing) continue;
    RtmpPublisher& stranger = rtmp(*publisher);
    stranger.freeze();
    Moving one{.about = Json{{"connection", true}}.dump(), .fd = stranger.socket()};
    SnapshotWriter out(one.state);
    out(stranger);
    all.push_back(std::move(one));
  }
  return all;
}

void Server::thaw() {
  frozen_ = false;
  for (const auto& publisher : std::set(publishers_))
    if (plain(*publisher)) rtmp(*publisher).thaw();
  for (const auto& ask : std::exchange(while_frozen_, {})) ask();
}

void Server::let_go(std::function<void(ChannelId)> over) {
  retired_ = true;
  over_ = std::move(over);
  disk_.reset();
  elsewhere_.clear();
  doorstep_.close();
  for (const auto& [channel, stream] : Streams(streams_)) {
    if (!stream->frozen()) continue;
    stream->hand_over();
    streams_.erase(channel);
  }
  for (const auto& publisher : std::set(publishers_)) {
    if (plain(*publisher) && rtmp(*publisher).frozen()) {
      rtmp(*publisher).hand_over();
      disconnected(*publisher);
    } else if (!publisher->presence()->publishing) {
      publisher->refuse(Refusal::stopping, "the server is being replaced: try again");
    }
  }
  // What could not move after all goes on here.
  for (const auto& [channel, stream] : Streams(streams_))
    if (stream->life().held()) stream->thaw();
  frozen_ = false;
  for (const auto& ask : std::exchange(while_frozen_, {})) ask();  // those who moved ask there, the others are told to come again
}

std::vector<Server::Moving> Server::pass_on() {
  std::vector<Moving> all;
  const Steady now = system_clock().steady();
  for (const auto& [channel, stream] : Streams(streams_)) {
    if (const auto sent = passed_on_.find(channel); sent != passed_on_.end()) {
      if (now - sent->second < arrival) continue;
      log::error("a stream that was passed on did not arrive: it ends here", {{"stream", stream->held().stream.value()}});
      sent->second = Steady::max() - arrival;  // once
      stream->thaw();
    } else if (!stream->publisher() && stream->can_move()) {
      if (!stream->life().held()) stream->hold();
      if (!stream->idle()) continue;
      stream->freeze();
      passed_on_[channel] = now;
      all.push_back(moving(stream));
    }
  }
  return all;
}

void Server::taken(ChannelId channel) {
  const auto found = streams_.find(channel);
  if (found == streams_.end() || !passed_on_.contains(channel)) return;
  log::info("stream handed over", {{"channel", found->second->held().channel.name}, {"stream", found->second->held().stream.value()}});
  passed_on_.erase(channel);
  found->second->hand_over();
  streams_.erase(found);
  if (drained_ && streams_.empty()) loop_.post(drained_);
}

bool Server::wanted(ChannelId channel) {
  const auto found = streams_.find(channel);
  if (found == streams_.end()) return over_(channel), false;
  const auto publisher = found->second->publisher();
  if (!publisher) {
    if (!found->second->can_move()) found->second->end("its publisher has come to another process");
    return false;
  }
  if (system_clock().steady() - publisher->last_heard() < config_.limits.takeover) return true;
  found->second->detach(false);
  publisher->drop("another publisher with this key took over");
  return false;
}

std::vector<std::string> Server::beats() {
  std::vector<std::string> all;
  for (const auto& [channel, stream] : streams_) {
    Json lines = Json::array();
    summarise(*stream, lines);
    const auto publisher = stream->publisher();
    const std::int64_t heard = publisher ? publisher->last_heard().time_since_epoch().count() : 0;
    all.push_back(Json{{"beat", {{"channel", channel.value()}, {"heard", heard}, {"row", describe(*stream).dump()}, {"lines", lines}}}}.dump());
  }
  return all;
}

bool Server::release_srt() {
  if (!srt_) return true;
  if (std::ranges::any_of(publishers_, [](const auto& each) { return each->protocol() == "srt"; })) return false;
  srt_.reset();
  return true;
}

void Server::give_up_srt() {
  for (const auto& publisher : std::set(publishers_)) {
    if (publisher->protocol() != "srt") continue;
    for (const auto& [channel, stream] : Streams(streams_))
      if (stream->publisher() == publisher) stream->detach(false);
    publisher->drop("the server is being replaced");
  }
  srt_.reset();
}

}  // namespace sluice::ingestd
