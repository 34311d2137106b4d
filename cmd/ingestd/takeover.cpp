#include "takeover.hpp"

#include <nlohmann/json.hpp>

#include "media/snapshot.hpp"
#include "rtmp_publisher.hpp"

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

void Takeover::read_ahead(const std::string& stream) {
  const std::string& ledgers = house_.config.ledgers;
  if (!ledgers.empty()) read_ahead_[stream] = LedgerFollow::read_ahead(ledgers + "/" + stream);
}

Result<> Takeover::take(const std::string& about, const os::MappedBytes& state, os::UniqueFd socket) {
  const Json said = Json::parse(about);
  if (!house_.serving()) return fail(Errc::unavailable, "this process is stopping");
  std::shared_ptr<Stream> stream;
  if (said.contains("stream")) {
    Held held = read_held(said["stream"]);
    if (house_.streams.contains(held.channel.id)) return fail(Errc::conflict, "a stream of " + held.channel.name + " is here already");
    stream = std::make_shared<Stream>(house_.around, std::move(held), false);
  }
  SnapshotReader in(state.bytes, state.owner);
  std::shared_ptr<RtmpPublisher> publisher;
  if (stream) in(*stream);
  if (socket) {
    publisher = std::make_shared<RtmpPublisher>(house_.loop, house_.config.limits, door_, nullptr);
    publisher->restore(in, stream);
  }
  Result<> whole = in.finish();
  if (whole && stream) whole = stream->open(std::exchange(read_ahead_[stream->held().stream.value()], nullptr));
  if (!whole) {
    if (stream) stream->hand_over();  // it stays where it was
    return whole;
  }
  if (stream) house_.streams[stream->held().channel.id] = stream;
  if (publisher) {
    house_.enter(publisher, publisher->host());
    if (stream) {
      stream->rejoin(publisher);
      house_.doorstep.publishes(stream->held().channel.id, publisher->presence());
    }
    publisher->go_on(std::move(socket));
  }
  if (stream) house_.loop.post([stream] { stream->go_on(); });
  return {};
}

}  // namespace sluice::ingestd
