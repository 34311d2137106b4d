#pragma once
// The rules that hlslint knows, as data: where each is written, how strong it is, which fixture breaks it, or why it is not
// checked. Documents: "8216bis" is the draft of the second edition of HLS (1 May 2026), "apple" the HLS Authoring Specification for Apple
// Devices by the numbers of its general requirements, "house" what Sluice promises beyond both, each with its reason.
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::hls {

enum class Severity { must, should };
enum class Needs { files, url };  // url: answers, and the times they came at
// for_apple: Apple demands it of what its devices are to play everywhere. An operator may rightly decide otherwise (one bit rate on a
// small machine, no mobile networks) and no playlist tells what was decided, so it is judged where that is asked for (hlslint --apple).
enum class Holds { always, for_apple };

struct Rule {
  std::string_view id;         // [a-z0-9-]+
  std::string_view document;
  std::string_view paragraph;
  Severity severity = Severity::must;
  std::string_view text;       // what it demands
  std::string_view unchecked;  // why it is not checked; empty: it is
  Needs needs = Needs::files;  // checked in a folder (tests/fixtures/hlslint/ID breaks it, and ID.WAY in another way) or of a URL (ID of tests/flow/broken_hls.py)
  Holds holds = Holds::always;
};

std::span<const Rule> lint_rules();
const Rule* find_rule(std::string_view id);

// A rule that is broken, and where.
struct Finding {
  std::string_view rule;       // an id of the table
  std::string where;           // "source/playlist.m3u8:12", "source/7.m4s"
  std::string what;            // in this case
  bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

std::string_view name(Severity severity);  // "MUST", "SHOULD"
std::string_view edition(std::string_view document);  // of a rule's document: what its paragraphs are counted by

}  // namespace sluice::hls
