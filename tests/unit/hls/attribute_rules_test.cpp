#include <catch2/catch.hpp>

#include <set>

#include "base/text.hpp"
#include "hls/attribute_rules.hpp"

using namespace sluice::hls;

namespace {

std::vector<std::string> told(std::string_view tag, const std::string& attributes) {
  std::vector<std::string> rules;
  check_attributes(AttributeList::parse(attributes), tag, [&](std::string_view rule, const std::string&) {
    if (rule != "attribute-required") rules.emplace_back(rule);
  });
  return rules;
}
using Rules = std::vector<std::string>;

// A value that is right.
std::string right(const AttributeRule& rule) {
  const std::string first(sluice::split(rule.values, '|').front());
  switch (rule.type) {
    case AttributeType::integer: return "1";
    case AttributeType::real: return "1.5";
    case AttributeType::signed_real: return "-1.5";
    case AttributeType::resolution: return "640x360";
    case AttributeType::hexadecimal: return "0x1F";
    case AttributeType::word: return first.empty() ? "WORD" : first;
    case AttributeType::quoted: return "\"" + (first.empty() ? "1" : first) + "\"";
    case AttributeType::quoted_or_none: return "NONE";
    case AttributeType::any_of_client: return "\"x\"";
  }
  return "";
}

}  // namespace

TEST_CASE("each attribute of the table is told of when it has another type, or a value that is not defined") {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const AttributeRule& rule : attribute_rules()) {
    INFO(rule.tag << " " << rule.name);
    CHECK(seen.emplace(rule.tag, rule.name).second);
    CHECK(rule.paragraph.starts_with("4.4."));
    CHECK((rule.allows == nullptr) == rule.allowed.empty());
    const std::string name = std::string(rule.name) + "=", value = right(rule);
    CHECK(told(rule.tag, name + value).empty());
    const bool quoted = value.starts_with('"');
    // Without its quotes, or with some.
    CHECK(told(rule.tag, name + (quoted ? "1" : rule.type == AttributeType::quoted_or_none ? "SOME" : "\"" + value + "\"")) == Rules{"attribute-syntax"});
    if (rule.type == AttributeType::integer || rule.type == AttributeType::real) {
      for (const char* wrong : {"-1", "x", "1e3", "0x1"}) CHECK(told(rule.tag, name + wrong) == Rules{"attribute-syntax"});
    }
    if (rule.type == AttributeType::resolution) {
      for (const char* wrong : {"640X360", "640", "640x", "x360", "640.0x360"}) CHECK(told(rule.tag, name + wrong) == Rules{"attribute-syntax"});
    }
    if (!rule.values.empty()) CHECK(told(rule.tag, name + (quoted ? "\"MAYBE\"" : "MAYBE")) == Rules{"attribute-value"});
    if (rule.required) {
      std::vector<std::string> missing;
      check_attributes({}, rule.tag, [&](std::string_view id, const std::string& what) { missing.push_back(std::string(id) + ": " + what); });
      CHECK(std::ranges::any_of(missing, [&](const std::string& what) { return what.find("has no " + std::string(rule.name) + " ") != std::string::npos; }));
    }
  }
}

TEST_CASE("values within their type: ids, positive numbers, cues, versions of keys") {
  CHECK(told("EXT-X-STREAM-INF", "STABLE-VARIANT-ID=\"a b\"") == Rules{"attribute-value"});
  CHECK(told("EXT-X-STREAM-INF", "STABLE-VARIANT-ID=\"aZ0+/=.-_\"").empty());
  CHECK(told("EXT-X-STREAM-INF", "PATHWAY-ID=\"a/b\"") == Rules{"attribute-value"});
  CHECK(told("EXT-X-STREAM-INF", "REQ-VIDEO-LAYOUT=\"CH-STEREO,CH-MONO/PROJ-EQUI\"") == Rules{});
  for (const char* layout : {"", ",", "CH-MONO,", ",CH-STEREO", "CH-MONO,,CH-STEREO"}) {
    for (const char* tag : {"EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF"}) CHECK(told(tag, "REQ-VIDEO-LAYOUT=\"" + std::string(layout) + "\"") == Rules{"attribute-value"});
  }
  CHECK(told("EXT-X-STREAM-INF", "SCORE=0") == Rules{"attribute-value"});
  CHECK(told("EXT-X-PART-INF", "PART-TARGET=0.0") == Rules{"attribute-value"});
  CHECK(told("EXT-X-DATERANGE", "CUE=\"PRE,ONCE\"").empty());
  CHECK(told("EXT-X-DATERANGE", "CUE=\"PRE,POST\"") == Rules{"attribute-value"});
  CHECK(told("EXT-X-DATERANGE", "X-A=YES") == Rules{"attribute-syntax"});
  CHECK(told("EXT-X-DATERANGE", "X-A=--1") == Rules{"attribute-syntax"});
  CHECK(told("EXT-X-DATERANGE", "X-COM-EXAMPLE-OFFSET=-1.5").empty());
  CHECK(told("EXT-X-DATERANGE", "X-A=\"YES\",X-B=1.5,X-C=0x1F").empty());
  CHECK(told("EXT-X-KEY", "KEYFORMATVERSIONS=\"1/2/5\"").empty());
  CHECK(told("EXT-X-KEY", "KEYFORMATVERSIONS=\"1/0\"") == Rules{"attribute-value"});
}

TEST_CASE("what the table does not have is ignored, and a variable that nobody defined is no wrong value") {
  CHECK(told("EXT-X-STREAM-INF", "SMELL=GOOD").empty());
  CHECK(told("EXT-X-SMELL", "URI=1").empty());
  CHECK(told("EXT-X-STREAM-INF", "STABLE-VARIANT-ID=\"{$id}\"").empty());
  CHECK(told("EXT-X-STREAM-INF", "BANDWIDTH={$n}") == Rules{"attribute-syntax"});
}
