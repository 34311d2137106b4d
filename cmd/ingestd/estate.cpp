#include "estate.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "describe.hpp"
#include "log/log.hpp"
#include "os/packet_socket.hpp"
#include "rtmp_publisher.hpp"

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

Result<os::UniqueFd> Moving::state() const {
  if (!save) return os::UniqueFd();
  SLUICE_TRY_VALUE(os::MemoryFile file, os::MemoryFile::make("sluice-handover"));
  SnapshotWriter out([&file](ByteView bytes) { file.append(bytes); });
  save(out);
  out.finish();
  return file.seal();
}

std::vector<std::string> Estate::coming() const {
  std::vector<std::string> all;
  for (const auto& [channel, stream] : house_.streams)
    if (moves(*stream)) all.push_back(stream->held().stream.value());
  return all;
}

bool Estate::set_up(bool patient) const {
  if (!house_.beginning.empty()) return false;
  if (!patient) return true;
  return house_.asking == 0 && std::ranges::all_of(house_.publishers, [](const std::shared_ptr<Publisher>& each) {
    return plain(*each) ? each->can_move() : each->closed() || each->presence()->publishing;
  });
}

void Estate::hold() {
  house_.gate.close();
  for (const auto& [channel, stream] : Streams(house_.streams))
    if (moves(*stream)) stream->hold();
}

bool Estate::settled(bool patient) const {
  for (const auto& [channel, stream] : house_.streams)
    if (moves(*stream) && !(stream->life().held() && stream->idle())) return false;
  return !patient || std::ranges::all_of(house_.publishers, [](const auto& each) { return !plain(*each) || each->can_move(); });
}

Moving Estate::moving(const std::shared_ptr<Stream>& stream) const {
  const std::string about = Json{{"stream", describe_held(stream->held())}}.dump();
  if (!stream->publisher()) return {about, [stream](SnapshotWriter& out) { out(*stream); }};
  const auto publisher = std::static_pointer_cast<RtmpPublisher>(stream->publisher());
  return {about, [stream, publisher](SnapshotWriter& out) { out(*stream, *publisher); }, publisher->socket()};
}

std::vector<Moving> Estate::freeze() {
  std::vector<Moving> all;
  for (const auto& [channel, stream] : house_.streams) {
    const auto& publisher = stream->publisher();
    if (moves(*stream) && (!publisher || publisher->can_move())) {
      stream->freeze();
      if (publisher) rtmp(*publisher).freeze();
      all.push_back(moving(stream));
    } else {
      all.push_back({Json{{"kept", describe_held(stream->held())}}.dump()});
    }
  }
  for (const auto& publisher : house_.publishers) {
    if (!plain(*publisher) || !publisher->can_move() || publisher->presence()->publishing) continue;
    const auto stranger = std::static_pointer_cast<RtmpPublisher>(publisher);
    stranger->freeze();
    all.push_back({Json{{"connection", true}}.dump(), [stranger](SnapshotWriter& out) { out(*stranger); }, stranger->socket()});
  }
  return all;
}

void Estate::go_on() {
  house_.heirless = house_.retired;
  passed_on_.clear();
  for (const auto& publisher : std::set(house_.publishers))
    if (plain(*publisher)) rtmp(*publisher).thaw();
  for (const auto& [channel, stream] : Streams(house_.streams))
    if (stream->life().held()) stream->thaw();
  house_.gate.open();
  if (house_.heirless && house_.drained)
    for (const auto& [channel, stream] : Streams(house_.streams)) stream->park();
}

void Estate::let_go(std::function<void(ChannelId)> over) {
  house_.retired = true;
  house_.over = std::move(over);
  house_.doorstep.close();
  for (const auto& [channel, stream] : Streams(house_.streams)) {
    if (!stream->frozen()) continue;
    stream->hand_over();
    house_.streams.erase(channel);
  }
  for (const auto& publisher : std::set(house_.publishers)) {
    if (plain(*publisher) && rtmp(*publisher).frozen()) {
      rtmp(*publisher).hand_over();
      house_.leave(*publisher);
    } else if (!publisher->presence()->publishing) {
      publisher->refuse(Refusal::stopping, "the server is being replaced: try again");
    }
  }
  // What could not move after all goes on here.
  for (const auto& [channel, stream] : Streams(house_.streams))
    if (stream->life().held()) stream->thaw();
  house_.gate.open();  // those who moved ask there, the others are told to come again
}

void Estate::expect_back() {
  house_.returning.clear();
  for (const auto& [channel, stream] : house_.streams) {
    if (stream->publisher()) {
      wanted_.erase(channel);
      if (stream->publisher()->protocol() == "srt") came_by_srt_.insert(channel);
    }
    if (house_.has_srt && !house_.drained && came_by_srt_.contains(channel) && !wanted_.contains(channel) && !stream->life().held()) house_.returning.insert(channel);
  }
  house_.doorstep.expect(house_.returning);
}

void Estate::pass_on(const std::function<Result<>(const Moving&)>& send) {
  expect_back();
  const Steady now = system_clock().steady();
  for (const auto& [channel, stream] : Streams(house_.streams)) {
    if (const auto sent = passed_on_.find(channel); sent != passed_on_.end()) {
      if (sent->second.failed || now - sent->second.at < arrival) continue;
      log::error("a stream that was passed on did not arrive: it ends here", {{"stream", stream->held().stream.value()}});
      sent->second.failed = true;
      stream->thaw();
    } else if (!stream->publisher() && stream->can_move() && !house_.returning.contains(channel)) {
      if (!stream->life().held()) stream->hold();
      if (!stream->idle()) continue;
      stream->freeze();
      if (const auto done = send(moving(stream))) {
        passed_on_[channel] = {now};
      } else {
        log::warn("a stream cannot be passed on just now", {{"stream", stream->held().stream.value()}, done.error()});
        stream->thaw();
      }
    }
  }
}

void Estate::taken(ChannelId channel) {
  const auto found = house_.streams.find(channel);
  if (found == house_.streams.end() || !passed_on_.contains(channel)) return;
  log::info("stream handed over", {{"channel", found->second->held().channel.name}, {"stream", found->second->held().stream.value()}});
  passed_on_.erase(channel);
  found->second->hand_over();
  house_.streams.erase(found);
  if (house_.drained && house_.streams.empty()) house_.loop.post(house_.drained);
}

bool Estate::wanted(ChannelId channel) {
  const auto found = house_.streams.find(channel);
  if (found == house_.streams.end()) return house_.over(channel), false;
  const std::shared_ptr<Stream> stream = found->second;
  const auto publisher = stream->publisher();
  if (publisher && system_clock().steady() - publisher->last_heard() < house_.config.limits.takeover) return true;
  wanted_.insert(channel);
  house_.returning.erase(channel);
  if (!publisher) {
    const auto sent = passed_on_.find(channel);
    if (!stream->can_move() || (sent != passed_on_.end() && sent->second.failed)) stream->end("its publisher has come to another process");
    return false;
  }
  stream->detach(false);
  publisher->drop("another publisher with this key took over");
  return false;
}

std::vector<std::string> Estate::beats() const {
  std::vector<std::string> all;
  for (const auto& [channel, stream] : house_.streams) {
    Json lines = Json::array();
    summarise(*stream, lines);
    const auto publisher = stream->publisher();
    const std::int64_t heard = publisher ? publisher->last_heard().time_since_epoch().count() : 0;
    all.push_back(Json{{"beat", {{"channel", channel.value()}, {"heard", heard}, {"row", describe(*stream).dump()}, {"lines", lines}}}}.dump());
  }
  return all;
}

}  // namespace sluice::ingestd
