// The server's part in a handover (handover.hpp): what moves, what stays, and channels that another process keeps.
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

Held read_held(const Json& row) {
  return {{ChannelId(row.at("channel").get<std::int64_t>()), row.at("name").get<std::string>()},
          StreamId(row.at("stream").get<std::string>()),
          row.at("owner").get<std::string>(),
          row.at("live").get<bool>(),
          Wall(milliseconds(row.at("since").get<std::int64_t>()))};
}

}  // namespace

// ---- the old process

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
  for (const auto& publisher : std::set(publishers_))
    if (plain(*publisher)) rtmp(*publisher).thaw();
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
  if (!publisher) return false;
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

// ---- the new process

void Server::read_ahead(const std::string& stream) {
  if (!config_.ledgers.empty()) read_ahead_[stream] = LedgerFollow::read_ahead(config_.ledgers + "/" + stream);
}

Result<> Server::take(const std::string& about, const os::MappedBytes& state, os::UniqueFd socket) {
  const Json said = Json::parse(about);
  if (!serving()) return fail(Errc::unavailable, "this process is stopping");
  SnapshotReader in(state.bytes, state.owner);
  std::shared_ptr<Stream> stream;
  if (said.contains("stream")) {
    stream = std::make_shared<Stream>(around_, read_held(said["stream"]), false);
    in(*stream);
  }
  std::shared_ptr<RtmpPublisher> publisher;
  if (socket) {
    publisher = std::make_shared<RtmpPublisher>(loop_, config_.limits, door(), nullptr);
    publisher->restore(in, stream);
  }
  SLUICE_TRY(in.finish());
  if (stream) {
    SLUICE_TRY(stream->open(std::exchange(read_ahead_[stream->held().stream.value()], nullptr)));
    read_ahead_.erase(stream->held().stream.value());
    streams_[stream->held().channel.id] = stream;
  }
  if (publisher) {
    doorstep_.entered(publisher->host());
    enter(publisher);
    if (stream) {
      stream->rejoin(publisher);
      doorstep_.publishes(stream->held().channel.id, publisher->presence());
    }
    publisher->go_on(std::move(socket));
  }
  if (stream) loop_.post([stream] { stream->go_on(); });
  return {};
}

void Server::keep_elsewhere(const std::string& about, const void* link, std::function<void(const std::string&)> tell) {
  const Json row = Json::parse(about);
  const ChannelId channel(row.at("channel").get<std::int64_t>());
  Elsewhere& other = elsewhere_[channel];
  other.link = link;
  other.tell = std::move(tell);
  other.name = row.at("name").get<std::string>();
  other.stream = StreamId(row.at("stream").get<std::string>());
  other.presence->last_heard = system_clock().steady();
  other.presence->publishing = true;
  doorstep_.publishes(channel, other.presence);
}

std::vector<std::string> Server::kept_by(const void* link) const {
  std::vector<std::string> all;
  for (const auto& [channel, other] : elsewhere_)
    if (other.link == link) all.push_back(Json{{"channel", channel.value()}, {"name", other.name}, {"stream", other.stream.value()}}.dump());
  return all;
}

void Server::heard_elsewhere(const std::string& beat) {
  const Json said = Json::parse(beat).at("beat");
  const auto found = elsewhere_.find(ChannelId(said.at("channel").get<std::int64_t>()));
  if (found == elsewhere_.end()) return;
  Elsewhere& other = found->second;
  other.presence->last_heard = Steady(Steady::duration(said.at("heard").get<std::int64_t>()));  // one clock for all processes
  other.row = said.at("row").get<std::string>();
  other.lines = said.at("lines").get<std::vector<std::string>>();
}

void Server::ask_elsewhere(const std::shared_ptr<Publisher>& publisher, const ChannelRef& channel) {
  Elsewhere& other = elsewhere_[channel.id];
  other.waiting.push_back([this, publisher, channel](bool busy) {
    if (publisher->closed()) return;
    if (busy) return refuse_duplicate(*publisher, channel, "a publisher of the process that was replaced");
    admit_to(publisher, channel);
  });
  other.tell(Json{{"want", channel.id.value()}}.dump());
}

void Server::answered_elsewhere(ChannelId channel, bool busy) {
  const auto found = elsewhere_.find(channel);
  if (found == elsewhere_.end()) return;
  const auto waiting = std::exchange(found->second.waiting, {});
  if (!busy) {
    found->second.presence->publishing = false;
    elsewhere_.erase(found);
  }
  for (const auto& call : waiting) call(busy);
}

// It said of each stream what became of it, unless it died.
void Server::elsewhere_gone(const void* link) {
  std::vector<ChannelId> orphans;
  for (const auto& [channel, other] : elsewhere_)
    if (other.link == link) orphans.push_back(channel);
  if (orphans.empty()) return;
  log::warn("a process that was replaced died: taking its streams back", {{"streams", orphans.size()}});
  std::set<StreamId> but;
  for (const auto& [channel, stream] : streams_) but.insert(stream->held().stream);
  for (const auto& [channel, other] : elsewhere_)
    if (other.link != link) but.insert(other.stream);
  open_ = false;  // who comes meanwhile waits, to find its own
  take_back_but(std::move(but));
  for (const ChannelId channel : orphans) {
    early_.emplace_back([calls = std::move(elsewhere_[channel].waiting)] {
      for (const auto& call : calls) call(false);
    });
    elsewhere_[channel].presence->publishing = false;
    elsewhere_.erase(channel);
  }
}

void Server::replaced() {
  open_ = true;
  set_up_disk_cap();
  read_ahead_.clear();
  log::info("taken over", {{"streams", streams_.size()}, {"connections", publishers_.size()}, {"elsewhere", elsewhere_.size()}});
}

}  // namespace sluice::ingestd
