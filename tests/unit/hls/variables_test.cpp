#include <catch2/catch.hpp>

#include "hls/lint.hpp"
#include "hls/playlist_reader.hpp"

using namespace sluice::hls;

namespace {

std::vector<std::string> rules_of(const ReadPlaylist& playlist) {
  std::vector<std::string> rules;
  for (const Problem& problem : playlist.problems) rules.emplace_back(problem.rule);
  return rules;
}

ReadPlaylist media(const std::string& tags, const std::string& rest, const Loaded& loaded = {}, int version = 8) {
  return read_playlist("#EXTM3U\n#EXT-X-VERSION:" + std::to_string(version) + "\n#EXT-X-TARGETDURATION:2\n" + tags + rest + "#EXT-X-ENDLIST\n", loaded);
}

std::string segment(const std::string& uri) { return "#EXTINF:2,\n" + uri + "\n"; }

}  // namespace

TEST_CASE("variables stand in URI lines, quoted strings and hexadecimal sequences, and nowhere else (8216bis 4.3)") {
  const std::string define = "#EXT-X-DEFINE:NAME=\"a-B_1\",VALUE=\"x\"\n#EXT-X-DEFINE:NAME=\"none\",VALUE=\"\"\n#EXT-X-DEFINE:NAME=\"hex\",VALUE=\"0f\"\n";
  const ReadPlaylist read = media(define, "#EXT-X-MAP:URI=\"{$a-B_1}/{$none}init.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k{$none}\",IV=0x{$hex}\n" +
                                              segment("{$a-B_1}{$a-B_1}/1.m4s?{$hex}") + segment("{$}{$a b}{$a-B_1"));
  CHECK(rules_of(read).empty());
  REQUIRE(read.media.segments.size() == 2);
  CHECK(read.media.segments[0].map == "x/init.mp4");
  CHECK(read.media.segments[0].uri == "xx/1.m4s?0f");
  CHECK(read.media.segments[1].uri == "{$}{$a b}{$a-B_1");
  // A number is none of them, nor is a comment.
  CHECK(rules_of(read_playlist("#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-DEFINE:NAME=\"n\",VALUE=\"1\"\n#EXT-X-STREAM-INF:BANDWIDTH={$n}\nv.m3u8\n")) == std::vector<std::string>{"attribute-syntax"});
  CHECK(rules_of(media(define, "# {$other}\n" + segment("1.ts"))).empty());
}

TEST_CASE("what a variable stands for is not looked through again") {
  const ReadPlaylist read = media("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"{$a}$a}\"\n", segment("{$b}.ts"));
  CHECK(rules_of(read).empty());
  CHECK(read.media.segments[0].uri == "{$a}.ts");
}

TEST_CASE("definitions that double one another end before memory does") {
  std::string tags = "#EXT-X-DEFINE:NAME=\"v0\",VALUE=\"0123456789\"\n";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "{$v" + std::to_string(i - 1) + "}";
    tags += "#EXT-X-DEFINE:NAME=\"v" + std::to_string(i) + "\",VALUE=\"" + before + before + "\"\n";
  }
  const ReadPlaylist read = media(tags, segment("{$v59}.ts"));
  CHECK(rules_of(read) == std::vector<std::string>{"define-tag"});
  CHECK(read.media.segments[0].uri.size() < (17u << 20));
}

TEST_CASE("a playlist with a definition that is wrong fails to be read as it should") {
  const auto rules = [](const std::string& tags, const std::string& uri) { return rules_of(media(tags, segment(uri), {}, tags.empty() ? 1 : 8)); };
  using List = std::vector<std::string>;
  CHECK(rules("", "{$a}.ts") == List{"variable-undefined"});
  CHECK(rules_of(media("", segment("{$a}.ts"))) == List{"variable-undefined"});  // the EXT-X-DEFINE that is missing is what version 8 is for
  CHECK(rules("", "{$a}{$a}{$A}.ts") == List{"variable-undefined", "variable-undefined"});
  const std::string master = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n";
  CHECK(rules_of(read_playlist(master + "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"{$a}\"\n")) == List{"variable-undefined"});
  CHECK(rules_of(read_playlist(master + "#EXT-X-CONTENT-STEERING:SERVER-URI=\"{$a}\"\n")) == List{"variable-undefined"});
  CHECK(rules("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"\n", "{$A}.ts") == List{"variable-undefined"});  // case counts
  CHECK(rules("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"1\"\n", "{$a}.ts") == List{"variable-once"});
  for (const char* wrong : {"VALUE=\"1\"", "NAME=\"a\"", "NAME=\"a\",IMPORT=\"a\",VALUE=\"1\"", "NAME=\"a b\",VALUE=\"1\"", "NAME=\"\",VALUE=\"1\""}) {
    INFO(wrong);
    const List found = rules(std::string("#EXT-X-DEFINE:") + wrong + "\n", "1.ts");
    CHECK(found == List{"define-tag"});
  }
  for (const char* unquoted : {"NAME=a,VALUE=\"1\"", "NAME=\"a\",VALUE=1"}) CHECK(rules(std::string("#EXT-X-DEFINE:") + unquoted + "\n", "{$a}.ts") == List{"attribute-syntax"});
}

TEST_CASE("imports are of the multivariant playlist by which the media playlist was loaded") {
  const std::string tags = "#EXT-X-DEFINE:IMPORT=\"a\"\n";
  const Variables there = {{"a", "b"}}, other = {{"A", "b"}};
  CHECK(media(tags, segment("{$a}.ts"), {.multivariant = &there}).media.segments[0].uri == "b.ts");
  CHECK(rules_of(media(tags, segment("{$a}.ts"), {.multivariant = &there})).empty());
  CHECK(rules_of(media(tags, segment("{$a}.ts"), {.multivariant = &other})) == std::vector<std::string>{"import-undefined"});
  CHECK(rules_of(media(tags, segment("{$a}.ts"))) == std::vector<std::string>{"import-undefined"});
  CHECK(rules_of(media("", segment("{$a}.ts"), {.multivariant = &there}, 1)) == std::vector<std::string>{"variable-undefined"});  // nothing comes by itself
  CHECK(rules_of(read_playlist("#EXTM3U\n#EXT-X-VERSION:8\n" + tags + "#EXT-X-STREAM-INF:BANDWIDTH=1\n{$a}.m3u8\n", {.multivariant = &there})) == std::vector<std::string>{"import-multivariant"});
}

TEST_CASE("query parameters are of the playlist's URL, percent-decoded") {
  const auto read = [](const std::optional<std::string>& url) { return media("#EXT-X-DEFINE:QUERYPARAM=\"tok\"\n", segment("{$tok}.ts"), {.url = url}, 11); };
  for (const auto& [url, uri] : {std::pair<const char*, const char*>{"http://h/p.m3u8?tok=a", "a.ts"}, {"p.m3u8?x=1&tok=a+%2f%C3%BC&y", "a+/ü.ts"}, {"p?TOK=b&tok=c&tok=d#?tok=e", "c.ts"}, {"p?t%6fk=a=b", "a=b.ts"}}) {
    INFO(url);
    CHECK(rules_of(read(url)).empty());
    CHECK(read(url).media.segments[0].uri == uri);
  }
  for (const char* url : {"http://h/tok=1/p.m3u8", "p?TOK=1", "p?tok", "p?tok=", "p?tok=%", "p?tok=a%22b", "p?tok=a%0Ab", "p#?tok=1"}) {
    INFO(url);
    CHECK(rules_of(read(url)) == std::vector<std::string>{"query-parameter"});
  }
  CHECK(rules_of(read(std::nullopt)).empty());  // a file that nothing names: nobody knows
}
