#include "options.hpp"

#include "app/platform.hpp"

namespace sluice::vodarchive {

using app::Kind;

namespace {

// Where to and how; of both commands.
std::vector<app::Option> shared_options() {
  return {app::platform_options().front(),  // --dir
          {.name = "vod", .metavar = "URL", .help = "where recordings go: s3://BUCKET or s3://BUCKET/PREFIX"},
          {.name = "s3-endpoint",
           .metavar = "URL",
           .help = "the S3 service, http://HOST:PORT or https://HOST, the bucket then in the path; without it Amazon's own, the bucket in the host's name"},
          {.name = "s3-region", .metavar = "REGION", .fallback = "us-east-1", .help = "the region that requests are signed for"},
          {.name = "s3-credentials",
           .kind = Kind::path,
           .metavar = "FILE",
           .help = "file with the keys, readable by its owner alone; without it AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
           .reloads = true},
          {.name = "ca-file", .kind = Kind::path, .metavar = "FILE", .help = "certificates to trust for https, in PEM, instead of the system's"},
          {.name = "at-once", .kind = Kind::integer, .metavar = "N", .fallback = "4", .help = "uploads at one time", .min = 1, .max = 64},
          {.name = "upload-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "60s", .help = "an upload that takes longer has failed"}};
}

}  // namespace

const app::Program& program() {
  static const app::Program table{
      .name = "vodarchive",
      .section = 1,
      .summary = "keep recordings of streams in S3",
      .commands = {{.path = "", .options = shared_options()},
                   {.path = "upload",
                    .summary = "upload ledgers while they are written, until their streams have ended",
                    .options = {{.name = "no-follow", .kind = Kind::flag, .help = "upload what is finished now, and exit"}},
                    .positionals = {{.name = "LEDGER", .help = "a stream's ledger", .repeats = true}}},
                   {.path = "serve", .summary = "upload every stream of a platform, as a daemon", .options = app::daemon_options()}},
  };
  return table;
}

}  // namespace sluice::vodarchive
