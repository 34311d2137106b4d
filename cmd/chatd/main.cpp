// chatd: the chat of a platform. Options, wiring, run.
#include "app/run.hpp"
#include "options.hpp"
#include "service.hpp"

int main(int argc, char** argv) {
  return sluice::app::run_main(argc, argv, sluice::chatd::program(), sluice::chatd::serve);
}
