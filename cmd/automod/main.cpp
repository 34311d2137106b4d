// automod: judges chat messages. Lines of JSON in, a verdict for each out.
#include "app/run.hpp"
#include "filter.hpp"
#include "options.hpp"
#include "train.hpp"

namespace {

using namespace sluice;

Result<int> run(const app::Settings& settings) {
  if (settings.command() == "train") return automod::train_model(settings);
  SLUICE_TRY_VALUE(automod::Filter filter, automod::Filter::make(settings));
  return filter.run();
}

}  // namespace

int main(int argc, char** argv) {
  return sluice::app::run_main(argc, argv, sluice::automod::program(), run);
}
