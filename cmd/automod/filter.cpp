#include "filter.hpp"

#include <array>
#include <cerrno>
#include <cstdio>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "app/run.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "places.hpp"

namespace sluice::automod {

namespace {

constexpr std::size_t written_at_once = 64 * 1024;

volatile sig_atomic_t reload_asked = 0;

// Signals are taken while we wait for input and at no other time.
void take_reloads() {
  struct sigaction action {};
  action.sa_handler = [](int) { reload_asked = 1; };
  ::sigaction(SIGHUP, &action, nullptr);
  sigset_t hangup;
  ::sigemptyset(&hangup);
  ::sigaddset(&hangup, SIGHUP);
  ::sigprocmask(SIG_BLOCK, &hangup, nullptr);
}

// False: a signal came.
Result<bool> wait_for_input() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  sigset_t none;
  ::sigemptyset(&none);
  if (::ppoll(&input, 1, nullptr, &none) >= 0) return true;
  if (errno == EINTR) return false;
  return fail_errno("wait for standard input");
}

}  // namespace

Result<Filter> Filter::make(const app::Settings& settings) {
  take_reloads();
  Filter filter;
  filter.diff_ = settings.flag("diff");
  filter.json_ = settings.flag("json");
  filter.summarise_ = settings.flag("summary");
  filter.telling_.explain = settings.flag("explain");
  SLUICE_TRY_VALUE(Folder folder, Folder::make());
  SLUICE_TRY_VALUE(Lists lists, read_lists(settings, folder));
  Classifier* classifier = nullptr;
  if (settings.has("exec")) {
    filter.command_ = std::make_unique<Command>(
        settings.text("exec"),
        Command::Patience{settings.duration("deadline"), settings.duration("exec-start"),
                          settings.duration("exec-wait")},
        *action_named(settings.text("at-deadline")), system_clock());
    classifier = filter.command_.get();
  } else {
    SLUICE_TRY_VALUE(std::optional<Weights> weights, read_model(settings));
    if (weights) filter.model_ = std::make_unique<LinearModel>(*std::move(weights));
    classifier = filter.model_.get();
  }
  Policy policy{static_cast<int>(settings.integer("level")), settings.list("exempt"),
                settings.list("permit-domain")};
  for (std::string& domain : policy.permitted_domains) domain = to_utf8(folder.fold(domain).text);
  filter.judge_ = std::make_unique<Judge>(std::move(folder), std::move(lists), classifier, std::move(policy));
  return filter;
}

void Filter::read_again() {
  const auto settings = app::parse_again();
  auto lists = settings ? read_lists(*settings, judge_->folder()) : std::unexpected(settings.error());
  auto weights = lists && model_ ? read_model(*settings) : Result<std::optional<Weights>>(std::nullopt);
  if (!lists || !weights)
    return log::error("the lists stay as they were", {lists ? weights.error() : lists.error()});
  log::info("the lists were read again", {{"entries", lists->entries().size()}});
  judge_->swap_lists(*std::move(lists));
  if (*weights) model_->swap(**std::move(weights));
}

void Filter::refuse(BadLine bad) {
  bad_lines_ = true;
  summary_.bad_line();
  out_ += render_error(bad, number_);
}

Result<> Filter::answer(std::string_view line) {
  const Steady begin = system_clock().steady();
  auto input = parse_input(line);
  if (!input) return refuse(input.error()), Result<>();
  if (auto* definition = std::get_if<Definition>(&*input)) {
    const Judge::Defined defined = judge_->define(*definition);
    out_ += render_defined(*definition, defined);
    return {};
  }
  const Message* message = &std::get<Message>(*input);
  const auto judgement = judge_->judge(*message, line);
  if (!judgement) return refuse({message->id_json, judgement.error().what}), Result<>();
  const Action was = message->earlier.value_or(Action::allow);
  const bool differs = judgement->decisive.verdict != was;
  if (diff_) telling_.was = was;
  if (!diff_ || differs) out_ += render_verdict(*message, *judgement, telling_);
  summary_.judged(*judgement, differs,
                  std::chrono::duration_cast<microseconds>(system_clock().steady() - begin));
  return command_ || out_.size() >= written_at_once ? flush()
                                                    : Result<>();  // a command may take its time for the next
}

Result<> Filter::answer_all(std::optional<Lines::Line> (Lines::*next)()) {
  while (const auto line = (lines_.*next)()) {
    ++number_;
    if (line->too_long)
      refuse({"null", "longer than " + std::to_string(longest_line) + " bytes"});
    else
      SLUICE_TRY(answer(line->text));
  }
  return {};
}

Result<> Filter::flush() {
  SLUICE_TRY(os::write_all(STDOUT_FILENO, as_bytes(out_)));
  out_.clear();
  return {};
}

Result<int> Filter::run() {
  if (command_) {
    ::signal(SIGPIPE, SIG_IGN);  // of the command: it is replaced
    SLUICE_TRY(command_->start());
  }
  std::array<std::byte, 64 * 1024> bytes;
  for (;;) {
    if (reload_asked) {
      reload_asked = 0;
      read_again();
    }
    SLUICE_TRY_VALUE(const bool input, wait_for_input());
    if (!input) continue;
    const ssize_t n = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read standard input");
    if (n == 0) break;
    lines_.feed({bytes.data(), static_cast<std::size_t>(n)});
    SLUICE_TRY(answer_all(&Lines::next));
    SLUICE_TRY(flush());
  }
  SLUICE_TRY(answer_all(&Lines::last));
  SLUICE_TRY(flush());
  if (summarise_) std::fputs(summary_.text(json_).c_str(), stderr);
  return bad_lines_ ? app::exit_failed : app::exit_done;
}

}  // namespace sluice::automod
