#include "train.hpp"

#include <cmath>
#include <cstdio>

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
  const auto rounded = [](double share) { return std::round(share * 1000) / 1000; };
  head.update({{"of", of},
               {"threshold", at},
               {"precision", rounded(got.precision())},
               {"recall", rounded(got.recall())},
               {"right", got.right},
               {"wrong", got.wrong},
               {"missed", got.missed}});
  print(head);
}

// Toxic or not at each level's threshold, and each category at that of level 2.
void print_rows(ordered_json head, Folder& folder, const Weights& weights,
                const std::vector<Example>& examples) {
  head["messages"] = examples.size();
  for (int level = 0; level <= highest_level; ++level)
    print_row(head, "toxic or not", threshold(level), measure(folder, weights, examples, threshold(level)));
  for (const std::string& category : weights.categories)
    if (category != any_category)
      print_row(head, category, threshold(2), measure(folder, weights, examples, threshold(2), category));
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
  const auto seed = static_cast<std::uint64_t>(settings.integer("seed"));
  const Split split = make_examples(templates, static_cast<std::size_t>(settings.integer("examples")), seed);
  automod::Settings training;
  training.seed = seed;
  const Weights weights = train(folder, split.train, training);
  print({{"templates", templates.templates.size()}, {"trained_on", split.train.size()}, {"seed", seed}});
  print_rows({{"templates", "held out"}, {"fillings", "known"}}, folder, weights, split.held_out);
  print_rows({{"templates", "held out"}, {"fillings", "new"}}, folder, weights, split.held_out_new);
  if (settings.has("measure")) {
    SLUICE_TRY_VALUE(const std::string file, os::read_file(settings.text("measure")));
    SLUICE_TRY_VALUE(const std::vector<Example> natural, parse_examples(file));
    print_rows({{"templates", "none"}, {"fillings", "none"}}, folder, weights, natural);
  }
  if (settings.has("out"))
    SLUICE_TRY(os::write_file_atomically(settings.text("out"), render_weights(weights)));
  return app::exit_done;
}

}  // namespace sluice::automod
