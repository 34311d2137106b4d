#include "stream_facts.hpp"

#include <utility>

#include "envelope.hpp"

namespace sluice::webd {
namespace {

using nlohmann::json;
constexpr milliseconds facts_age{2000};

// What is there of `from`, under the API's names.
json renamed(const json& from, std::initializer_list<std::pair<const char*, const char*>> names) {
  json out = json::object();
  for (const auto& [theirs, ours] : names) {
    if (from.contains(theirs)) out[ours] = from[theirs];
  }
  return out;
}

Result<json> streams_of(const Result<std::string>& answer) {
  if (!answer) return std::unexpected(answer.error());
  json parsed = json::parse(*answer, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("streams") || !parsed["streams"].is_array())
    return fail(Errc::unavailable, "ingestd gave no list of streams");
  return parsed["streams"];
}

}  // namespace

json public_facts(const json& row) {
  json out = renamed(row, {{"stream", "id"}, {"state", "state"}, {"since", "startedAt"}, {"uptime_s", "uptimeSeconds"}, {"bitrate", "bitrate"},
                           {"accepted_frames", "acceptedFrames"}, {"dropped_frames", "droppedFrames"}, {"restarts", "restarts"},
                           {"last_part_age_ms", "lastPartAgeMs"}});
  out["video"] = row.contains("video") ? renamed(row["video"], {{"codec", "codec"}, {"width", "width"}, {"height", "height"}, {"fps", "frameRate"},
                                                                {"keyframe_interval_ms", "keyframeIntervalMs"}})
                                       : json();
  out["audio"] = row.contains("audio") ? renamed(row["audio"], {{"codec", "codec"}, {"sample_rate", "sampleRate"}, {"channels", "channels"}}) : json();
  out["tracks"] = json::array();
  for (const json& track : row.value("tracks", json::array()))
    out["tracks"].push_back(renamed(track, {{"kind", "kind"}, {"rendition", "rendition"}, {"state", "state"}, {"silent_ms", "silentMs"}}));
  out["renditions"] = json::array();
  for (const json& rendition : row.value("renditions", json::array())) {
    out["renditions"].push_back(renamed(rendition, {{"name", "name"}, {"kind", "kind"}, {"codec", "codec"}, {"width", "width"}, {"height", "height"},
                                                    {"fps", "frameRate"}, {"bitrate", "bitrate"}, {"measured_bitrate", "measuredBitrate"},
                                                    {"state", "state"}}));
  }
  return out;
}

void StreamFacts::respond(const Waiting& waiting) const {
  if (!known_) return waiting.responder.respond(failure(503, "UNAVAILABLE", "the ingest server of this platform does not answer"));
  for (const json& row : *known_) {
    if (row.is_object() && row.value("channel", "") == waiting.channel) return waiting.responder.respond(success(public_facts(row)));
  }
  waiting.responder.respond(failure(404, "OFFLINE", waiting.channel + " is not being published here"));
}

void StreamFacts::add_routes(http::Router& router) {
  router.add("GET", "/api/channels/:name/stream", [this](const http::Request&, const http::Responder& responder, const http::Captured& captured) {
    Waiting asker{responder, std::string(captured[0])};
    if (clock_.steady() < until_) return respond(asker);
    waiting_.push_back(std::move(asker));
    if (waiting_.size() > 1) return;
    offload_.run([ask = ask_] { return streams_of(ask()); },
                 [this](Result<json> streams) {
                   known_ = std::move(streams);
                   until_ = clock_.steady() + facts_age;
                   for (const Waiting& waiting : std::exchange(waiting_, {})) respond(waiting);
                 });
  });
}

}  // namespace sluice::webd
