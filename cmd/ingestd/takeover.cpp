// The server of a process that replaces another (handover.hpp): what it is given, and channels that other processes keep.
#include <nlohmann/json.hpp>

#include "log/log.hpp"
#include "media/snapshot.hpp"
#include "server.hpp"

namespace sluice::ingestd {

using Json = nlohmann::ordered_json;

namespace {

Held read_held(const Json& row) {
  return {{ChannelId(row.at("channel").get<std::int64_t>()), row.at("name").get<std::string>()},
          StreamId(row.at("stream").get<std::string>()),
          row.at("owner").get<std::string>(),
          row.at("live").get<bool>(),
          Wall(milliseconds(row.at("since").get<std::int64_t>()))};
}

}  // namespace

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
