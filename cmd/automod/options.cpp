#include "options.hpp"

namespace sluice::automod {

using app::Kind;

namespace {
// The shell takes a blank one, does nothing, and ends: it would be started again for ever.
Result<> check_command(const std::string& value) {
  if (value.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Errc::config, "it is blank, and no command", "leave --exec out to have the model's scores");
  return {};
}
}  // namespace

const app::Program& program() {
  static const app::Program table{
      .name = "automod",
      .section = 1,
      .summary = "judge chat messages: JSON lines in, verdicts out",
      .commands =
          {{.path = "",
            .summary = "judge the messages of standard input",
            .options = {{.name = "level",
                         .kind = Kind::integer,
                         .metavar = "N",
                         .fallback = "2",
                         .help = "how strict, 0 to 4: a score of 0.9, 0.8, 0.7, 0.6, 0.5 is too much, and "
                                 "from 3 on that blocks",
                         .min = 0,
                         .max = 4},
                        {.name = "words",
                         .kind = Kind::path,
                         .metavar = "FILE",
                         .fallback = "default",
                         .help = "a word list; 'default' is the one that comes with automod",
                         .repeats = true},
                        {.name = "model",
                         .kind = Kind::path,
                         .metavar = "FILE",
                         .fallback = "default",
                         .help = "the classifier's weights; 'default' are those that come with automod, "
                                 "'none' leaves scores out"},
                        {.name = "permit-domain",
                         .kind = Kind::text,
                         .metavar = "DOMAIN",
                         .help = "links to it and what is below it are no spam; '*' permits all",
                         .repeats = true},
                        {.name = "exempt",
                         .kind = Kind::text,
                         .metavar = "ROLE",
                         .fallback = "broadcaster,moderator",
                         .help = "whose author has that role is allowed everything",
                         .repeats = true},
                        {.name = "exec",
                         .kind = Kind::text,
                         .metavar = "COMMAND",
                         .help = "a command for the shell that gives scores in place of the model: the same "
                                 "lines in, the same lines out",
                         .check = check_command},
                        {.name = "deadline",
                         .kind = Kind::duration,
                         .metavar = "TIME",
                         .fallback = "200ms",
                         .help = "how long the command may take for a message"},
                        {.name = "exec-start",
                         .kind = Kind::duration,
                         .metavar = "TIME",
                         .fallback = "2m",
                         .help = "how long the command may load: from its first message to its first answer"},
                        {.name = "exec-wait",
                         .kind = Kind::duration,
                         .metavar = "TIME",
                         .fallback = "1s",
                         .help = "how long after the start the first message waits for a command that loads"},
                        {.name = "at-deadline",
                         .kind = Kind::choice,
                         .metavar = "VERDICT",
                         .fallback = "hold",
                         .help = "the command's verdict where it gives none in time",
                         .choices = {"hold", "allow"}},
                        {.name = "diff",
                         .kind = Kind::flag,
                         .help = "print only what differs from the verdict that came with the message"},
                        {.name = "explain",
                         .kind = Kind::flag,
                         .help = "tell everything that was found, and the text as it was compared"},
                        {.name = "summary",
                         .kind = Kind::flag,
                         .help =
                             "at the end, say on standard error how many of what, and how long they took"}}},
           {.path = "train",
            .summary = "train the classifier from templates, and print what it reaches on those held out",
            .options = {{.name = "out",
                         .kind = Kind::path,
                         .metavar = "FILE",
                         .help = "where the weights are written; unset: nowhere"},
                        {.name = "measure",
                         .kind = Kind::path,
                         .metavar = "FILE",
                         .help = "lines of CATEGORY TEXT to measure on beside what is held out; messages "
                                 "with the words of one are not learnt from",
                         .repeats = true},
                        {.name = "list",
                         .kind = Kind::path,
                         .metavar = "FILE",
                         .help = "where the messages that it learnt from are written, as lines of CATEGORY "
                                 "TEXT; unset: nowhere"},
                        {.name = "kinds",
                         .kind = Kind::path,
                         .metavar = "FILE",
                         .help = "lines of KIND: WORD WORD, which words are of one sort; unset: none"},
                        {.name = "seed",
                         .kind = Kind::integer,
                         .metavar = "N",
                         .fallback = "1",
                         .help = "the same seed gives the same weights",
                         .min = 0},
                        {.name = "examples",
                         .kind = Kind::integer,
                         .metavar = "N",
                         .fallback = "8",
                         .help = "messages made from each template",
                         .min = 1,
                         .max = 10000}},
            .positionals = {{.name = "TEMPLATES", .help = "files of templates", .repeats = true}}}},
  };
  return table;
}

}  // namespace sluice::automod
