#include "automod_process.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "log/log.hpp"

namespace sluice::chatd {

namespace {
constexpr seconds first_answer_limit{2};
constexpr seconds silence_limit{5};
constexpr seconds well_after{1};                            // a child that lived so long is replaced at once
constexpr std::string_view greeting = ",\"text\":\"\"}\n";  // a question that nothing is wrong with
}  // namespace

AutomodProcess::AutomodProcess(net::Loop& loop, Setup setup)
    : setup_(std::move(setup)),
      clock_(system_clock()),
      child_(loop, {.line = [this](std::string_view line) { take_line(line); },
                    .wrong = [this](std::string_view why) { replace(why); },
                    .ended = [this](const std::string& how) { ended(how); }}),
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
  const auto spawned = child_.start(setup_.command);
  if (spawned) {
    replaced_ = at_once_ = false;
    return greet();
  }
  fault_ = spawned.error().what;
  log::error("automod cannot be started", {{"command", setup_.command}, spawned.error()});
  be_ready();
  restart_.after(backoff_.after(++failures_, system_random()), [this] { spawn(); });
}

// What every child is told first: rooms' words, then what the one before it owed.
void AutomodProcess::greet() {
  greeting_ = ++numbered_;
  child_.send(chat::with_id(greeting_, greeting), false);
  defining_.clear();
  for (const auto& [name, lines] : definitions_)
    for (const std::string& line : lines) {
      defining_.insert_or_assign(++numbered_, name);
      child_.send(chat::with_id(numbered_, line), false);
    }
  std::vector<std::uint64_t> given_up;
  for (auto& [id, question] : questions_) {
    if (question.again || !child_.send(question.line, true)) given_up.push_back(id);
    question.again = true;
  }
  for (const std::uint64_t id : given_up)
    if (auto node = questions_.extract(id)) late(std::move(node.mapped()));
  child_.flush();
}

void AutomodProcess::take_line(std::string_view line) {
  const auto answer = chat::read_automod_line(line);
  if (!answer) return replace(answer.error().what);
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

void AutomodProcess::ask(const chat::Message& message, int level, const std::string& words, Steady asked,
                         Then then) {
  const std::uint64_t id = ++numbered_;
  Question question{chat::question_line(id, message, level, words), clock_.steady(), asked + setup_.deadline,
                    std::move(then)};
  if (child_.listens()) {
    if (!child_.send(question.line, true)) return late(std::move(question));
    child_.flush();
  }
  questions_.emplace(id, std::move(question));
  waiting_.Set(static_cast<double>(questions_.size()));
  arm();
}

void AutomodProcess::define(const std::string& name, std::span<const chat::RoomWord> words) {
  std::vector<std::string> lines = chat::definition_lines(name, words);
  if (child_.listens()) {
    for (const std::string& line : lines) {
      defining_.insert_or_assign(++numbered_, name);
      child_.send(chat::with_id(numbered_, line), false);
    }
    child_.flush();
  }
  if (words.empty()) {
    definitions_.erase(name);
  } else {
    definitions_.insert_or_assign(name, std::move(lines));
  }
}

// Nearly in the order of their numbers: one that had to wait for its room's words is due earlier.
void AutomodProcess::arm() {
  if (questions_.empty()) return;
  Steady due = questions_.rbegin()->second.due;
  if (armed_ && due >= *armed_) return;
  for (const auto& [id, question] : questions_) due = std::min(due, question.due);
  armed_ = due;
  deadline_.after(due - clock_.steady(), [this] { look_at_deadlines(); });
}

void AutomodProcess::look_at_deadlines() {
  armed_.reset();
  const Steady now = clock_.steady();
  std::vector<Question> over;
  for (auto at = questions_.begin(); at != questions_.end();)
    if (const auto question = at++; question->second.due <= now)
      over.push_back(std::move(questions_.extract(question).mapped()));
  for (Question& question : over) late(std::move(question));
  if (child_.listens() && child_.silent_since(now - silence_limit)) replace("it does not answer");
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
  child_.kill();
}

void AutomodProcess::ended(const std::string& how) {
  if (fault_.empty() || fault_ == "it does not answer in time") fault_ = "it has ended: " + how;
  if (!fault_since_) fault_since_ = clock_.wall();
  if (!wanted()) return well();
  const bool was_well = at_once_ || child_.started() + well_after <= clock_.steady();
  failures_ = was_well ? 0 : failures_ + 1;
  const milliseconds wait = was_well ? milliseconds(0) : backoff_.after(failures_, system_random());
  if (!replaced_)
    log::error("automod has ended and is started again",
               {{"command", setup_.command}, {"how", how}, {"after_ms", wait.count()}});
  restarts_.Increment();
  be_ready();
  restart_.after(wait, [this] { spawn(); });
}

void AutomodProcess::change(Setup setup) {
  const bool same = setup.command == setup_.command;
  setup_ = std::move(setup);
  if (same && child_.listens()) return child_.read_files_again();
  if (same) return;
  at_once_ = true;
  if (child_.listens()) return replace("it is another command now");
  if (!child_.running() && wanted()) spawn();
}

void AutomodProcess::renew() {
  at_once_ = true;
  if (child_.listens()) replace("another one is asked for");
}

app::Health AutomodProcess::health() const {
  return {"automod", fault_.empty(), latency_ms_, fault_, fault_since_};
}

}  // namespace sluice::chatd
