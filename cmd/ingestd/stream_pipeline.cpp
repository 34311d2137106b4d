// A stream and its pipelines: the restart protocol (decisions 1 and 3).
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "app/run.hpp"
#include "base/masked.hpp"
#include "base/text.hpp"
#include "log/log.hpp"
#include "measures.hpp"
#include "media/rendition_names.hpp"
#include "os/file.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

namespace {
constexpr std::chrono::seconds lock_patience{5};
constexpr std::chrono::milliseconds lock_pause{20};
constexpr std::int64_t complete_within_us = 300'000;  // of the last packet fed, if all ended well: a part's rounding, a dropped last frame
constexpr unsigned incomplete_at_most = 2;
}  // namespace

// Waits until no writer holds the ledger, then starts a generation.
void Stream::start_pipeline() {
  if (over_) return;
  if (life_.held()) {
    lock_wanted_since_.reset();
    life_.spawn_withdrawn();
    return act();
  }
  if (ledger_) {
    const auto free = os::FileLock::try_lock(ledger_->directory() + "/lock");
    if (!free) {
      if (!lock_wanted_since_) lock_wanted_since_ = now();
      if (now() - *lock_wanted_since_ < lock_patience) return lock_retry_.after(lock_pause, [this] { start_pipeline(); });
      log::error("the ledger's writer does not go", {{"stream", held_.stream.value()}, free.error()});
      lock_wanted_since_.reset();
      life_.spawn_failed(now());
      return act();
    }
    ledger_->poll();
  }
  lock_wanted_since_.reset();
  if (auto started = spawn(); !started) {
    log::error("the pipeline could not be started", {{"stream", held_.stream.value()}, started.error()});
    pipeline_.reset();
    life_.spawn_failed(now());
    return act();
  }
  life_.spawned(now());
  // Not from inside act(): there may be much to feed.
  around_.loop.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pump();
  });
}

// What is configured, unless that has been tried in this stream, and wrote nothing, where another command had.
const std::string& Stream::choose_command() {
  const std::string& configured = around_.config.command;
  if (configured != failed_) failed_.clear();
  return command_ = failed_.empty() ? configured : working_;
}

bool Stream::replace_pipeline() {
  if (!pipeline_ || !life_.feeding() || around_.config.feed != Feed::ledger) return false;
  failed_.clear();
  intake_.divide();
  return true;
}

Result<> Stream::spawn() {
  if (rewind_) {
    std::int64_t end = INT64_MAX;  // without a ledger: the latest keyframe
    if (ledger_) end = drained().value_or(INT64_MIN);
    const auto from = retention_.rewind(end);
    if (from && ledger_ && end != INT64_MIN && *from > end + 1'000'000)
      log::warn("what the ledger lacks is no longer held",
                {{"stream", held_.stream.value()}, {"ledger_us", end}, {"held_from_us", *from}});
    rewind_ = false;
  }
  const media::Retained* first = retention_.peek();
  if (first == nullptr) return fail(Errc::internal, "nothing to feed");
  if (first->run != last_run_) run_from_us_ = first->dts_us;
  last_run_ = first->run;
  generation_from_us_ = first->dts_us;
  fed_us_.assign(last_run_->tracks.size(), 0);
  shown_us_.reset();
  heard_us_.reset();

  if (ledger_) ::unlink((ledger_->directory() + "/pause").c_str());
  paused_.clear();
  grown_ = false;
  drained_ = drained();
  if (ledger_) ledger_end_us_ = std::max(ledger_end_us_, ledger_->greatest_end());
  Pipeline::Setup setup;
  setup.command = choose_command();
  setup.environment = environment();
  setup.run = last_run_;
  setup.metadata = metadata(*last_run_);
  setup.on_room = [this] { pump(); };
  setup.on_exit = [this](const os::PipelineEnd& end) { pipeline_ended(end); };
  SLUICE_TRY_VALUE(pipeline_, Pipeline::start(around_.loop, std::move(setup)));
  log::info("pipeline started", {{"stream", held_.stream.value()},
                                 {"generation", generation_},
                                 {"from_us", generation_from_us_},
                                 {"resume", ledger_ ? ledger_->resume() : ""}});
  ++generation_;
  return {};
}

pipe::Metadata Stream::metadata(const media::Run& run) const {
  pipe::Metadata told;
  told["sluice_epoch_ms"] = std::to_string(*epoch_ms_);
  told["sluice_generation"] = std::to_string(generation_);
  if (media::count_pictures(run.tracks) > 1) told["sluice_ladder"] = "publisher";
  if (!ledger_) return told;
  if (const std::string resume = ledger_->resume(); !resume.empty()) told["sluice_resume"] = resume;
  // Said until the ledger holds something of this run.
  if (run.discontinuity && !ledger_->renditions().empty() && ledger_->greatest_end() <= run.start_us)
    told["sluice_discontinuity"] = "1";
  else if (run.number > 0 && !ledger_->renditions().empty() && ledger_->greatest_end() < run_from_us_ + complete_within_us)
    told["sluice_boundary"] = std::to_string(run_from_us_);
  return told;
}

std::vector<std::pair<std::string, std::string>> Stream::environment() const {
  const char* path = std::getenv("PATH");
  std::vector<std::pair<std::string, std::string>> all{
      {"PATH", around_.programs + ":" + (path == nullptr ? "/usr/bin:/bin" : path)},
      {"SLUICE_CONFIG", around_.config.config_folder},  // never our own file, which is not theirs
      {"SLUICE_STREAM", held_.stream.value()},
      {"SLUICE_CHANNEL", held_.channel.name}};
  if (ledger_) {
    all.emplace_back("SLUICE_LEDGER", ledger_->directory());
    all.emplace_back("SLUICE_FED", "1");
    all.emplace_back("SLUICE_FEEDER", std::to_string(::getpid()));
  }
  return all;
}

// A track that is passed through has a rendition of its own name; of a lone video track's ladder every rung counts.
bool Stream::ledger_complete() const {
  if (!ledger_ || !last_run_) return true;
  const bool ladder = media::count_pictures(last_run_->tracks) == 1;
  for (std::size_t i = 0; i < last_run_->tracks.size(); ++i) {
    const media::Track& track = last_run_->tracks[i];
    if (fed_us_[i] == 0) continue;
    const bool whole_kind = (ladder && track.kind() == media::Kind::video) || !ledger_->holds(track.rendition);
    const auto end = whole_kind ? ledger_->least_end(media::Run{.tracks = {track}}, generation_from_us_, around_.config.retention.time)
                                : ledger_->end_of(track.rendition, generation_from_us_);
    if (!end || *end < fed_us_[i] - complete_within_us) return false;
  }
  return true;
}

// How far the least advanced rendition has come.
std::optional<std::int64_t> Stream::drained() const {
  return ledger_ && last_run_ ? ledger_->least_end(*last_run_, generation_from_us_, around_.config.retention.time) : std::nullopt;
}

// Whether this pipeline's transcode(1) has told where it leaves the source to a next one. A word in the ledger, and not an exit code alone: a worker that
// was lost ends it with the same. Nobody has said so before the pipeline began, when the file was removed, and what we have written into it is ours.
bool Stream::left_off() const {
  if (!ledger_) return false;
  const auto text = os::read_file(ledger_->directory() + "/pause");
  return text && *text != paused_ && parse_number<std::int64_t>(text->substr(0, text->find(' '))).has_value();
}

// Nothing but that has ended it. A shell that read the whole line tells of its last program alone.
bool Stream::gave_way(const os::PipelineEnd& end) { return (end.code == app::exit_temporary || end.code == app::exit_done) && left_off() && life_.gave_way(now()); }

// What is known of the source's keyframes by those who transcode it.
std::optional<media::SourceMark> Stream::source_mark() const {
  if (!ledger_) return std::nullopt;
  const auto text = os::read_file(ledger_->directory() + "/source-gop");
  return text ? media::parse_source_mark(*text) : std::nullopt;
}

namespace {
std::string reason(const std::optional<media::SourceMark>& mark) {
  if (!mark) return "the source is left off to another";
  if (mark->gop.count() == 0) return "the source's keyframe intervals fit: it is passed through again";
  return fmt::format("the source's keyframe interval grew to {:.1f} s: it is encoded from here on", std::chrono::duration<double>(mark->gop).count());
}
}  // namespace

void Stream::pipeline_ended(const os::PipelineEnd& end) {
  const bool asked = !life_.feeding();
  pipeline_.reset();
  if (ledger_) {
    ledger_->poll();
    note_growth();
    if (ledger_->ended()) life_.ledger_ended();
    if (ledger_->has_independent_part()) life_.part_written();
  }
  // One that was killed, or failed, has left what it had unfinished, be it only the last pictures.
  bool complete = asked && (!ledger_ || ledger_->ended() || (end.well && ledger_complete()));
  if (drained() > drained_) incomplete_ = 0;
  // What it lacks is fed again, and what has not been fed from its keyframe on; here, when the handover was called off.
  const bool for_successor = asked && std::exchange(for_successor_, false);
  const bool changes = !complete && !for_successor && gave_way(end);
  if (asked && !complete && !changes && !for_successor && ++incomplete_ > incomplete_at_most) {
    log::error("pipelines end without writing all they were given: going on", {{"stream", held_.stream.value()}});
    complete = true;
  }
  complete = complete || for_successor;
  if (complete) incomplete_ = 0;
  rewind_ = !complete || for_successor;
  if (!complete && !changes && !grown_ && !working_.empty() && command_ != working_) {
    failed_ = command_;
    log::error("the changed pipeline has written nothing: the one before it is started again", {{"stream", held_.stream.value()}, {"pipeline", without_passwords(failed_)}});
  }
  if (changes) {
    measures().changes.Increment();
    log::info("pipeline changes", {{"stream", held_.stream.value()}, {"why", reason(source_mark())}});
  } else if (!complete) {
    measures().restarts.Increment();
    last_end_ = end.how;
    log::warn("pipeline died", {{"stream", held_.stream.value()}, {"how", end.how}, {"asked", asked}});
  } else {
    log::info("pipeline ended", {{"stream", held_.stream.value()}, {"how", end.how}});
  }
  if (rewind_) {
    // Whether there is something to feed is known after the rewind; spawn() does it again with the ledger as it is then.
    (void)retention_.rewind(ledger_ && last_run_ ? drained().value_or(INT64_MIN) : INT64_MAX);
  }
  life_.data(retention_.peek() != nullptr);
  if (!changes) life_.exited(complete, now());
  act();
  if (!publisher_ || intake_.paused()) fill_absence();  // what it had left to write is written
}

// The text of "pause": when the picture is shown with which another run goes on, where no break lies between, and the last picture and
// sound that this one was given.
std::string Stream::ends() {
  const media::Retained* next = retention_.peek();
  const bool goes_on = next != nullptr && next->run != last_run_ && !next->run->discontinuity && next->run->has_video();
  const auto word = [](const std::optional<std::int64_t>& us) { return us ? std::to_string(*us) : "-"; };
  return word(goes_on ? std::optional(next->pts_us) : std::nullopt) + " " + word(shown_us_) + " " + word(heard_us_) + "\n";
}

// What is half a part is to be written: no more of it comes. Unless the source was left off meanwhile, which says more.
void Stream::mark_pause() {
  if (left_off()) return;
  paused_ = ends();
  mark("pause", paused_);
}

void Stream::mark(const std::string& what, std::string_view text) {
  if (!ledger_) return;
  const auto marked = os::open_file(ledger_->directory() + "/" + what, O_WRONLY | O_CREAT | O_TRUNC);
  const Result<> written = marked ? os::write_all(marked->get(), as_bytes(text)) : std::unexpected(marked.error());
  if (!written) log::error("the ledger cannot be marked", {{"stream", held_.stream.value()}, {"mark", what}, written.error()});
}

void Stream::finish() {
  auto done = [this](bool well) {
    if (!well) log::error("the ledger could not be finished", {{"stream", held_.stream.value()}});
    if (ledger_) ledger_->poll();
    life_.finished(well);
  };
  if (!ledger_ || ledger_->renditions().empty() || ledger_->ended()) return done(true);
  os::ShellCommand command{.line = "exec segmenter --finish \"$SLUICE_LEDGER\""};
  command.environment = environment();
  auto started = os::spawn(command);
  if (!started) return done(false);
  finisher_ = std::move(*started);
  finisher_ended_ = std::make_unique<net::FdWatch>(around_.loop, finisher_.pidfd());
  finisher_ended_->on_readable([this, done] {
    const auto status = finisher_.reap();
    if (!status) return;
    finisher_ended_.reset();  // its descriptor is closed, and what follows may open another of that number
    done(status->good());
    act();
  });
}

}  // namespace sluice::ingestd
