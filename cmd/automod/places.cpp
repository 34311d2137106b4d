#include "places.hpp"

#include <filesystem>

#include "app/run.hpp"
#include "os/file.hpp"

namespace sluice::automod {

namespace {

// share/sluice/automod beside the program's bin
std::string place_of(const std::string& given, const char* shipped) {
  if (given != "default") return given;
  return (std::filesystem::path(app::executable_folder()).parent_path() / "share/sluice/automod" / shipped)
      .string();
}

std::unexpected<Error> wrong(const std::string& path, const Error& error) {
  return fail(Errc::config, path + ": " + error.what, error.hint);
}

Result<std::string> read_whole(const std::string& path) {
  auto content = os::read_file(path);
  if (!content) return fail(Errc::config, content.error().what, content.error().hint);
  return content;
}

}  // namespace

Result<std::vector<Entry>> read_words(const app::Settings& settings) {
  std::vector<Entry> all;
  for (const std::string& given : settings.list("words")) {
    const std::string path = place_of(given, "words");
    SLUICE_TRY_VALUE(const std::string file, read_whole(path));
    auto entries = parse_word_list(file);
    if (!entries) return wrong(path, entries.error());
    all.insert(all.end(), std::make_move_iterator(entries->begin()), std::make_move_iterator(entries->end()));
  }
  return all;
}

Result<Lists> read_lists(const app::Settings& settings, Folder& folder) {
  SLUICE_TRY_VALUE(std::vector<Entry> entries, read_words(settings));
  auto lists = Lists::compile(folder, std::move(entries));
  if (!lists) return wrong("word lists", lists.error());
  return lists;
}

Result<std::optional<Weights>> read_model(const app::Settings& settings) {
  if (settings.text("model") == "none") return std::nullopt;
  const std::string path = place_of(settings.text("model"), "model");
  SLUICE_TRY_VALUE(const std::string file, read_whole(path));
  auto weights = parse_weights(file);
  if (!weights) return wrong(path, weights.error());
  return std::optional(*std::move(weights));
}

}  // namespace sluice::automod
