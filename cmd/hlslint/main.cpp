// hlslint: says what is wrong with a presentation, and by which rule.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/run.hpp"
#include "hls/lint.hpp"
#include "hls/lint_subject.hpp"
#include "options.hpp"

namespace {

using namespace sluice;
using nlohmann::ordered_json;

void print(const std::string& line) { std::fputs((line + "\n").c_str(), stdout); }

void print_rule(const hls::Rule& rule, bool json) {
  if (json) {
    ordered_json out{{"rule", rule.id}, {"document", rule.document}, {"paragraph", rule.paragraph}, {"severity", hls::name(rule.severity)}, {"text", rule.text}, {"checked", rule.unchecked.empty()}};
    out[rule.unchecked.empty() ? "fixture" : "reason"] =
        !rule.unchecked.empty() ? std::string(rule.unchecked) : rule.needs == hls::Needs::url ? "tests/flow/broken_hls.py " + std::string(rule.id) : "tests/fixtures/hlslint/" + std::string(rule.id);
    return print(out.dump());
  }
  print(fmt::format("{:<32} {:<6} {} {}: {}", rule.id, hls::name(rule.severity), rule.document, rule.paragraph, rule.text));
  if (!rule.unchecked.empty()) print(fmt::format("{:<32} not checked: {}", "", rule.unchecked));
}

void print_finding(const hls::Finding& finding, const std::string& directory, bool json) {
  const hls::Rule& rule = *hls::find_rule(finding.rule);
  if (json) {
    return print(ordered_json{{"directory", directory}, {"where", finding.where}, {"rule", rule.id}, {"severity", hls::name(rule.severity)}, {"document", rule.document}, {"paragraph", rule.paragraph}, {"what", finding.what}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  print(fmt::format("{}/{}: {} {}: {} ({} {})", directory, finding.where, hls::name(rule.severity), rule.id, finding.what, rule.document, rule.paragraph));
}

Result<int> run(const app::Settings& settings) {
  const bool json = settings.flag("json");
  if (settings.flag("rules")) {
    for (const hls::Rule& rule : hls::lint_rules()) print_rule(rule, json);
    return app::exit_done;
  }
  if (settings.positionals("DIR").empty()) return fail(Errc::usage, "nothing to check", "give the directory of a ledger or of playlists");
  bool clean = true;
  for (std::string directory : settings.positionals("DIR")) {
    while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
    auto subject = hls::is_ledger(directory) ? hls::subject_of_ledger(directory) : hls::subject_of_folder(directory);
    if (!subject) return std::unexpected(subject.error());
    const hls::Findings findings = hls::lint(*subject);
    for (const hls::Finding& finding : findings) print_finding(finding, directory, json);
    clean = clean && findings.empty();
  }
  return clean ? app::exit_done : app::exit_failed;
}

}  // namespace

int main(int argc, char** argv) { return sluice::app::run_main(argc, argv, sluice::hlslint::program(), run); }
