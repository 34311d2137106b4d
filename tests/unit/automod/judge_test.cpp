// Spam, and the order of what is looked at.
#include "automod/judge.hpp"

#include <catch2/catch.hpp>

#include "automod/spam.hpp"

using namespace sluice;
using namespace sluice::automod;
using namespace std::string_literals;

namespace {

struct FakeClassifier : Classifier {
  Opinion says;
  int asked = 0;
  Opinion opinion(const Subject&) override { return ++asked, says; }
};

struct Bench {
  FakeClassifier classifier;
  Judge judge;
  explicit Bench(std::string_view list = "block race badword\nhold swearing roughword\n", Policy policy = {})
      : judge(*Folder::make(), lists(list), &classifier, std::move(policy)) {}
  static Lists lists(std::string_view list) {
    Folder folder = *Folder::make();
    return *Lists::compile(folder, *parse_word_list(list));
  }
  Judgement of(std::string text, std::optional<int> level = {}) {
    Message message;
    message.text = std::move(text);
    message.level = level;
    return *judge.judge(message, "");
  }
};

Folder& folder() {
  static Folder the_one = *Folder::make();
  return the_one;
}
bool repeats(std::string_view text) {
  const Folded folded = folder().fold(text);
  Words words;
  cut_words(folded.text, words);
  return repetition(folded, words).has_value();
}
std::vector<std::string> linked(std::string_view text, std::vector<std::string> permitted = {}) {
  std::vector<std::string> out;
  for (const Link& link : links(folder().fold(text), permitted)) out.push_back(link.domain);
  return out;
}
using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("capitals: more than 0.7 of more than 10 letters") {
  CHECK(too_many_capitals(U"HELLO WORLDA"));
  CHECK_FALSE(too_many_capitals(U"HELLO WORLD"));  // ten letters
  CHECK_FALSE(too_many_capitals(U"AAAAAAABBB!!!1234"));
  CHECK(too_many_capitals(U"AAAAAAAABBBaaa aa"s.substr(0, 14)));  // 11 of 14
  CHECK_FALSE(too_many_capitals(U"AAAAAAAaaaAAAAAAAaaa"));        // 0.7 exactly
  CHECK(too_many_capitals(U"ПРИВЕТ ВСЕМ ЗДЕСЬ"));
  CHECK_FALSE(too_many_capitals(U"你好你好你好你好你好你好"));
}

TEST_CASE("repetition: few different words of more than five, long runs, one piece over and over") {
  CHECK(repeats("spam spam SPAM spam spam spam spam"));
  CHECK_FALSE(repeats("spam spam spam spam spam"));  // five words
  CHECK_FALSE(repeats("a b c a b c a b c a"));       // 0.3 exactly
  CHECK(repeats("a b c a b c a b c a b"));
  CHECK(repeats(std::string(25, 'a')));
  CHECK_FALSE(repeats(std::string(24, 'a')));
  CHECK(repeats("subscribesubscribesubscribesubscribe"));
  CHECK_FALSE(repeats("hahahahahahahahahahahahahahahahahaha"));
  CHECK_FALSE(repeats("the quick brown fox jumps over the lazy dog and the cat"));
}

TEST_CASE("links: a scheme, www, or an ending of links") {
  CHECK(linked("look https://example.org/x?y") == Strings{"example.org"});
  CHECK(linked("(www.example.museum)") == Strings{"www.example.museum"});
  CHECK(linked("go to Example.COM, now") == Strings{"example.com"});
  CHECK(linked("ｅｘａｍｐｌｅ．com") == Strings{"example.com"});
  CHECK(linked("http://localhost") == Strings{"localhost"});
  for (const char* none :
       {"well...ok", "what.is this", "3.5", "v1.2.3", "me@example.com", "e.g. this", ".com", "a: b"})
    CHECK(linked(none).empty());
  CHECK(linked("clips.example.com notexample.com", {"example.com"}) == Strings{"notexample.com"});
  CHECK(linked("a.com b.net", {"*"}).empty());
}

TEST_CASE("a phrase that blocks ends it: nobody is asked") {
  Bench bench;
  const Judgement got = bench.of("that BADWORD roughword http://x.com");
  CHECK(got.decisive.verdict == Action::block);
  CHECK(got.decisive.category == "race");
  CHECK(got.decisive.reason == Reason::phrase);
  CHECK(got.decisive.where == std::vector<Span>{{5, 12}});
  CHECK(bench.classifier.asked == 0);
}

TEST_CASE("levels are thresholds of the score; from 3 on what reaches them is blocked") {
  Bench bench;
  const double thresholds[] = {0.9, 0.8, 0.7, 0.6, 0.5};
  for (int level = 0; level <= 4; ++level) {
    bench.classifier.says.scores = {{"sex", 0.1}, {"bullying", thresholds[level]}};
    const Judgement got = bench.of("hello", level);
    CHECK(got.decisive.verdict == (level >= 3 ? Action::block : Action::hold));
    CHECK(got.decisive.category == "bullying");
    CHECK(got.level == level);
    bench.classifier.says.scores[1].score -= 0.001;
    CHECK(bench.of("hello", level).decisive.verdict == Action::allow);
  }
  bench.classifier.says.scores = {{"bullying", 0.7}};
  CHECK(bench.of("hello").decisive.verdict == Action::hold);  // 2 by default
}

TEST_CASE("the score comes before phrases that hold, those before spam; the sternest counts") {
  Bench bench;
  bench.classifier.says.scores = {{"bullying", 0.95}};
  CHECK(bench.of("roughword SHOUTING AGAIN", 2).decisive.reason == Reason::toxicity);
  bench.classifier.says.scores = {};
  CHECK(bench.of("ROUGHWORD SHOUTING AGAIN", 2).decisive.reason == Reason::phrase);
  CHECK(bench.of("ROUGHWORD SHOUTING AGAIN", 3).decisive.reason == Reason::capitals);  // it blocks
  CHECK(bench.of("JUST SHOUTING AGAIN", 2).decisive.verdict == Action::hold);
  CHECK(bench.of("SHOUTING AGAIN X.COM", 2).decisive.reason == Reason::capitals);
  CHECK(bench.of("see http://x.com now", 2).decisive.where == std::vector<Span>{{4, 16}});
  CHECK(bench.of("all is well", 4).decisive.reason == Reason::none);
}

TEST_CASE("another classifier's verdict without a score is taken as it is") {
  Bench bench;
  bench.classifier.says = {{{"sex", 0}}, {{1, 2}}, Action::block, false};
  const Judgement got = bench.of("hello", 0);
  CHECK((got.decisive.verdict == Action::block && got.decisive.reason == Reason::command &&
         got.decisive.category == "sex"));
  CHECK(got.decisive.where == std::vector<Span>{{1, 2}});
  bench.classifier.says = {{}, {}, Action::allow, true};
  CHECK(bench.of("hello").decisive.reason == Reason::deadline);
  bench.classifier.says = {{}, {}, Action::allow, false};
  CHECK(bench.of("hello").decisive.reason == Reason::none);
}

TEST_CASE("a room's own words hold in it only, and may allow what a list does not") {
  Bench bench;
  const auto message = parse_message(
      R"({"text":"badword spoiler","words":["spoiler",{"phrase":"badword","action":"allow"}]})");
  const Judgement got = *bench.judge.judge(*message, "");
  CHECK(got.decisive.category == "custom");
  CHECK(got.decisive.where == std::vector<Span>{{8, 15}});
  CHECK(bench.of("spoiler").decisive.verdict == Action::allow);
  CHECK(bench.of("badword").decisive.verdict == Action::block);
  CHECK_FALSE(bench.judge.judge(*parse_message(R"({"text":"a","words":["..."]})"), ""));
}

TEST_CASE("who is exempt is allowed everything") {
  Bench bench("badword", {.exempt = {"moderator"}});
  CHECK(bench.judge.judge(*parse_message(R"({"text":"badword","roles":["vip","moderator"]})"), "")
            ->decisive.reason == Reason::exempt);
  CHECK(bench.judge.judge(*parse_message(R"({"text":"badword","roles":["vip"]})"), "")->decisive.verdict ==
        Action::block);
}

TEST_CASE("a verdict is a line, of all that was found when asked for") {
  Bench bench;
  const auto message = parse_message(R"({"id":"x","text":"éa roughword, ROUGHWORD"})");
  const Judgement got = *bench.judge.judge(*message, "");
  CHECK(render_verdict(*message, got, {}) ==
        "{\"id\":\"x\",\"verdict\":\"hold\",\"category\":\"swearing\",\"level\":2,\"score\":0.0,\"reason\":"
        "\"phrase\","
        "\"where\":[[3,12],[14,23]]}\n");
  CHECK(render_verdict(*message, got, {.was = Action::allow}).find(",\"was\":\"allow\"}") !=
        std::string::npos);
  const std::string explained = render_verdict(*message, got, {.explain = true});
  CHECK(explained.find("\"detail\":\"roughword\"") != std::string::npos);
  CHECK(explained.find("\"folded\":\"ea roughword, roughword\"") != std::string::npos);
}

TEST_CASE("names of definitions are bounded, those that go on and those that are whole together") {
  Bench bench;
  const auto define = [&](const std::string& name, std::string_view rest) {
    const std::string line = R"({"define":")" + name + R"(",)" + std::string(rest);
    return bench.judge.define(std::get<Definition>(*parse_input(line)));
  };
  const std::string_view words = R"("words":["spoiler"]})", goes_on = R"("words":[],"more":true})";
  CHECK(define("whole", words).entries == 1);
  for (int i = 1; i < 200'000; ++i) REQUIRE(define("n" + std::to_string(i), goes_on).refused == 0);
  const auto refused = define("late", words);
  CHECK((refused.entries == 0 && refused.refused == 1));
  CHECK(
      refused.why ==
      "200000 names are defined already, and no more may be: define one that is not needed any more without "
      "words");
  CHECK(define("late", goes_on).refused == 1);
  CHECK(define("late", R"("words":[]})").refused == 0);  // takes nothing away
  CHECK(define("whole", words).entries == 1);            // who has a name goes on
  CHECK(define("n7", words).entries == 1);
  CHECK(define("n8", R"("words":[]})").entries == 0);  // and who lets go leaves a place
  CHECK(define("late", words).entries == 1);
  CHECK(define("later", words).refused == 1);
}

TEST_CASE("a definition whose patterns are too large keeps its phrases, and those that fit") {
  Bench bench;
  const auto define = [&](const std::string& entries) {
    return bench.judge.define(
        std::get<Definition>(*parse_input(R"({"define":"alice","words":[)" + entries + "]}")));
  };
  const auto verdict = [&](const std::string& text) {
    const auto message = parse_message(R"({"words":"alice","text":")" + text + "\"}");
    return std::string(name(bench.judge.judge(*message, "").value().decisive.verdict));
  };
  std::string heavy;
  for (int i = 0; i < 3; ++i) heavy += R"(,{"pattern":"(\\pL{900}a|heck)" + std::to_string(i) + ")\"}";
  const auto told = define(R"("spoiler",{"pattern":"end.ng"})" + heavy);
  CHECK((told.entries == 2 && told.refused == 3));
  CHECK_THAT(told.why, Catch::Matchers::Contains("too large"));
  CHECK(verdict("a spoiler") == "block");
  CHECK(verdict("an ending") == "block");
  CHECK(verdict("heck0") == "allow");
  std::string many = R"("spoiler")";  // each of them is fine
  for (int i = 0; i < 100; ++i) many += R"(,{"pattern":".{0,400}x)" + std::to_string(i) + R"("})";
  const auto most = define(many + R"(,{"pattern":"end.ng"})");
  CHECK((most.refused > 50 && most.entries > 3 && most.entries + most.refused == 102));
  CHECK(verdict("a spoiler") == "block");
  CHECK(verdict("an ending") == "block");
  // One of which nothing is left is there nevertheless: messages that name it are judged.
  CHECK(define(heavy.substr(1)).entries == 0);
  CHECK(verdict("a spoiler") == "allow");
}

TEST_CASE("what the server's list allows does not disarm a channel's own words") {
  Bench bench("block race badword\nallow custom van dyke\n");
  const auto verdict = [&](const std::string& words) {
    const auto message = parse_message(R"({"text":"the van dyke","words":[)" + words + "]}");
    return std::string(name(bench.judge.judge(*message, "").value().decisive.verdict));
  };
  CHECK(verdict(R"("van dyke")") == "block");
  CHECK(verdict(R"({"phrase":"dyke","list":7})") == "allow");
  CHECK(verdict(R"("dyke",{"phrase":"van dyke","action":"allow"})") == "allow");
}

TEST_CASE("what a shared list allows takes back what that list has found, and no more") {
  Bench bench;
  const auto verdict = [&](const std::string& channel, const std::string& text) {
    const auto message = parse_message(R"({"words":")" + channel + R"(","text":")" + text + "\"}");
    return std::string(name(bench.judge.judge(*message, "").value().decisive.verdict));
  };
  const std::string house = R"({"pattern":".+","action":"allow","list":7},{"phrase":"heck","list":7})";
  for (const auto& [channel, own] : {std::pair("alice", R"("spoiler",)"), std::pair("bob", "")})
    bench.judge.define(
        std::get<Definition>(*parse_input(std::string(R"({"define":")") + channel + R"(","words":[)" + own +
                                          R"({"phrase":"ending","list":8},)" + house + "]}")));
  for (const char* channel : {"alice", "bob"}) {
    CHECK(verdict(channel, "heck") == "allow");
    CHECK(verdict(channel, "an ending") == "block");  // another list's
    CHECK(verdict(channel, "a badword") == "block");  // the server's
  }
  CHECK(verdict("alice", "a spoiler") == "block");  // the channel's own
  bench.judge.define(std::get<Definition>(*parse_input(
      R"({"define":"bob","words":[{"pattern":"end.*","action":"allow"},{"phrase":"ending","list":8}]})")));
  CHECK(verdict("bob", "an ending") == "allow");  // the channel's own word is the last one
  CHECK(std::get<Definition>(*parse_input(R"({"define":"a","words":[{"phrase":"x","list":0}]})")).refused ==
        1);
}

TEST_CASE("a room's words are defined once, and messages name them") {
  Bench bench;
  const auto define = [&](std::string_view line) {
    return bench.judge.define(std::get<Definition>(*parse_input(line)));
  };
  const auto verdict = [&](std::string_view line) {
    const auto got = bench.judge.judge(*parse_message(line), "");
    return got ? std::string(name(got->decisive.verdict)) : got.error().what;
  };
  const std::string asked = R"({"text":"a spoiler and an ending","words":"alice"})";
  CHECK(verdict(asked) == "no words are defined as 'alice'");
  CHECK(define(R"({"define":"alice","words":[{"phrase":"ending","action":"hold"}],"more":true})").entries ==
        1);
  CHECK(verdict(asked) == "no words are defined as 'alice'");  // it goes on
  const auto defined = define(R"({"define":"alice","words":["...",{"pattern":"("},{"pattern":"spoi.er"}]})");
  CHECK((defined.entries == 2 && defined.refused == 2));
  CHECK(verdict(asked) == "block");
  CHECK(verdict(R"({"text":"an ending","words":"alice"})") == "hold");
  CHECK(verdict(R"({"text":"an ending"})") == "allow");
  CHECK(define(R"({"define":"alice","words":["other"]})").entries == 1);  // in place of all
  CHECK(verdict(asked) == "allow");
  CHECK(define(R"({"define":"alice","words":[]})").entries == 0);
  CHECK(verdict(asked) == "no words are defined as 'alice'");
  CHECK(render_defined({.id_json = "7", .name = "a\"b", .entries = {}, .why = {}}, {1, 2, "bad"}) ==
        "{\"id\":7,\"defined\":\"a\\\"b\",\"entries\":1,\"refused\":2,\"why\":\"bad\"}\n");
}
