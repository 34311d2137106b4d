#include "automod_process.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <signal.h>
#include <unistd.h>

#include "app/run.hpp"
#include "base/random.hpp"
#include "log/log.hpp"
#include "os/stages.hpp"

namespace sluice::chatd {

namespace {
constexpr seconds first_answer_limit{2};
constexpr seconds silence_limit{5};
constexpr seconds well_after{1};                            // a child that lived so long is replaced at once
constexpr std::size_t most_outgoing = 1024 * 1024;          // questions beyond it are late at once
constexpr std::size_t most_incoming = 64 * 1024;            // of one line
constexpr std::string_view greeting = ",\"text\":\"\"}\n";  // a question that nothing is wrong with

// A program alone becomes the shell's own process, so that signals reach it.
std::string line_of(const std::string& command) {
  const auto stages = os::stages_of(command);
  return stages && stages->size() == 1 ? stages->front() : command;
}
}  // namespace

AutomodProcess::AutomodProcess(net::Loop& loop, Setup setup)
    : loop_(loop),
      setup_(std::move(setup)),
      clock_(system_clock()),
      deadline_(loop),
      restart_(loop),
      patience_(loop),
      restarts_(
          metrics::counter("sluice_chat_automod_restarts_total", "how often automod was started again")),
      late_answers_(metrics::counter("sluice_chat_automod_late_total",
                                     "questions that automod did not answer in time")),
      waiting_(metrics::gauge("sluice_chat_automod_waiting", "messages that automod is looking at")),
      seconds_(metrics::histogram("sluice_chat_automod_seconds", "what automod took to answer", {},
                                  {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1})) {}

AutomodProcess::~AutomodProcess() {
  end_.reset();
  readable_.reset();
  writable_.reset();
}

void AutomodProcess::start(std::function<void()> ready) {
  if (!wanted()) return ready();
  ready_ = std::move(ready);
  patience_.after(first_answer_limit, [this] { be_ready(); });
  spawn();
}

void AutomodProcess::be_ready() {
  patience_.cancel();
  if (const auto ready = std::exchange(ready_, nullptr)) ready();
}

void AutomodProcess::spawn() {
  restart_.cancel();
  if (!wanted()) return;
  const auto spawned = try_to_spawn();
  if (spawned) return greet();
  fault_ = spawned.error().what;
  log::error("automod cannot be started", {{"command", setup_.command}, spawned.error()});
  be_ready();
  restart_.after(backoff_.after(++failures_, system_random()), [this] { spawn(); });
}

Result<> AutomodProcess::try_to_spawn() {
  SLUICE_TRY_VALUE(os::Pipe in, os::make_pipe(64 * 1024));
  SLUICE_TRY_VALUE(os::Pipe out, os::make_pipe(64 * 1024));
  SLUICE_TRY(os::set_nonblocking(in.write.get()));
  SLUICE_TRY(os::set_nonblocking(out.read.get()));
  const char* path = std::getenv("PATH");
  os::ShellCommand command{
      .line = line_of(setup_.command), .input = in.read.get(), .output = out.write.get()};
  command.environment = {
      {"PATH", app::executable_folder() + ":" + (path == nullptr ? "/usr/bin:/bin" : path)},
      {"NOTIFY_SOCKET", ""}};
  command.death_signal = SIGKILL;
  SLUICE_TRY_VALUE(child_, os::spawn(command));
  input_ = std::move(in.write);
  output_ = std::move(out.read);
  outgoing_.clear();
  incoming_.clear();
  sent_ = owed_ = 0;
  blocked_ = replaced_ = false;
  started_ = clock_.steady();
  writable_ = std::make_unique<net::FdWatch>(loop_, input_.get());
  readable_ = std::make_unique<net::FdWatch>(loop_, output_.get());
  readable_->on_readable([this] { read_now(); });
  end_ = std::make_unique<net::FdWatch>(loop_, child_.pidfd());
  end_->on_readable([this] {
    read_now();  // what it wrote before its end
    if (child_.running()) ended();
  });
  return {};
}

// What every child is told first: rooms' words, then what the one before it owed.
void AutomodProcess::greet() {
  greeting_ = ++numbered_;
  send(chat::with_id(greeting_, greeting), false);
  defining_.clear();
  for (const auto& [name, lines] : definitions_)
    for (const std::string& line : lines) {
      defining_.insert_or_assign(++numbered_, name);
      send(chat::with_id(numbered_, line), false);
    }
  std::vector<std::uint64_t> given_up;
  for (auto& [id, question] : questions_) {
    if (question.again || send(question.line, true) == Sent::no_room) given_up.push_back(id);
    question.again = true;
  }
  for (const std::uint64_t id : given_up)
    if (auto node = questions_.extract(id)) late(std::move(node.mapped()));
  write_now();
}

AutomodProcess::Sent AutomodProcess::send(std::string_view line, bool bounded) {
  if (bounded && outgoing_.size() - sent_ + line.size() > most_outgoing) return Sent::no_room;
  outgoing_ += line;
  if (owed_++ == 0) heard_ = clock_.steady();
  return Sent::yes;
}

void AutomodProcess::write_now() {
  while (listens() && sent_ < outgoing_.size()) {
    const ssize_t n = ::write(input_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (!std::exchange(blocked_, true)) writable_->on_writable([this] { write_now(); });
      return;
    }
    if (n < 0) return child_.signal_group(SIGKILL);  // it reads no more: its end is told by the pidfd
    sent_ += static_cast<std::size_t>(n);
  }
  outgoing_.clear();
  sent_ = 0;
  if (std::exchange(blocked_, false)) writable_->cancel_writable();
}

void AutomodProcess::read_now() {
  if (replaced_) return;
  std::array<char, 64 * 1024> bytes;
  for (;;) {
    const ssize_t n = ::read(output_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) readable_->cancel_readable();  // its end is told by the pidfd
    if (n <= 0) return;
    incoming_.append(bytes.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end; (end = incoming_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      take_line(std::string_view(incoming_).substr(begin, end - begin));
      if (replaced_) return;
    }
    incoming_.erase(0, begin);
    if (incoming_.size() > most_incoming) return replace("a line of its answer is too long");
  }
}

void AutomodProcess::take_line(std::string_view line) {
  const auto answer = chat::read_automod_line(line);
  if (!answer) return replace(answer.error().what);
  heard_ = clock_.steady();
  if (owed_ > 0) --owed_;
  be_ready();
  answered(*answer);
}

void AutomodProcess::answered(const chat::AutomodAnswer& answer) {
  if (const auto node = defining_.extract(answer.id)) {
    const auto* defined = std::get_if<chat::AutomodDefined>(&answer.what);
    if (defined != nullptr && defined->refused > 0)
      log::warn("automod does not take all of a room's words", {{"room", node.mapped()},
                                                                {"entries", defined->entries},
                                                                {"refused", defined->refused},
                                                                {"first", defined->why}});
    return;
  }
  if (answer.id == greeting_) return well();
  auto node = questions_.extract(answer.id);
  if (!node) return;  // it was late
  Question& question = node.mapped();
  const auto* verdict = std::get_if<chat::AutomodVerdict>(&answer.what);
  if (verdict == nullptr) {
    const auto* error = std::get_if<std::string>(&answer.what);
    log::warn("automod cannot judge a message", {{"error", error != nullptr ? *error : "no verdict"}});
    return late(std::move(question));
  }
  const std::chrono::duration<double> took = clock_.steady() - question.asked;
  seconds_.Observe(took.count());
  latency_ms_ = took.count() * 1000;
  well();
  waiting_.Set(static_cast<double>(questions_.size()));
  question.then(*verdict);
}

void AutomodProcess::well() {
  fault_.clear();
  fault_since_.reset();
}

void AutomodProcess::ask(const chat::Message& message, int level, const std::string& words, Then then) {
  const std::uint64_t id = ++numbered_;
  const Steady now = clock_.steady();
  Question question{chat::question_line(id, message, level, words), now, now + setup_.deadline,
                    std::move(then)};
  if (listens()) {
    if (send(question.line, true) == Sent::no_room) return late(std::move(question));
    if (!blocked_) write_now();
  }
  questions_.emplace(id, std::move(question));
  waiting_.Set(static_cast<double>(questions_.size()));
  arm();
}

void AutomodProcess::define(const std::string& name, std::span<const chat::RoomWord> words) {
  std::vector<std::string> lines = chat::definition_lines(name, words);
  if (listens()) {
    for (const std::string& line : lines) {
      defining_.insert_or_assign(++numbered_, name);
      send(chat::with_id(numbered_, line), false);
    }
    if (!blocked_) write_now();
  }
  if (words.empty()) {
    definitions_.erase(name);
  } else {
    definitions_.insert_or_assign(name, std::move(lines));
  }
}

void AutomodProcess::arm() {
  if (armed_ || questions_.empty()) return;
  armed_ = true;
  deadline_.after(questions_.begin()->second.due - clock_.steady(), [this] { look_at_deadlines(); });
}

void AutomodProcess::look_at_deadlines() {
  armed_ = false;
  const Steady now = clock_.steady();
  while (!questions_.empty() && questions_.begin()->second.due <= now)
    late(std::move(questions_.extract(questions_.begin()).mapped()));
  if (listens() && owed_ > 0 && heard_ + silence_limit <= now) replace("it does not answer");
  arm();
}

void AutomodProcess::late(Question question) {
  late_answers_.Increment();
  if (fault_.empty()) fault_ = "it does not answer in time";
  if (!fault_since_) fault_since_ = clock_.wall();
  waiting_.Set(static_cast<double>(questions_.size()));
  question.then(std::nullopt);
}

void AutomodProcess::replace(std::string_view why) {
  log::warn("automod is replaced", {{"command", setup_.command}, {"why", why}});
  fault_ = why;
  if (!fault_since_) fault_since_ = clock_.wall();
  replaced_ = true;
  owed_ = 0;
  child_.signal_group(SIGKILL);
}

void AutomodProcess::ended() {
  const auto status = child_.reap();
  if (!status) return;
  end_.reset();  // before the descriptors that they watch are closed, whose numbers others may get
  readable_.reset();
  writable_.reset();
  input_.reset();
  output_.reset();
  if (fault_.empty() || fault_ == "it does not answer in time") fault_ = "it has ended: " + status->text();
  if (!fault_since_) fault_since_ = clock_.wall();
  if (!wanted()) return well();
  const bool was_well = started_ + well_after <= clock_.steady();
  failures_ = was_well ? 0 : failures_ + 1;
  const milliseconds wait = was_well ? milliseconds(0) : backoff_.after(failures_, system_random());
  if (!replaced_)
    log::error("automod has ended and is started again",
               {{"command", setup_.command}, {"how", status->text()}, {"after_ms", wait.count()}});
  restarts_.Increment();
  be_ready();
  restart_.after(wait, [this] { spawn(); });
}

void AutomodProcess::change(Setup setup) {
  const bool same = setup.command == setup_.command;
  setup_ = std::move(setup);
  if (same && listens()) return child_.signal_group(SIGHUP);
  if (same) return;
  started_ = Steady{};
  if (listens()) return replace("it is another command now");
  if (!child_.running() && wanted()) spawn();
}

void AutomodProcess::renew() {
  started_ = Steady{};  // at once
  if (listens()) replace("another one is asked for");
}

app::Health AutomodProcess::health() const {
  return {"automod", fault_.empty(), latency_ms_, fault_, fault_since_};
}

}  // namespace sluice::chatd
