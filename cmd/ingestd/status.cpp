// What the control socket tells of streams, and takes.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/control.hpp"
#include "describe.hpp"
#include "server.hpp"

namespace sluice::ingestd {

using Json = nlohmann::ordered_json;

namespace {

std::string_view state_name(media::Lifecycle::State state) {
  switch (state) {
    case media::Lifecycle::State::waiting: return "waiting";
    case media::Lifecycle::State::starting: return "starting";
    case media::Lifecycle::State::live: return "live";
    case media::Lifecycle::State::ending: return "ending";
    case media::Lifecycle::State::parked: return "parked";
    case media::Lifecycle::State::over: return "over";
  }
  return "unknown";
}

std::string_view state_of(const Stream& stream) { return stream.stalled().empty() ? state_name(stream.life().state()) : "stalled"; }

double rate(media::Rational frames) { return frames.num == 0 ? 0.0 : static_cast<double>(frames.num) / static_cast<double>(frames.den); }

std::int64_t uptime_s(const Stream& stream) {
  return std::chrono::duration_cast<std::chrono::seconds>(system_clock().wall() - stream.held().since).count();
}

Json describe(const hls::Rendition& rendition) {
  const hls::RenditionRecord& record = rendition.record;
  Json row{{"name", record.name}, {"kind", record.kind == media::Kind::video ? "video" : "audio"}, {"codec", record.codecs}};
  if (record.kind == media::Kind::video) {
    row["width"] = record.width;
    row["height"] = record.height;
    row["fps"] = rate(record.frame_rate);
  }
  row["bitrate"] = bitrate_of(rendition);
  row["measured_bitrate"] = measured_bitrate(rendition);
  row["state"] = rendition_state(rendition);
  return row;
}

// One of the publisher's tracks.
Json describe(const Stream& stream, const media::PublisherTrack& track) {
  const bool video = track.kind == media::Kind::video;
  Json row{{"kind", video ? "video" : "audio"}, {"id", track.id}, {"codec", media::name(track.track->codec)},
           {"rendition", track.rendition}};
  const auto silent = stream.silent_for(track);
  row["state"] = track.away ? "away" : silent ? "silent" : track.at ? "taken" : "waiting";
  if (silent) row["silent_ms"] = silent->count();
  if (video) row["keyframes_aligned"] = !track.astray;
  if (!track.track->language.empty()) row["language"] = track.track->language;
  return row;
}

std::string since_last_part(const Stream& stream) {
  const auto age = stream.last_part_age();
  return age ? fmt::format(" for {:.0f} s", static_cast<double>(age->count()) / 1000) : "";
}

std::string mbits(std::uint64_t bits_per_second) { return fmt::format("{:.2f} Mbit/s", static_cast<double>(bits_per_second) / 1e6); }

}  // namespace

std::string name_of(const media::PublisherTrack& track) {
  return fmt::format("{} ({} track {})", track.rendition, track.kind == media::Kind::video ? "video" : "audio", track.id);
}

void summarise(const Stream& stream, Json& lines) {
  lines.push_back(fmt::format("{:<16} {:<8} since {}  {} in", stream.held().channel.name, state_of(stream),
                              format_rfc3339(stream.held().since), mbits(stream.bits_per_second())));
  if (const std::string why = stream.stalled(); !why.empty())
    lines.push_back(fmt::format("  nothing is written{}: {}", since_last_part(stream), why));
  for (const media::PublisherTrack& track : stream.intake().tracks())
    if (const auto silent = stream.silent_for(track))
      lines.push_back(fmt::format("  nothing comes of {} for {:.0f} s", name_of(track), static_cast<double>(silent->count()) / 1000));
  std::string source;
  if (const auto& video = stream.intake().video()) {
    source = fmt::format("{} {}x{} {:.4g} fps  ", media::name(video->codec), video->width, video->height, rate(video->frame_rate));
    if (const microseconds interval = stream.intake().keyframe_interval(); interval > microseconds(0))  // known from the second keyframe on
      source += fmt::format("GOP {}{:.1f} s  ", stream.intake().keyframe_due() ? "over " : "", static_cast<double>(interval.count()) / 1e6);
  }
  if (const auto& audio = stream.intake().audio()) source += fmt::format("{} {} Hz {} ch  ", media::name(audio->codec), audio->sample_rate, audio->channels);
  lines.push_back(fmt::format("  up {} s  {}{} of {} frames dropped", uptime_s(stream), source, stream.retention().counts().dropped_packets,
                              stream.intake().counts().pictures));
  if (stream.ledger() != nullptr)
    for (const hls::Rendition& rendition : stream.ledger()->renditions()) {
      const hls::RenditionRecord& record = rendition.record;
      const std::string size = record.kind == media::Kind::video ? fmt::format("{}x{}", record.width, record.height) : "";
      lines.push_back(fmt::format("  {:<14} {:<8} {:<12} {:<10} {}", record.name, rendition_state(rendition), record.codecs, size,
                                  mbits(bitrate_of(rendition))));
    }
  if (const std::string advice = stream.advice(); !advice.empty()) lines.push_back("  tell the streamer: " + advice);
}

Json describe(const Stream& stream) {
  const auto& held = stream.held();
  const auto& counts = stream.intake().counts();
  const auto& dropped = stream.retention().counts();
  Json row{{"channel", held.channel.name},
           {"stream", held.stream.value()},
           {"state", state_of(stream)},
           {"since", format_rfc3339(held.since)},
           {"uptime_s", uptime_s(stream)},
           {"bitrate", stream.bits_per_second()},
           {"restarts", stream.life().restarts()},
           {"accepted_frames", counts.pictures},
           {"dropped_frames", dropped.dropped_packets},
           {"dropped_gops", dropped.dropped_gops},
           {"timestamp_repairs", counts.repairs},
           {"held_bytes", stream.retention().bytes()},
           {"held_ms", stream.retention().span().count() / 1000}};
  if (const auto age = stream.last_part_age()) row["last_part_age_ms"] = age->count();
  if (const std::string why = stream.stalled(); !why.empty()) row["stalled_because"] = why;
  if (const auto& publisher = stream.publisher()) {
    row["publisher"] = {{"address", publisher->address()},
                        {"protocol", publisher->protocol()},
                        {"program", publisher->program()},
                        {"since", format_rfc3339(publisher->since())}};
  }
  if (const auto& video = stream.intake().video()) {
    row["video"] = {{"codec", media::name(video->codec)},
                    {"width", video->width},
                    {"height", video->height},
                    {"fps", rate(video->frame_rate)},
                    {"keyframe_interval_ms", std::chrono::round<milliseconds>(stream.intake().keyframe_interval()).count()}};
  }
  if (const auto& audio = stream.intake().audio()) {
    row["audio"] = {{"codec", media::name(audio->codec)}, {"sample_rate", audio->sample_rate}, {"channels", audio->channels}};
  }
  row["tracks"] = Json::array();
  for (const media::PublisherTrack& track : stream.intake().tracks())
    if (track.track) row["tracks"].push_back(describe(stream, track));
  row["tracks_left_out"] = counts.tracks_left_out;
  row["renditions"] = Json::array();
  if (stream.ledger() != nullptr)
    for (const hls::Rendition& rendition : stream.ledger()->renditions()) row["renditions"].push_back(describe(rendition));
  if (const std::string advice = stream.advice(); !advice.empty()) row["advice"] = advice;
  return row;
}

// What may not be so: it blocks briefly.
std::vector<app::Health> Server::health() {
  const Steady began = system_clock().steady();
  const auto checked = house_.platform->check();
  const std::chrono::duration<double, std::milli> took = system_clock().steady() - began;
  std::vector<app::Health> all{{"store", checked.has_value(), took.count(), checked ? "" : to_string(checked.error())}};
  if (const auto& unrenewed = house_.around.unrenewed; checked && unrenewed)  // it can be read, and not written
    all.front() = {"store", false, took.count(), "the channels' locks cannot be renewed: " + to_string(unrenewed->why), unrenewed->since};
  if (const auto since = disk_ ? disk_->full_since() : std::nullopt)
    all.push_back({"disk", false, 0, "the disk of " + house_.config.ledgers + " is full: parts may be lost, and recordings give way", since});
  if (!hears_srt()) all.push_back({"srt", false, 0, "its sockets cannot be polled"});
  return all;
}

std::string Server::streams_json() const {
  Json rows = Json::array();
  for (const auto& [channel, stream] : house_.streams) {
    rows.push_back(describe(*stream));
    if (disk_) rows.back()["recording"] = hls::name(disk_->recording());
  }
  for (const std::string& told : elsewhere_.rows())  // as it was a second ago at most
    if (Json row = Json::parse(told, nullptr, false); row.is_object()) rows.push_back(std::move(row));
  return Json{{"streams", rows}}.dump();
}

std::string Server::summary_json() const {
  Json lines = Json::array();
  for (const auto& [channel, stream] : house_.streams) summarise(*stream, lines);
  for (const std::string& line : elsewhere_.lines()) lines.push_back(line);
  if (disk_ && disk_->recording() == hls::DiskBudget::Recording::window) lines.push_back("disk cap reached: live ledgers keep a window only");
  if (disk_ && disk_->recording() == hls::DiskBudget::Recording::none) lines.push_back("disk cap reached: recording has stopped, live goes on");
  return Json{{"lines", lines}}.dump();
}

std::string Server::renew_pipelines() {
  std::vector<std::shared_ptr<Stream>> all;
  for (const auto& [channel, stream] : house_.streams) all.push_back(stream);
  renewal_.add(all);
  return renewal_json();
}

std::string Server::renewal_json() const { return Json{{"left", renewal_.left()}, {"failed", renewal_.failed()}}.dump(); }

std::string Server::reloaded_json() const { return Json{{"lines", reloaded_}}.dump(-1, ' ', false, Json::error_handler_t::replace); }

void Server::end_stream(ChannelId channel, std::string_view why) {
  const std::shared_ptr<Stream> stream = house_.streams.at(channel);
  const auto publisher = stream->publisher();
  stream->end(why);
  if (publisher) publisher->drop("the stream was ended by the platform");
}

// {"command":"kick","channel":"NAME"}: ends the channel's stream and closes its publisher.
std::string Server::kick(const std::string& request_json) {
  const auto request = nlohmann::json::parse(request_json, nullptr, false);
  const std::string name = request.is_object() && request.contains("channel") && request["channel"].is_string()
                               ? request["channel"].get<std::string>()
                               : "";
  if (name.empty()) return app::error_json({Errc::usage, "no channel is named", "--ask 'kick channel=NAME'"});
  if (house_.gate.shut()) return app::error_json({Errc::unavailable, "ingestd is just being replaced", "try again"});
  for (const auto& [channel, stream] : Streams(house_.streams)) {
    if (stream->held().channel.name != name) continue;
    end_stream(channel, "kicked");
    return Json{{"ok", true}, {"stream", stream->held().stream.value()}}.dump();
  }
  if (const auto answer = elsewhere_.kick(name)) return *answer;
  return app::error_json({Errc::not_found, name + " is not being published", "'sluice status' tells what is"});
}

}  // namespace sluice::ingestd
