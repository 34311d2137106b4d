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

ordered_json row(const Measure& got, double at) {
  const auto rounded = [](double share) { return std::round(share * 1000) / 1000; };
  return {{"threshold", at},
          {"precision", rounded(got.precision())},
          {"recall", rounded(got.recall())},
          {"right", got.right},
          {"wrong", got.wrong},
          {"missed", got.missed}};
}

ordered_json labelled(const char* name, const std::string& value, const ordered_json& rest) {
  ordered_json out{{name, value}};
  out.update(rest);
  return out;
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
  print({{"templates", templates.templates.size()},
         {"trained_on", split.train.size()},
         {"held_out", split.held_out.size()},
         {"seed", seed}});
  for (int level = 0; level <= highest_level; ++level)
    print(labelled("of", "all",
                   row(measure(folder, weights, split.held_out, threshold(level)), threshold(level))));
  for (const std::string& category : weights.categories)
    print(labelled("of", category,
                   row(measure(folder, weights, split.held_out, threshold(2), category), threshold(2))));
  if (settings.has("out"))
    SLUICE_TRY(os::write_file_atomically(settings.text("out"), render_weights(weights)));
  return app::exit_done;
}

}  // namespace sluice::automod
