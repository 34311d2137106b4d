#include "options.hpp"

#include "media/ladder.hpp"

using sluice::app::Kind;

namespace {
sluice::Result<> check_ladder(const std::string& spec) {
  SLUICE_TRY(sluice::media::parse_ladder(spec));
  return {};
}
}  // namespace

const sluice::app::Program& program() {
  static const sluice::app::Program table{
      .name = "transcode",
      .section = 1,
      .summary = "turn one live stream into a ladder of renditions",
      .commands = {{
          .path = "",
          .summary = "read a stream on standard input, write every rendition to standard output",
          .options =
              {
                  {.name = "ladder", .kind = Kind::text, .metavar = "SPEC", .fallback = "auto",
                   .help = "renditions: auto, none, or a list such as 720p30:3000,480p30:1500,source; with audio beside it, sound alone, too", .letter = 'l', .check = check_ladder},
                  {.name = "source", .kind = Kind::choice, .metavar = "HOW", .fallback = "auto",
                   .help = "pass the source's video through, encode it again, or decide by its keyframe interval",
                   .choices = {"auto", "copy", "encode"}},
                  {.name = "segment", .kind = Kind::duration, .metavar = "TIME", .fallback = "2s",
                   .help = "segment target: distance of keyframes, and measure of the source's keyframe interval"},
                  {.name = "shed", .kind = Kind::choice, .metavar = "WHEN", .fallback = "auto",
                   .help = "give up rungs when the machine cannot keep up; auto: when ingestd feeds the stream",
                   .choices = {"auto", "on", "off"}},
                  {.name = "shed-lag", .kind = Kind::duration, .metavar = "TIME", .fallback = "1.5s",
                   .help = "how far output may fall behind input before a rung is shed"},
                  {.name = "shed-quiet", .kind = Kind::duration, .metavar = "TIME", .fallback = "30s",
                   .help = "how long the machine must keep up before a shed rung returns"},
                  {.name = "preset", .kind = Kind::choice, .metavar = "NAME", .fallback = "veryfast", .help = "x264 preset",
                   .choices = {"ultrafast", "superfast", "veryfast", "faster", "fast", "medium"}},
                  {.name = "lookahead", .kind = Kind::integer, .metavar = "FRAMES", .fallback = "5",
                   .help = "frames x264 holds back to judge what comes", .min = 0, .max = 60},
                  {.name = "audio-rate", .kind = Kind::integer, .metavar = "KBITS", .fallback = "160",
                   .help = "rate of AAC made from other audio codecs", .min = 32, .max = 512},
                  {.name = "cores", .kind = Kind::integer, .metavar = "N", .fallback = "0",
                   .help = "processors the automatic ladder may use, 0: those of the machine, shared among a worker's jobs", .min = 0, .max = 1024},
                  {.name = "metrics", .kind = Kind::endpoint, .metavar = "ADDRESS:PORT",
                   .help = "serve /metrics there; a worker serves /health too"},
                  {.name = "progress", .kind = Kind::choice, .metavar = "WHEN", .fallback = "auto",
                   .help = "a line of progress on standard error; auto: on a terminal", .choices = {"auto", "always", "never"}},
                  {.name = "dispatch", .kind = Kind::text, .metavar = "URL",
                   .help = "have a worker do it, found through the Redis server redis://HOST[:PORT][/DB]"},
                  {.name = "worker", .kind = Kind::text, .metavar = "URL",
                   .help = "do what others dispatch, found through the same Redis server, until told to stop"},
                  {.name = "secret-file", .kind = Kind::path, .metavar = "FILE",
                   .help = "the secret that dispatchers and workers share, 16 characters or more"},
                  {.name = "redis-password-file", .kind = Kind::path, .metavar = "FILE", .help = "the Redis server's password"},
                  {.name = "queue", .kind = Kind::text, .metavar = "NAME", .fallback = "jobs",
                   .help = "the queue of jobs in Redis: workers take those of their own queue only"},
                  {.name = "listen", .kind = Kind::endpoint, .metavar = "ADDRESS:PORT", .fallback = "127.0.0.1:0",
                   .help = "where --dispatch awaits its worker, port 0 for any"},
                  {.name = "reach", .kind = Kind::endpoint, .metavar = "ADDRESS:PORT",
                   .help = "where workers reach that, if it is another address; port 0: the port that it listens on"},
                  {.name = "take-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "8s",
                   .help = "how long --dispatch waits for a worker"},
                  {.name = "untaken", .kind = Kind::choice, .metavar = "WHAT", .fallback = "retry",
                   .help = "when none came in time: end with exit code 75, for whoever feeds us to try again, or transcode here",
                   .choices = {"retry", "local"}},
                  {.name = "peer-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "4s",
                   .help = "how long dispatcher and worker may hear nothing of one another"},
                  {.name = "jobs", .kind = Kind::integer, .metavar = "N", .fallback = "1", .help = "jobs a worker does at once",
                   .min = 1, .max = 256},
                  {.name = "name", .kind = Kind::text, .metavar = "NAME",
                   .help = "a worker's name in Redis and in its dispatchers' logs; the host's when not given"},
                  {.name = "finish-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "0s",
                   .help = "how long a worker's jobs go on after SIGTERM before they are handed back"},
                  {.name = "drain-time", .kind = Kind::duration, .metavar = "TIME", .fallback = "10s",
                   .help = "how long a worker may take to stop after SIGTERM"},
                  {.name = "ready-fd", .kind = Kind::integer, .metavar = "FD",
                   .help = "a worker writes a newline to this descriptor once ready, then closes it", .min = 1, .max = 1 << 20},
              },
      }},
  };
  return table;
}
