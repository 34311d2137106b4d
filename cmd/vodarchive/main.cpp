// vodarchive: recordings of streams in S3.
#include <signal.h>

#include "app/run.hpp"
#include "options.hpp"
#include "serve.hpp"
#include "upload.hpp"

namespace {

using namespace sluice;

Result<int> run(const app::Settings& settings) {
  ::signal(SIGPIPE, SIG_IGN);  // of connections that a store closes; libcurl says what became of them
  return settings.command() == "serve" ? vodarchive::serve(settings) : vodarchive::upload(settings);
}

}  // namespace

int main(int argc, char** argv) { return sluice::app::run_main(argc, argv, sluice::vodarchive::program(), run); }
