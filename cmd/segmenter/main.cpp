#include "app/run.hpp"
#include "options.hpp"
#include "segment.hpp"

int main(int argc, char** argv) {
  using namespace sluice;
  return app::run_main(argc, argv, segmenter::program(), [argv](const app::Settings& settings) -> Result<int> {
    if (settings.has("finish") && !settings.text("finish").empty())
      return segmenter::finish(settings.text("finish"));
    if (settings.has("gaps") && !settings.text("gaps").empty())
      return segmenter::fill_gaps(settings.text("gaps"));
    return segmenter::segment(settings, segmenter::without_libav(argv));
  });
}
