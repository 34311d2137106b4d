// What segmenter becomes for containers and segments that need libav; see containers.hpp.
#include "../segmenter/options.hpp"
#include "../segmenter/segment.hpp"
#include "app/run.hpp"

int main(int argc, char** argv) {
  using namespace sluice;
  return app::run_main(argc, argv, segmenter::program(), [](const app::Settings& settings) { return segmenter::segment(settings, segmenter::with_libav()); });
}
