#include "node_limits.hpp"

#include "log/log.hpp"
#include "node_counters.hpp"
#include "nodes/limit_scripts.hpp"

namespace sluice::chatd {

namespace {
constexpr std::size_t most_asked = 10'000;         // commands without an answer
constexpr milliseconds connection_patience{1000};  // longer than the limits': it costs the connection

prometheus::Counter& questions(const char* what) {
  return metrics::counter("sluice_chat_shared_limits_total",
                          "questions to the limits that all nodes keep together, by what became of them",
                          {{"what", what}});
}

std::optional<nodes::Limits::Words> words_of(const Result<redis::Reply>& reply) {
  if (!reply || !reply->is(redis::Reply::Kind::array)) return std::nullopt;
  nodes::Limits::Words words;
  for (const redis::Reply& item : reply->items) words.push_back(item.text);
  return words;
}
}  // namespace

NodeLimits::NodeLimits(net::Loop& loop, redis::Link& link, std::string origin,
                       std::function<milliseconds()> longest_cooldown)
    : loop_(loop),
      link_(link),
      scripts_{redis::Script(nodes::send_script()), redis::Script(nodes::take_back_script()),
               redis::Script(nodes::whisper_script()), redis::Script(nodes::tell_script())},
      timer_(loop),
      limits_(std::move(origin), system_clock(), *this, std::move(longest_cooldown)),
      asked_(questions("asked")),
      late_(questions("late")),
      unasked_(questions("unasked")),
      spared_(questions("spared")),
      breaker_(metrics::breaker("chat_limits")) {}

void NodeLimits::connected() {
  for (redis::Script& script : scripts_) script.load(link_);
  limits_.reached();
}

void NodeLimits::tick() {
  limits_.tick();
  const auto& counts = limits_.counts();
  set_to(asked_, counts.asked);
  set_to(late_, counts.late);
  set_to(unasked_, counts.unasked);
  set_to(spared_, counts.spared);
  breaker_.Set(metrics::value_of(shown(limits_.state())));
}

app::Health NodeLimits::health() {
  if (!link_.is_up() || limits_.state() == nodes::Breaker::State::closed) return {"chat-limits"};
  return {"chat-limits", false, 0,
          (fault_.empty() ? "Redis answers too late" : "Redis does not answer: " + fault_) +
              "; each node keeps the limits by itself"};
}

bool NodeLimits::reachable() {
  return link_.is_up() && link_.waiting() < most_asked;
}

void NodeLimits::run(nodes::Limits::Script script, nodes::Limits::Words keys, nodes::Limits::Words arguments,
                     nodes::Limits::Answer answer) {
  const auto told = [this, answer = std::move(answer)](const Result<redis::Reply>& reply) {
    if (reply) fault_.clear();
    if (!reply && reply.error().code != Errc::unavailable) {
      fault_ = reply.error().what;
      if (const auto left_out = refused_.next("", system_clock().steady()))
        log::warn("Redis refuses what keeps the limits of all nodes: this node's own hold",
                  {reply.error(), {"left_out", *left_out}});
    }
    answer(words_of(reply));
  };
  scripts_[static_cast<std::size_t>(script)].run(link_, keys, arguments, told, connection_patience);
}

void NodeLimits::set(std::string key, std::string value, seconds lasts) {
  link_.command(
      {"SET", std::move(key), std::move(value), "EX", std::to_string(lasts.count())},
      [](const Result<redis::Reply>&) {}, connection_patience);
}

void NodeLimits::remove(std::string key) {
  link_.command(
      {"DEL", std::move(key)}, [](const Result<redis::Reply>&) {}, connection_patience);
}

void NodeLimits::wake(milliseconds in) {
  // Not before what has arrived is read: this node may be the one that is late.
  timer_.after(in, [this] { loop_.post([this] { limits_.late(); }); });
}

}  // namespace sluice::chatd
