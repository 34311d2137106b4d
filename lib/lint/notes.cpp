#include "lint/watch.hpp"

namespace sluice::lint {

void Notes::add(const std::string& of, hls::Finding finding) {
  if (told_.emplace(finding.rule, of).second) findings_.push_back(std::move(finding));
}

void Notes::add(const std::string& of, std::string_view rule, std::string where, std::string what) {
  add(of, {hls::find_rule(rule)->id, std::move(where), std::move(what)});
}

void Notes::take_from(const std::string& of, hls::Findings& findings) {
  for (hls::Finding& finding : findings) add(of, std::move(finding));
  findings.clear();
}

hls::Findings Notes::take() { return std::exchange(findings_, {}); }

void Watch::ask_until_answered(std::string url, milliseconds patience, Requests::Then then, std::size_t most, std::optional<Steady> since) {
  const auto answered = [this, url, patience, then = std::move(then), most, since](const Reply& reply) {
    const Steady first = since.value_or(reply.done);
    if (!may_come(reply, first)) return then(reply);
    requests.at(reply.done + try_again, [this, url, patience, then, most, first] { ask_until_answered(url, patience, then, most, first); });
  };
  requests.ask(url, patience, answered, most);
}

}  // namespace sluice::lint
