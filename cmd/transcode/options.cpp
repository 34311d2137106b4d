#include "options.hpp"

using sluice::app::Kind;

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
                   .help = "renditions: auto, none, or a list such as 720p30:3000,480p30:1500,source", .letter = 'l'},
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
                   .help = "processors the automatic ladder may use, 0: those of the machine", .min = 0, .max = 1024},
                  {.name = "metrics", .kind = Kind::endpoint, .metavar = "ADDRESS:PORT",
                   .help = "serve /metrics there"},
                  {.name = "progress", .kind = Kind::choice, .metavar = "WHEN", .fallback = "auto",
                   .help = "a line of progress on standard error; auto: on a terminal", .choices = {"auto", "always", "never"}},
              },
      }},
  };
  return table;
}
