#include "command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "base/utf8.hpp"
#include "log/log.hpp"

namespace sluice::automod {

namespace {
using nlohmann::json;

constexpr std::size_t most_owed = 64;
constexpr seconds between_starts{1};
constexpr std::size_t most_ranges = 64;

// Whether `fd` can be read or written before `until`.
bool wait_for(int fd, short events, Steady until, const Clock& clock) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - clock.steady()).count();
    pollfd polled{fd, events, 0};
    const int n = ::poll(&polled, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

Result<std::vector<Span>> parse_where(const json& where) {
  std::vector<Span> spans;
  if (!where.is_array() || where.size() > most_ranges)
    return fail(Errc::invalid, "where is no list of ranges");
  for (const json& range : where) {
    const auto number = [](const json& n) {
      return n.is_number_unsigned() && n.get<std::uint64_t>() <= longest_line;
    };
    if (!range.is_array() || range.size() != 2 || !number(range[0]) || !number(range[1]))
      return fail(Errc::invalid, "where is no list of ranges");
    spans.push_back({range[0].get<std::uint32_t>(), range[1].get<std::uint32_t>()});
  }
  return spans;
}
}  // namespace

Result<Opinion> parse_opinion(std::string_view line, std::string_view id_json) {
  const json object = json::parse(to_valid_utf8(line), nullptr, false);
  if (!object.is_object()) return fail(Errc::invalid, "its answer is no JSON object: " + legible(line));
  if (const auto id = object.find("id");
      id != object.end() && id->dump(-1, ' ', false, json::error_handler_t::replace) != id_json)
    return fail(Errc::invalid, "it answers out of turn: " + legible(line));
  Opinion opinion;
  std::string category;
  if (const auto member = object.find("category"); member != object.end() && member->is_string())
    category = member->get<std::string>();
  if (!is_category(category)) category = "custom";
  if (const auto where = object.find("where"); where != object.end()) {
    SLUICE_TRY_VALUE(opinion.where, parse_where(*where));
  }
  const auto score = object.find("score");
  const auto verdict = object.find("verdict");
  if (score != object.end() && score->is_number()) {
    opinion.scores.push_back({category, std::clamp(score->get<double>(), 0., 1.)});
  } else if (verdict != object.end() && verdict->is_string()) {
    opinion.scores.push_back({category, 0});
    SLUICE_TRY_VALUE(opinion.verdict, action_named(verdict->get<std::string>()));
  } else {
    return fail(Errc::invalid, "its answer has neither score nor verdict: " + legible(line));
  }
  return opinion;
}

Command::Command(std::string line, Patience patience, Action at_deadline, const Clock& clock)
    : command_(std::move(line)), patience_(patience), at_deadline_(at_deadline), clock_(clock) {}

Result<> Command::start() {
  SLUICE_TRY_VALUE(os::Pipe in, os::make_pipe());
  SLUICE_TRY_VALUE(os::Pipe out, os::make_pipe());
  SLUICE_TRY_VALUE(child_, os::spawn({.line = command_, .input = in.read.get(), .output = out.write.get()}));
  SLUICE_TRY(os::set_nonblocking(in.write.get()));
  to_ = std::move(in.write);
  from_ = std::move(out.read);
  lines_ = Lines();
  owed_ = 0;
  loading_ = true;
  if (started_ == Steady{}) first_until_ = clock_.steady() + patience_.first;
  started_ = clock_.steady();
  return {};
}

bool Command::ready() {
  if (child_.running()) return true;
  if (clock_.steady() - started_ < between_starts) return false;
  const auto begun = start();
  if (!begun) {
    started_ = clock_.steady();
    log::error("the classifier cannot be started", {{"command", command_}, begun.error()});
  }
  return begun.has_value();
}

void Command::give_up(std::string_view why) {
  log::warn("the classifier is replaced", {{"command", command_}, {"why", why}});
  to_.reset();
  from_.reset();
  child_ = os::Child();  // kills its group
}

bool Command::send(std::string_view line, Steady until) {
  const std::string whole = std::string(line) + "\n";
  for (std::size_t sent = 0; sent < whole.size();) {
    const ssize_t n = ::write(to_.get(), whole.data() + sent, whole.size() - sent);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      if (wait_for(to_.get(), POLLOUT, until, clock_)) continue;
      give_up("it takes no more lines");
      return false;
    } else if (errno != EINTR) {
      give_up("it has ended");
      return false;
    }
  }
  ++owed_;
  return true;
}

std::optional<Lines::Line> Command::answer(Steady until) {
  std::array<std::byte, 16384> bytes;
  for (;;) {
    while (const auto line = lines_.next()) {
      if (loading_) first_answer(line->text);
      if (!child_.running()) return std::nullopt;
      --owed_;
      if (owed_ == 0) return line;  // those before it were late
    }
    if (!wait_for(from_.get(), POLLIN, until, clock_)) return std::nullopt;
    const ssize_t n = ::read(from_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      give_up("it has ended");
      return std::nullopt;
    }
    lines_.feed({bytes.data(), static_cast<std::size_t>(n)});
  }
}

// It may be late, and then nobody asks for it any more: a line that is no answer, as of a program that tells
// how it loads, would put all that follow out of turn.
void Command::first_answer(std::string_view line) {
  if (const auto opinion = parse_opinion(line, first_id_); !opinion) return give_up(opinion.error().what);
  loading_ = false;
  first_until_ = {};  // for one that takes its place later, messages wait no longer than for others
  const auto took = std::chrono::duration_cast<milliseconds>(clock_.steady() - asked_);
  if (took > patience_.message)
    log::info("the classifier has loaded", {{"command", command_}, {"ms", took.count()}});
}

// True: its first answer is not here yet. What it is asked meanwhile would wait behind it.
bool Command::still_loading() {
  if (!loading_ || owed_ == 0) return false;
  answer(clock_.steady());
  if (!loading_ || !child_.running()) return false;
  if (clock_.steady() - asked_ < patience_.load) return true;
  give_up("it has not loaded in time");
  return false;
}

Opinion Command::late(std::string_view why) const {
  return {{}, {}, at_deadline_, true, why};
}

Opinion Command::opinion(const Subject& subject) {
  Steady until = clock_.steady() + patience_.message;
  if (!ready()) return late();
  if (still_loading()) return late("loading");
  if (!ready()) return late();
  if (loading_) {
    until = std::max(until, first_until_);
    first_id_ = subject.message.id_json;
    asked_ = clock_.steady();
  }
  if (!send(subject.line, until)) return late();
  const auto line = answer(until);
  if (!line) {
    if (!child_.running()) return late();
    if (loading_) {
      log::info("the classifier is loading", {{"command", command_}, {"at_most_ms", patience_.load.count()}});
      return late("loading");
    }
    if (owed_ > most_owed) give_up("it is too far behind");
    return late();
  }
  auto opinion = parse_opinion(line->text, subject.message.id_json);
  if (!opinion) {
    give_up(opinion.error().what);
    return late();
  }
  return *std::move(opinion);
}

}  // namespace sluice::automod
