#include "train.hpp"

#include <cmath>
#include <cstdio>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "app/run.hpp"
#include "automod/judge.hpp"
#include "automod/training.hpp"
#include "os/file.hpp"
#include "places.hpp"

namespace sluice::automod {

namespace {
using nlohmann::ordered_json;

void print(const ordered_json& line) {
  std::fputs((line.dump() + "\n").c_str(), stdout);
}

void print_row(ordered_json head, std::string_view of, double at, const Measure& got) {
  const auto rounded = [](double share) { return std::round(share * 10000) / 10000; };
  head.update({{"of", of},
               {"threshold", at},
               {"precision", rounded(got.precision())},
               {"recall", rounded(got.recall())},
               {"false_share", rounded(got.false_share())},
               {"right", got.right},
               {"wrong", got.wrong},
               {"missed", got.missed}});
  print(head);
}

// Toxic or not at each level's threshold, and each category at that of level 2.
void print_rows(ordered_json head, const Weights& weights, const std::vector<Example>& examples,
                const std::vector<Guess>& guesses) {
  head["messages"] = examples.size();
  for (int level = 0; level <= highest_level; ++level)
    print_row(head, "toxic or not", threshold(level), measure(examples, guesses, threshold(level)));
  for (const std::string& category : weights.categories)
    if (category != any_category)
      print_row(head, category, threshold(2), measure(examples, guesses, threshold(2), category));
}

// What was learnt without them says of the examples that somebody wrote.
void print_held_out(const std::vector<Example>& examples, const Trained& trained) {
  std::vector<Example> natural;
  std::vector<Guess> guessed;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (!examples[i].natural) continue;
    natural.push_back(examples[i]);
    guessed.push_back(guess(trained.weights.categories, trained.held_out[i]));
  }
  print_rows({{"on", "held out in turn"}}, trained.weights, natural, guessed);
}

std::string listed(const std::vector<Example>& examples) {
  std::string out;
  for (const Example& example : examples)
    out += (example.category.empty() ? "ok" : example.category) + " " + example.text + "\n";
  return out;
}

Result<Kinds> read_kinds(const app::Settings& settings, Folder& folder) {
  if (!settings.has("kinds")) return Kinds();
  SLUICE_TRY_VALUE(const std::string file, os::read_file(settings.text("kinds")));
  auto kinds = Kinds::parse(file, folder);
  if (!kinds) return fail(Errc::config, settings.text("kinds") + ": " + kinds.error().what);
  return kinds;
}
}  // namespace

Result<int> train_model(const app::Settings& settings) {
  SLUICE_TRY_VALUE(Folder folder, Folder::make());
  SLUICE_TRY_VALUE(const std::vector<Entry> words, read_words(settings));
  std::string text;
  for (const std::string& path : settings.positionals("TEMPLATES")) {
    SLUICE_TRY_VALUE(const std::string file, os::read_file(path));
    text += file + "\n";
  }
  SLUICE_TRY_VALUE(const Templates templates, parse_templates(text, words));
  SLUICE_TRY_VALUE(const Kinds kinds, read_kinds(settings, folder));
  const auto seed = static_cast<std::uint64_t>(settings.integer("seed"));
  std::vector<Example> examples =
      make_examples(templates, static_cast<std::size_t>(settings.integer("examples")), seed);
  std::vector<std::pair<std::string, std::vector<Example>>> measured;
  for (const std::string& path : settings.list("measure")) {
    SLUICE_TRY_VALUE(const std::string file, os::read_file(path));
    SLUICE_TRY_VALUE(std::vector<Example> lines, parse_examples(file));
    leave_out(folder, lines, examples);
    measured.emplace_back(std::filesystem::path(path).filename().string(), std::move(lines));
  }
  automod::Settings training;
  training.seed = seed;
  const Trained trained = train(folder, kinds, examples, training);
  print({{"templates", templates.templates.size()}, {"trained_on", examples.size()}, {"seed", seed}});
  print_held_out(examples, trained);
  for (const auto& [name, lines] : measured)
    print_rows({{"on", name}}, trained.weights, lines, guesses(folder, trained.weights, lines));
  if (settings.has("list")) SLUICE_TRY(os::write_file_atomically(settings.text("list"), listed(examples)));
  if (settings.has("out"))
    SLUICE_TRY(os::write_file_atomically(settings.text("out"), render_weights(trained.weights)));
  return app::exit_done;
}

}  // namespace sluice::automod
