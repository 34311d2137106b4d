// The linear model: its file, its training, the kinds of words it knows, its calibration.
#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "automod/calibration.hpp"
#include "automod/training.hpp"

using namespace sluice;
using namespace sluice::automod;

namespace {
Folder& folder() {
  static Folder the_one = *Folder::make();
  return the_one;
}
// Families stand in blocks of twelve for the folds; the toy has a block of each category for each of two
// folds.
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

TEST_CASE("templates are filled from slots and the word list; what is made of one is in one fold") {
  const Templates templates = *parse_templates(small, words());
  CHECK(templates.slots.at("words:rude") == std::vector<std::string>{"grumf"});
  const std::vector<Example> examples = make_examples(templates, 40, 1);
  std::map<std::size_t, std::set<std::size_t>> folds_of;
  for (const Example& example : examples) {
    CHECK(example.text.find('{') == std::string::npos);
    CHECK(example.fold < folds);
    folds_of[example.family].insert(example.fold);
  }
  CHECK(folds_of.size() == templates.templates.size());
  for (const auto& [family, of] : folds_of) CHECK(of.size() == 1);
  CHECK(std::ranges::count(examples, true, &Example::natural) == 2 * 4);  // of the two without slots
  CHECK(make_examples(templates, 40, 1)[7].text == examples[7].text);
  CHECK(make_examples(templates, 40, 2)[7].text != examples[7].text);
  CHECK_FALSE(parse_templates("rude {nothing} here", {}));
  CHECK(parse_templates("ok fine\nNo", {}).error().what.starts_with("line 2: "));
}

namespace {
// Sixty families of either category, so that every fold has some.
std::vector<Example> many() {
  std::string text = "@bad: zorgish | vlumpy | zorgian | zorgling\n@good: kind | lovely | clever | brave\n";
  for (int i = 0; i < 60; ++i) {
    const std::string before = "word" + std::to_string(i % 20) + " thing" + std::to_string(i) + " you are ";
    text += "rude " + before + "{bad}\nok " + before + "{good}\n";
    text += "rude so zorgish number" + std::to_string(i) + "\nok so lovely number" + std::to_string(i) + "\n";
  }
  return make_examples(*parse_templates(text, {}), 8, 1);
}
const automod::Settings quick{.buckets = 1 << 17, .rounds = 8, .toxic_share = 0.5};
}  // namespace

TEST_CASE("what was learnt from some templates holds in others, and is the same for the same seed") {
  const std::vector<Example> examples = many();
  const Trained trained = train(folder(), {}, examples, quick);
  CHECK(trained.weights.categories == std::vector<std::string>{"any", "rude"});
  std::size_t right = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const Guess guessed = guess(trained.weights.categories, trained.held_out[i]);
    right += (guessed.score >= 0.5) == !examples[i].category.empty();
  }
  CHECK(static_cast<double>(right) > 0.95 * static_cast<double>(examples.size()));
  const std::vector<Example> fresh{{.text = "you z0rg1sh one", .category = "rude"},
                                   {.text = "you are so lovely", .category = ""}};
  const Measure got = measure(fresh, guesses(folder(), trained.weights, fresh), 0.5);
  CHECK((got.right == 1 && got.wrong == 0 && got.missed == 0 && got.innocent == 1));
  CHECK(score(trained.weights, "you z0rg1sh one") > 0.5);
  CHECK(score(trained.weights, "you are so lovely") < 0.5);
  CHECK(score(trained.weights, "...") == -1);
  CHECK(train(folder(), {}, examples, quick).weights.weights == trained.weights.weights);
}

TEST_CASE("words that nothing was learnt of leave a message where the calibration has it") {
  const Trained trained = train(folder(), {}, many(), quick);
  const double none = score(trained.weights, "qqq");
  CHECK(score(trained.weights, "jumble wumble xylo yucca") == Approx(none).margin(0.1));
  CHECK(none < 0.7);
}

TEST_CASE("a word of a kind stands for its like") {
  const Kinds kinds = *Kinds::parse("bad: zorgish vlumpy unseen\ngood: kind lovely\n", folder());
  const Trained with = train(folder(), kinds, many(), quick);
  const Trained without = train(folder(), {}, many(), quick);
  CHECK(score(with.weights, "you are unseen") > score(without.weights, "you are unseen") + 0.1);
}

TEST_CASE("kinds are read, compared folded, and written as they are compared") {
  const Kinds kinds = *Kinds::parse("# a comment\n\nbad: Idiot loosers \ngood: nice\n", folder());
  CHECK(kinds.words() == 3);
  CHECK(kinds.of(U"idiot") == 1);
  CHECK(kinds.of(U"losers") == 1);  // letters without repetition
  CHECK(kinds.of(U"nice") == 2);
  CHECK(kinds.of(U"else") == 0);
  CHECK(kinds.render() == "bad: idiot losers\ngood: nice\n");
  const auto again = Kinds::parse_folded(kinds.render());
  REQUIRE(again);
  CHECK(again->render() == kinds.render());
  CHECK(Kinds::parse("bad: fine\nNo kind", folder()).error().what.starts_with("line 2: "));
  CHECK_FALSE(Kinds::parse("bad: two-words", folder()));
  CHECK_FALSE(Kinds::parse("bad: ...", folder()));
  CHECK_FALSE(Kinds::parse("bad: \xff", folder()));
  CHECK_FALSE(Kinds::parse_folded("\xff: a"));
}

TEST_CASE("calibrated margins are the shares that were observed, at the share that is asked for") {
  std::mt19937_64 random(3);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) / 9007199254740992.; };
  std::vector<Observed> observed;
  for (int i = 0; i < 20'000; ++i) {
    const double margin = 6 * uniform() - 3;
    observed.push_back({margin, uniform() < probability(2 * margin)});
  }
  const Line line = calibrated(observed, 0.5);
  CHECK(line.slope == Approx(2).margin(0.15));
  CHECK(line.offset == Approx(0).margin(0.1));
  CHECK(calibrated(observed, 0.1).offset == Approx(std::log(0.1 / 0.9)).margin(0.3));
  for (Observed& one : observed) one.margin = -one.margin;
  CHECK(calibrated(observed, 0.5).slope == 0);  // never falling
  const Line unchanged = calibrated({{1, true}, {2, true}}, 0.5);
  CHECK((unchanged.slope == 1 && unchanged.offset == 0));
}

TEST_CASE("a model's file is read as it was written, and refused when it is not whole") {
  Weights weights = Weights::zero({"a", "b-c"}, 8);
  weights.bias = {0.5f, -1};
  weights.unit = {0.25f, 2};
  weights.weights[3] = -127;
  weights.kinds = *Kinds::parse("bad: idiot\n", folder());
  const std::string file = render_weights(weights);
  const auto read = parse_weights(file);
  REQUIRE(read);
  CHECK((read->categories == weights.categories && read->bias == weights.bias && read->unit == weights.unit &&
         read->weights == weights.weights && read->kinds.render() == weights.kinds.render()));
  for (std::size_t size = 0; size < file.size(); ++size) CHECK_FALSE(parse_weights(file.substr(0, size)));
  CHECK_FALSE(parse_weights(file + "x"));
  std::string broken = file;
  broken.replace(file.size() - 16 - 4, 4, std::string("\x00\x00\xc0\x7f", 4));  // a unit that is not a number
  CHECK_FALSE(parse_weights(broken));
  CHECK_FALSE(parse_weights("sluice-automod-model 1\n8\na\n"));
  CHECK_FALSE(parse_weights("sluice-automod-model 2\n7\na\n0\n"));
  CHECK_FALSE(parse_weights("sluice-automod-model 2\n4294967295\na\n0\n"));
  CHECK_FALSE(parse_weights("sluice-automod-model 2\n8\na\n4294967295\n"));
}

TEST_CASE("the score is that of any, the category the likeliest, and none is likelier than any") {
  Weights weights = Weights::zero({"a", "any", "b"}, 8);
  weights.bias = {1, 2, 3};
  Words cut;
  const Folded folded = folder().fold("hello");
  cut_words(folded.text, cut);
  const Message message;
  const Opinion opinion = LinearModel(weights).opinion({message, "", folded, cut});
  REQUIRE(opinion.scores.size() == 2);
  CHECK(opinion.scores[0].score == Approx(probability(1)));
  CHECK(opinion.scores[1].category == "b");
  CHECK(opinion.scores[1].score == Approx(probability(2)));
}
