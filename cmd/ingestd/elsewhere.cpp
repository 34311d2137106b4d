#include "elsewhere.hpp"

#include <nlohmann/json.hpp>

#include "log/log.hpp"

namespace sluice::ingestd {

using Json = nlohmann::ordered_json;

namespace {
constexpr milliseconds answer_time{5'000};
}

void Elsewhere::keep(const std::string& about, const void* link, std::function<void(const std::string&)> tell) {
  const Json row = Json::parse(about);
  const ChannelId channel(row.at("channel").get<std::int64_t>());
  Other& other = others_[channel];
  other.link = link;
  other.tell = std::move(tell);
  other.name = row.at("name").get<std::string>();
  other.stream = StreamId(row.at("stream").get<std::string>());
  other.row = row.value("row", "");
  other.lines = row.value("lines", std::vector<std::string>());
  other.limit = std::make_unique<net::Timer>(house_.loop);
  other.presence->last_heard = system_clock().steady();
  other.presence->publishing = true;
  house_.doorstep.publishes(channel, other.presence);
}

std::vector<std::string> Elsewhere::kept_by(const void* link) const {
  std::vector<std::string> all;
  for (const auto& [channel, other] : others_)
    if (other.link == link)
      all.push_back(Json{{"channel", channel.value()}, {"name", other.name}, {"stream", other.stream.value()}, {"row", other.row}, {"lines", other.lines}}.dump());
  return all;
}

void Elsewhere::heard(const std::string& beat) {
  const Json said = Json::parse(beat).at("beat");
  const auto found = others_.find(ChannelId(said.at("channel").get<std::int64_t>()));
  if (found == others_.end()) return;
  Other& other = found->second;
  other.presence->last_heard = Steady(Steady::duration(said.at("heard").get<std::int64_t>()));  // one clock for all processes
  other.row = said.at("row").get<std::string>();
  other.lines = said.at("lines").get<std::vector<std::string>>();
}

void Elsewhere::ask(ChannelId channel, std::function<void(bool busy)> answered) {
  Other& other = others_.at(channel);
  other.waiting.push_back(std::move(answered));
  if (other.waiting.size() > 1) return;  // has been asked: the answer is for all
  other.limit->after(answer_time, [this, channel, name = other.name] {
    log::warn("a process that was replaced does not answer", {{"channel", name}});
    this->answered(channel, true);
  });
  other.tell(Json{{"want", channel.value()}}.dump());
}

void Elsewhere::answered(ChannelId channel, bool busy) {
  const auto found = others_.find(channel);
  if (found == others_.end()) return;
  const auto waiting = std::exchange(found->second.waiting, {});
  found->second.limit->cancel();
  if (!busy) {
    found->second.presence->publishing = false;
    others_.erase(found);
  }
  for (const auto& call : waiting) call(busy);
}

std::optional<std::string> Elsewhere::kick(const std::string& name) {
  for (auto& [channel, other] : others_) {
    if (other.name != name) continue;
    other.kicked = true;
    other.tell(Json{{"kick", name}}.dump());
    return Json{{"ok", true}, {"stream", other.stream.value()}}.dump();
  }
  return std::nullopt;
}

bool Elsewhere::kicked(ChannelId channel) const {
  const auto found = others_.find(channel);
  return found != others_.end() && found->second.kicked;
}

Elsewhere::Lost Elsewhere::lose(const void* link) {
  Lost lost;
  for (auto each = others_.begin(); each != others_.end();) {
    if (each->second.link != link) {
      ++each;
      continue;
    }
    ++lost.streams;
    for (auto& call : each->second.waiting) lost.waiting.push_back(std::move(call));
    each->second.presence->publishing = false;
    each = others_.erase(each);
  }
  return lost;
}

std::set<StreamId> Elsewhere::streams() const {
  std::set<StreamId> all;
  for (const auto& [channel, other] : others_) all.insert(other.stream);
  return all;
}

std::vector<std::string> Elsewhere::rows() const {
  std::vector<std::string> all;
  for (const auto& [channel, other] : others_) all.push_back(other.row);
  return all;
}

std::vector<std::string> Elsewhere::lines() const {
  std::vector<std::string> all;
  for (const auto& [channel, other] : others_) all.insert(all.end(), other.lines.begin(), other.lines.end());
  return all;
}

}  // namespace sluice::ingestd
