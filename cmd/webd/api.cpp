#include "api.hpp"

#include "base/text.hpp"
#include "emote_pictures.hpp"
#include "envelope.hpp"
#include "metrics/metrics.hpp"

namespace sluice::webd {
namespace {

using nlohmann::json;
constexpr milliseconds list_age{2000};
constexpr std::size_t kept_limit = 10'000;

json describe(const store::Stream& stream) {
  return {{"id", stream.id.value()},
          {"startedAt", format_rfc3339(stream.live_at.value_or(stream.started_at))},
          {"viewerCount", stream.viewers},
          {"peakViewers", stream.peak_viewers}};
}

// A channel goes by its owner's way of writing it where that is the same name, else by its own.
json describe(const store::Channel& channel) {
  bool same = ascii_iequals(channel.owner_display_name, channel.name);
  return {{"id", std::to_string(channel.id.value())},
          {"name", channel.name},
          {"displayName", same ? channel.owner_display_name : channel.name},
          {"owner", channel.owner_display_name},
          {"title", channel.title},
          {"isLive", channel.live()},
          {"version", channel.version}};
}

std::string bearer_token(const http::Request& request) {
  auto value = request.header("Authorization");
  if (value.size() < 8 || !ascii_iequals(value.substr(0, 7), "Bearer ")) return {};
  return std::string(trim(value.substr(7)));
}

Result<json> read_live(store::Store& store) {
  SLUICE_TRY_VALUE(auto live, store.streams().live());
  json list = json::array();
  for (const auto& [channel, stream] : live) {
    json entry = describe(channel);
    entry["stream"] = describe(stream);
    list.push_back(std::move(entry));
  }
  return list;
}

Result<json> read_channel(store::Store& store, const std::string& name) {
  SLUICE_TRY_VALUE(auto channel, store.channels().by_name(name));
  json entry = describe(channel);
  entry["stream"] = nullptr;
  if (channel.current_stream) {
    SLUICE_TRY_VALUE(auto stream, store.streams().by_id(*channel.current_stream));
    entry["stream"] = describe(stream);
  } else if (auto past = store.streams().of_channel(channel.id, 1); past && !past->empty() && past->front().ended_at) {
    entry["lastLiveAt"] = format_rfc3339(*past->front().ended_at);
  }
  return entry;
}

// What may be said in a channel that is named by its id: emotes of no channel, then the channel's.
Result<json> read_emotes(store::Store& store, const std::string& id) {
  auto number = parse_number<std::int64_t>(id);
  if (!number) return fail(Errc::not_found, "no channel has the id " + id);
  SLUICE_TRY_VALUE(auto channel, store.channels().by_id(ChannelId(*number)));
  SLUICE_TRY_VALUE(auto emotes, store.emotes().list());
  json list = json::array();
  for (const store::Emote& emote : emotes) {
    if (emote.channel != ChannelId() && emote.channel != channel.id) continue;
    list.push_back({{"id", std::to_string(emote.id.value())},
                    {"code", emote.code},
                    {"channel", emote.channel_name.empty() ? json() : json(emote.channel_name)},
                    {"kind", store::kind(emote)},
                    {"tier", emote.tier == 0 ? json() : json(emote.tier)},
                    {"bits", emote.bits == 0 ? json() : json(emote.bits)},
                    {"images", pictures_of(emote)}});
  }
  return list;
}

Result<json> read_status(store::Store& store, const std::string& id) {
  auto number = parse_number<std::int64_t>(id);
  if (!number) return fail(Errc::not_found, "no channel has the id " + id);
  SLUICE_TRY_VALUE(auto channel, store.channels().by_id(ChannelId(*number)));
  SLUICE_TRY_VALUE(auto status, store.streams().status(channel.id));
  return json{{"isLive", status.live}, {"viewerCount", status.viewers}, {"peakViewers", status.peak_viewers}};
}

}  // namespace

void Api::add_routes(http::Router& router) {
  using http::Captured, http::Request, http::Responder;
  router.add("GET", "/api/live", [this](const Request&, const Responder& responder, const Captured&) {
    answer(responder, "live", list_age, read_live);
  });
  router.add("GET", "/api/channels/:name", [this](const Request&, const Responder& responder, const Captured& captured) {
    std::string name(captured[0]);
    answer(responder, "channel/" + name, list_age, [name](store::Store& store) { return read_channel(store, name); });
  });
  router.add("GET", "/api/channels/:id/status", [this](const Request&, const Responder& responder, const Captured& captured) {
    std::string id(captured[0]);
    answer(responder, "status/" + id, status_age_, [id](store::Store& store) { return read_status(store, id); });
  });
  router.add("GET", "/api/emotes/:channelId", [this](const Request&, const Responder& responder, const Captured& captured) {
    std::string id(captured[0]);
    answer(responder, "emotes/" + id, list_age, [id](store::Store& store) { return read_emotes(store, id); });
  });
  router.add("GET", "/api/config", [this](const Request& request, const Responder& responder, const Captured&) {
    auto addresses = places_.seen_by(request);
    responder.respond(success({{"originUrl", addresses.origin}, {"chatUrl", addresses.chat}}));
  });
  router.add("POST", "/api/chat/ticket", [this](const Request& request, const Responder& responder, const Captured&) {
    issue_ticket(request, responder);
  });
}

void Api::answer(const http::Responder& responder, const std::string& key, milliseconds age,
                 std::function<Result<json>(store::Store&)> read) {
  auto now = clock_.steady();
  if (auto kept = kept_.find(key); kept != kept_.end()) {
    if (kept->second.until > now) return responder.respond(kept->second.answer);
    kept_.erase(kept);
  }
  offload_.run([this, read = std::move(read)] { return read(store_); },
               [this, responder, key, until = now + age, generation = generation_](Result<json> data) {
                 auto response = data ? success(*data) : failure(data.error());
                 bool lasting = data || data.error().code == Errc::not_found;
                 if (lasting && generation == generation_ && kept_.size() < kept_limit)
                   kept_.insert_or_assign(key, Kept{response, until});
                 responder.respond(std::move(response));
                 if (kept_.size() >= kept_limit) kept_.clear();
               });
}

void Api::issue_ticket(const http::Request& request, const http::Responder& responder) {
  auto token = bearer_token(request);
  if (token.empty())
    return responder.respond(failure(401, "UNAUTHORIZED", "send your token as Authorization: Bearer TOKEN")
                                 .with("WWW-Authenticate", "Bearer"));
  offload_.run([this, token] { return store_.credentials().issue_ticket(token); },
               [responder](Result<store::Ticket> ticket) {
                 if (ticket)
                   return responder.respond(success(
                       {{"ticket", ticket->secret}, {"expiresAt", format_rfc3339(ticket->expires_at)}}));
                 if (ticket.error().code != Errc::denied) return responder.respond(failure(ticket.error()));
                 responder.respond(failure(401, "UNAUTHORIZED", "this token is unknown, expired or revoked")
                                       .with("WWW-Authenticate", "Bearer error=\"invalid_token\""));
               });
}

void Api::keep_status_for(milliseconds age) {
  status_age_ = age;
  kept_.clear();
}

void Api::changed(const store::Event&) {
  ++generation_;
  kept_.clear();
}

}  // namespace sluice::webd
