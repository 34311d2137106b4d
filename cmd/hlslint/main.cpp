// hlslint: says what is wrong with a presentation, and by which rule.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/run.hpp"
#include "hls/lint.hpp"
#include "hls/lint_subject.hpp"
#include "lint/places.hpp"
#include "options.hpp"
#include "watch.hpp"

namespace {

using namespace sluice;
using nlohmann::ordered_json;

void print(const std::string& line) { std::fputs((line + "\n").c_str(), stdout); }

// By which editions the table counts.
void print_editions() {
  for (const char* document : {"8216bis", "apple", "house"}) print(fmt::format("# {}: {}", document, hls::edition(document)));
}

void print_rule(const hls::Rule& rule, bool json) {
  if (json) {
    ordered_json out{{"rule", rule.id}, {"document", rule.document}, {"edition", hls::edition(rule.document)}, {"paragraph", rule.paragraph}, {"severity", hls::name(rule.severity)}, {"text", rule.text}, {"checked", rule.unchecked.empty()}};
    out[rule.unchecked.empty() ? "fixture" : "reason"] =
        !rule.unchecked.empty() ? std::string(rule.unchecked) : rule.needs == hls::Needs::url ? "tests/flow/broken_hls.py " + std::string(rule.id) : "tests/fixtures/hlslint/" + std::string(rule.id);
    if (rule.holds == hls::Holds::for_apple) out["option"] = "--apple";
    return print(out.dump());
  }
  print(fmt::format("{:<32} {:<6} {} {}: {}", rule.id, hls::name(rule.severity), rule.document, rule.paragraph, rule.text));
  if (rule.holds == hls::Holds::for_apple) print(fmt::format("{:<32} only with --apple", ""));
  if (!rule.unchecked.empty()) print(fmt::format("{:<32} not checked: {}", "", rule.unchecked));
}

// `place`: a directory, or the URL that was given; what a finding is about lies below it.
void print_finding(const hls::Finding& finding, const std::string& place, bool url, bool json) {
  const hls::Rule& rule = *hls::find_rule(finding.rule);
  if (json) {
    return print(ordered_json{{url ? "url" : "directory", place}, {"where", finding.where}, {"rule", rule.id}, {"severity", hls::name(rule.severity)}, {"document", rule.document}, {"edition", hls::edition(rule.document)}, {"paragraph", rule.paragraph}, {"what", finding.what}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  const std::string where = url ? finding.where : place + "/" + finding.where;
  print(fmt::format("{}: {} {}: {} ({} {})", where, hls::name(rule.severity), rule.id, finding.what, rule.document, rule.paragraph));
}

Result<bool> lint_path(std::string path, bool for_apple, bool json) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const bool file = hls::is_playlist_file(path);
  const std::string directory = file ? hls::folder_of(path) : path;
  auto subject = file ? hls::subject_of_file(path) : hls::is_ledger(path) ? hls::subject_of_ledger(path) : hls::subject_of_folder(path);
  if (!subject) return std::unexpected(subject.error());
  const hls::Findings findings = hls::lint(*subject, for_apple);
  for (const hls::Finding& finding : findings) print_finding(finding, directory, false, json);
  return findings.empty();
}

Result<bool> lint_url(const std::string& url, const app::Settings& settings, bool json) {
  if (lint::host_of(url).empty()) return fail(Errc::usage, "there is no host in " + url, "give a URL as http://HOST/PATH");
  lint::Options options;
  options.for_apple = settings.flag("apple");
  if (settings.has("watch")) options.watch = settings.duration("watch");
  options.late = settings.duration("late");
  bool clean = true;
  SLUICE_TRY(hlslint::watch(url, options, settings.text("ca-file"), [&](const hls::Finding& finding) {
    clean = false;
    print_finding(finding, url, true, json);
    std::fflush(stdout);
  }));
  return clean;
}

Result<bool> lint_place(const std::string& place, const app::Settings& settings, bool json) {
  if (hlslint::is_url(place)) return lint_url(place, settings, json);
  const std::size_t scheme = place.find("://");
  if (scheme != std::string::npos) return fail(Errc::usage, place.substr(0, scheme) + " is not spoken: " + place, "give a URL that begins with http:// or https://, a file or a folder");
  return lint_path(place, settings.flag("apple"), json);
}

Result<int> run(const app::Settings& settings) {
  const bool json = settings.flag("json");
  if (settings.flag("rules")) {
    if (!settings.positionals("PLACE").empty()) return fail(Errc::usage, "--rules lists rules, and checks nothing: " + settings.positionals("PLACE").front(), "leave out one of the two");
    if (!json) print_editions();
    for (const hls::Rule& rule : hls::lint_rules()) print_rule(rule, json);
    return app::exit_done;
  }
  if (settings.positionals("PLACE").empty()) return fail(Errc::usage, "nothing to check", "give the URL of a playlist, a playlist's file, or the directory of a ledger or of playlists");
  const bool url_given = std::ranges::any_of(settings.positionals("PLACE"), [](const std::string& place) { return place.find("://") != std::string::npos; });
  if (settings.origin("watch") == "command line" && !url_given)
    return fail(Errc::usage, "--watch follows URLs, and none is given: " + settings.positionals("PLACE").front(), "leave it out, or give the playlist's URL");
  if (settings.has("ca-file")) SLUICE_TRY(hlslint::check_certificates(settings.text("ca-file")));
  bool clean = true;
  for (const std::string& place : settings.positionals("PLACE")) {
    SLUICE_TRY_VALUE(const bool nothing_found, lint_place(place, settings, json));
    clean = clean && nothing_found;
  }
  return clean ? app::exit_done : app::exit_failed;
}

}  // namespace

int main(int argc, char** argv) { return sluice::app::run_main(argc, argv, sluice::hlslint::program(), run); }
