#include "worker_job.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "app/run.hpp"
#include "log/log.hpp"
#include "options.hpp"
#include "orders.hpp"

namespace sluice::transcode {

namespace {
constexpr milliseconds connect_time{2500};  // before others may try the entry (job_queue.cpp)
constexpr seconds dispatcher_time{5};
constexpr seconds handing_back_time{5};     // for the child to write what it has read
constexpr seconds stuck_time{10};           // that a child may take nothing; or make nothing, once its input is over
constexpr seconds farewell_time{60};        // for the dispatcher to read the last of it, and close
constexpr seconds hasty_farewell{2};        // when we stop
constexpr int pipe_capacity = 256 * 1024;

// What a worker is told by its own environment is not for its children.
std::string forget_our_options() {
  std::string line = "unset";
  for (const app::Option& option : app::options_of(program(), "")) {
    std::string name = option.name;
    std::ranges::transform(name, name.begin(), [](char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
    line += " SLUICE_" + name;
  }
  return line + " NOTIFY_SOCKET";
}

Result<std::string> make_folder() {
  std::error_code error;
  std::string path = std::filesystem::temp_directory_path(error).string() + "/sluice-job-XXXXXX";
  if (error || ::mkdtemp(path.data()) == nullptr) return fail_errno("make the folder " + path, "set TMPDIR to a folder that can be written to");
  return path;
}
}  // namespace

WorkerJob::WorkerJob(net::Loop& loop, JobSetup setup, Calls calls)
    : loop_(loop), setup_(std::move(setup)), calls_(std::move(calls)),
      session_(setup_.secret, setup_.job.ticket, setup_.worker, system_random(), *this), patience_(loop) {}

WorkerJob::~WorkerJob() {
  std::error_code error;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
}

std::shared_ptr<WorkerJob> WorkerJob::start(net::Loop& loop, JobSetup setup, Calls calls) {
  std::shared_ptr<WorkerJob> job(new WorkerJob(loop, std::move(setup), std::move(calls)));
  job->connect();
  return job;
}

// ---- to the dispatcher

void WorkerJob::connect() {
  const auto to = net::parse_endpoint(setup_.job.to);
  if (!to || !to->path.empty()) return loop_.post([self = shared_from_this()] { self->end(End::unreachable, "the job's address cannot be read"); });
  net::Connection::connect(loop_, *to, shared_from_this(), [self = shared_from_this()](Result<std::shared_ptr<net::Connection>> done) {
    if (!done) return self->end(End::unreachable, done.error().what);
    if (self->over_) return (*done)->abort({Errc::io, "given up", ""});
    self->link_ = std::move(*done);
    self->patience_.after(dispatcher_time, [job = self.get()] { job->abort({Errc::unavailable, "the dispatcher was too slow", ""}); });
    self->flush();
  }, connect_time);
}

void WorkerJob::flush() {
  if (Bytes out = session_.take_output(); !out.empty() && link_) link_->send(std::move(out));
}

void WorkerJob::on_data(ByteView bytes) {
  const auto keep = shared_from_this();
  if (pulse_) pulse_->heard();
  if (over_) return;
  if (const auto fed = session_.feed(bytes); !fed) return abort(fed.error());
  flush();
}

void WorkerJob::on_drained() {
  if (inlet_) inlet_->drained();
}

void WorkerJob::on_closed(const Error& why) {
  link_.reset();
  end(status_ || child_.running() ? End::lost : End::unreachable, to_string(why));
  if (const auto closed = std::exchange(calls_.closed, nullptr)) closed(*this);
}

void WorkerJob::on_refused(const std::string& why) { end(End::elsewhere, why); }

void WorkerJob::abort(Error why) {
  if (link_) link_->abort(std::move(why));
}

// ---- the child

void WorkerJob::on_order(const relay::Words& order) {
  patience_.cancel();
  if (const auto spawned = spawn(order); !spawned) {
    session_.refuse(spawned.error().what);
    flush();
    const auto link = link_;
    end(End::failed, to_string(spawned.error()));
    return link->close();
  }
  session_.started();
  relay_media();
  calls_.taken();
}

Result<> WorkerJob::spawn(const relay::Words& order) {
  SLUICE_TRY_VALUE(const std::string options, options_of_order(order, setup_.cores));
  const auto word = [&](std::string_view name) {
    const auto found = order.find(std::string(name));
    return found == order.end() ? std::string() : found->second;
  };
  const bool supervised = word(word_supervised) == "1";
  if (supervised) {
    SLUICE_TRY_VALUE(folder_, make_folder());
    SLUICE_TRY(write_note(folder_, word_mark, word(word_mark)));
  }
  SLUICE_TRY_VALUE(os::Pipe in, os::make_pipe(pipe_capacity));
  SLUICE_TRY_VALUE(os::Pipe out, os::make_pipe(pipe_capacity));
  const char* path = std::getenv("PATH");
  os::ShellCommand command{.line = fmt::format("{}; exec transcode{}{}", forget_our_options(), options, setup_.log_options), .input = in.read.get(), .output = out.write.get()};
  command.environment = {{"PATH", app::executable_folder() + ":" + (path == nullptr ? "/usr/bin:/bin" : path)},
                         {"SLUICE_FED", supervised ? "1" : ""}, {"SLUICE_LEDGER", folder_},
                         {"SLUICE_STREAM", setup_.job.stream}, {"SLUICE_CHANNEL", setup_.job.channel}};
  command.death_signal = SIGKILL;
  SLUICE_TRY_VALUE(child_, os::spawn(command));
  input_ = std::move(in.write);
  output_ = std::move(out.read);
  return {};
}

void WorkerJob::relay_media() {
  taken_ = true;
  quiet_since_ = system_clock().steady();
  watch_child();
  outlet_ = std::make_unique<Outlet>(loop_, input_.get(), Outlet::Calls{
      .room = [this] {
        if (!link_ || !pulse_) return;
        pulse_->deaf(false);
        link_->resume_reading();
      },
      .broken = [](const Error&) {}});  // it ends, and its end is told
  inlet_ = std::make_unique<Inlet>(loop_, output_.get(), link_, [this](Result<>) {
    output_ended_ = true;
    conclude();
  });
  pulse_.emplace(loop_, setup_.peer_time, [this] { beat(); }, [this] { abort({Errc::unavailable, "nothing was heard of the dispatcher", ""}); });
}

void WorkerJob::on_media(ByteView piece) {
  bytes_in_ += piece.size();
  if (!outlet_) return;
  outlet_->write(piece);
  if (!outlet_->full() || !link_) return;
  link_->pause_reading();
  pulse_->deaf(true);
}

void WorkerJob::on_input_end() {
  outlet_->when_empty([this] { close_input(); });
}

void WorkerJob::close_input() {
  loop_.post([self = shared_from_this()] {  // the outlet may be calling
    self->outlet_.reset();
    self->input_.reset();
  });
}

// With each beat: a child that takes nothing, though what it makes is taken, hangs; and so does one that has all and makes nothing.
void WorkerJob::beat() {
  session_.beat();
  flush();
  const Steady now = system_clock().steady();
  if (outlet_ || inlet_->paused() || made_ != inlet_->bytes()) quiet_since_ = now;
  made_ = inlet_->bytes();
  const auto since = outlet_ ? outlet_->blocked_since() : quiet_since_;
  if (!since || inlet_->paused() || stuck_ || now - *since < stuck_time) return;
  stuck_ = true;
  log::error(outlet_ ? "the transcoder takes nothing any more: killed" : "the transcoder makes nothing any more: killed", {{"stream", setup_.job.stream}});
  child_.signal_group(SIGKILL);
}

void WorkerJob::hand_back() {
  if (over_ || handing_back_) return;
  handing_back_ = true;
  if (!child_.running()) {
    if (!status_) end(End::handed_back, "the worker stops");  // the entry waits for others
    return;
  }
  cut_short_ = true;
  child_.signal_group(SIGTERM);
  patience_.after(handing_back_time, [this] { child_.signal_group(SIGKILL); });
}

void WorkerJob::hasten() {
  if (over_ && link_) patience_.after(hasty_farewell, [this] { abort({Errc::unavailable, "the dispatcher does not close", ""}); });
}

void WorkerJob::watch_child() {
  child_watch_ = std::make_unique<net::FdWatch>(loop_, child_.pidfd());
  child_watch_->on_readable([this] { child_ended(); });
}

void WorkerJob::child_ended() {
  child_.signal_group(SIGKILL);  // whatever it has left; its zombie still holds the group's number
  child_watch_.reset();  // before the descriptor that it watches is closed, whose number another may get
  status_ = child_.reap();
  if (!status_) return watch_child();
  conclude();
}

void WorkerJob::conclude() {
  if (!status_ || !output_ended_ || over_) return;
  // Told to end, by us or by whoever stops this machine, it may not have read all: that is no end of the stream, whatever it says.
  const bool early = cut_short_ || input_;
  const bool temporary = status_->signal != 0 || (early && status_->code == app::exit_done);
  relay::Words words{{std::string(word_code), std::to_string(temporary ? app::exit_temporary : status_->code)},
                     {std::string(word_how), status_->text()}};
  for (const std::string_view name : {word_mark, word_pause})
    if (const std::string note = read_note(folder_, name); !note.empty()) words.emplace(name, note);
  if (handing_back_) words.emplace(word_handed_back, "1");
  session_.outcome(words);
  flush();
  const bool well = status_->good() || (status_->signal == 0 && status_->code == app::exit_temporary);
  end(handing_back_ ? End::handed_back : well ? End::done : End::failed, status_->text());
  // The dispatcher closes when it has read everything. If we did while its reader is slow, its next beat would be answered with a reset,
  // which takes with it what it has not read.
  patience_.after(handing_back_ ? hasty_farewell : farewell_time, [this] { abort({Errc::unavailable, "the dispatcher does not close", ""}); });
}

// May be called from within any of its parts: what they hold is let go later.
void WorkerJob::end(End how, const std::string& text) {
  if (std::exchange(over_, true)) return;
  const auto self = shared_from_this();
  patience_.cancel();
  if (link_) link_->resume_reading();  // nobody makes room any more: its end would not be seen
  loop_.post([self] {
    self->pulse_.reset();
    self->child_watch_.reset();
    self->inlet_.reset();
    self->outlet_.reset();
    self->child_ = os::Child();  // kills it, if it still runs
    self->input_.reset();
    self->output_.reset();
  });
  const auto ended = std::exchange(calls_.ended, nullptr);
  ended(*this, how, text);
  const bool no_child = !status_ && !child_.running();
  if (no_child && how != End::failed) abort({Errc::io, text, ""});  // one that could not be started has told why
}

}  // namespace sluice::transcode
