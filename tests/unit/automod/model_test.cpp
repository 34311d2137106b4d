// The linear model: its file, its training.
#include <algorithm>

#include <catch2/catch.hpp>

#include "automod/training.hpp"

using namespace sluice;
using namespace sluice::automod;

namespace {
Folder& folder() {
  static Folder the_one = *Folder::make();
  return the_one;
}
constexpr const char* small = R"(
# a toy
@name: ann | bob | cat | dan | eve | fay | gus | hal | ivy | jon
@bad: zorgish | vlumpy | zorgian | zorgling | zorgful | zorgy
rude you are so {bad}
rude {name} is a {bad} one
rude what a {bad} thing
rude {words:rude} for {name}
rude all that {bad} stuff
ok you are so kind
ok {name} is a good one
ok what a lovely thing
ok nothing for {name}
ok all that nice stuff, {name}
)";
std::vector<Entry> words() {
  return *parse_word_list("block rude grumf\nallow rude grumf well\nhold other x\n");
}

double score(const Weights& weights, std::string_view text) {
  Words cut;
  const Folded folded = folder().fold(text);
  cut_words(folded.text, cut);
  LinearModel model(weights);
  const Message message;
  const Opinion opinion = model.opinion({message, "", folded, cut});
  return opinion.scores.empty() ? -1 : opinion.scores.front().score;
}
}  // namespace

TEST_CASE("templates are filled from slots and the word list; what is held out is never trained on") {
  const Templates templates = *parse_templates(small, words());
  CHECK(templates.slots.at("words:rude") == std::vector<std::string>{"grumf"});
  const Split split = make_examples(templates, 40, 1);
  CHECK(split.train.size() > 100);
  for (const Example& example : split.train) {
    CHECK(example.text.find("stuff") == std::string::npos);    // the fifth template
    CHECK(example.text.find("zorgful") == std::string::npos);  // the fifth filling
    CHECK(example.text.find('{') == std::string::npos);
  }
  CHECK(split.held_out.size() == 80);  // one template of either kind
  CHECK(split.held_out_new.size() == 80);
  const auto with = [](const std::vector<Example>& examples, const char* filling) {
    return std::ranges::count_if(
        examples, [&](const Example& example) { return example.text.find(filling) != std::string::npos; });
  };
  CHECK(with(split.held_out, "zorgful") == 0);
  CHECK(with(split.held_out_new, "zorgful") > 25);  // of 40; letters are drawn out in others
  CHECK(make_examples(templates, 40, 1).train[7].text == split.train[7].text);
  CHECK_FALSE(parse_templates("rude {nothing} here", {}));
  CHECK(parse_templates("ok fine\nNo", {}).error().what.starts_with("line 2: "));
}

TEST_CASE("what was learnt from some templates holds in others, and is the same for the same seed") {
  const Split split = make_examples(*parse_templates(small, words()), 60, 1);
  const Weights weights = train(folder(), split.train, {.buckets = 4096, .rounds = 8, .rate = 0.3});
  CHECK(weights.categories == std::vector<std::string>{"any", "rude"});
  const Measure got = measure(folder(), weights, split.held_out, 0.5);
  CHECK(got.right + got.missed > 20);
  CHECK(got.precision() > 0.9);
  CHECK(got.recall() > 0.9);
  CHECK(score(weights, "you z0rg1sh one") > 0.5);
  CHECK(score(weights, "you are so kind") < 0.5);
  CHECK(score(weights, "...") == -1);
  CHECK(train(folder(), split.train, {.buckets = 4096, .rounds = 8, .rate = 0.3}).weights == weights.weights);
}

TEST_CASE("a model's file is read as it was written, and refused when it is not whole") {
  Weights weights = Weights::zero({"a", "b-c"}, 8);
  weights.bias = {0.5f, -1};
  weights.weights[3] = 2;
  const std::string file = render_weights(weights);
  const auto read = parse_weights(file);
  REQUIRE(read);
  CHECK((read->categories == weights.categories && read->bias == weights.bias &&
         read->weights == weights.weights));
  for (std::size_t size = 0; size < file.size(); ++size) CHECK_FALSE(parse_weights(file.substr(0, size)));
  CHECK_FALSE(parse_weights(file + "x"));
  std::string broken = file;
  broken.replace(file.size() - 4, 4, std::string("\x00\x00\xc0\x7f", 4));  // not a number
  CHECK_FALSE(parse_weights(broken));
  CHECK_FALSE(parse_weights("sluice-automod-model 1\n7\na\n"));
  CHECK_FALSE(parse_weights("sluice-automod-model 1\n4294967295\na\n"));
}
