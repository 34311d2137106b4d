#pragma once
// What automod reads before its first message: word lists and weights.
#include "app/options.hpp"
#include "automod/linear_model.hpp"
#include "automod/lists.hpp"

namespace sluice::automod {

// The entries of every --words. Errc::config names the file and the line.
Result<std::vector<Entry>> read_words(const app::Settings& settings);
Result<Lists> read_lists(const app::Settings& settings, Folder& folder);
// Nothing with --model none.
Result<std::optional<Weights>> read_model(const app::Settings& settings);

}  // namespace sluice::automod
