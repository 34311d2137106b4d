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

}  // namespace sluice::lint
