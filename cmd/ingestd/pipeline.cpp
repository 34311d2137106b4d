#include "pipeline.hpp"

#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "log/log.hpp"

namespace sluice::ingestd {

namespace {
constexpr int pipe_capacity = 256 * 1024;          // a keyframe of 6 Mbit/s; the kernel's share for one user is 64 MB
constexpr std::size_t buffers_per_write = 128;
constexpr milliseconds sound_waits{40};            // for a picture
constexpr std::size_t buffered_at_most = 256 * 1024;  // then packets stay in the stream's retention
}  // namespace

Pipeline::Pipeline(net::Loop& loop, Setup setup) : loop_(loop), setup_(std::move(setup)) {}

Pipeline::~Pipeline() {
  writable_.reset();
  ended_.clear();
}

Result<std::unique_ptr<Pipeline>> Pipeline::start(net::Loop& loop, Setup setup) {
  std::unique_ptr<Pipeline> made(new Pipeline(loop, std::move(setup)));
  SLUICE_TRY_VALUE(os::Pipe pipe, os::make_pipe(pipe_capacity));
  SLUICE_TRY(os::set_nonblocking(pipe.write.get()));
  os::ShellCommand command{.line = made->setup_.command, .input = pipe.read.get()};
  command.environment = made->setup_.environment;
  command.death_signal = SIGTERM;  // of a shell alone: its programs see the end of their input and finish their parts
  SLUICE_TRY_VALUE(made->stages_, os::Stages::spawn(command));
  made->input_ = std::move(pipe.write);
  made->read_end_ = std::move(pipe.read);
  SLUICE_TRY(made->open_writer());
  Pipeline* self = made.get();
  for (std::size_t i = 0; i < made->stages_.size(); ++i) {
    made->ended_.push_back(std::make_unique<net::FdWatch>(loop, made->stages_.pidfd(i)));
    made->ended_.back()->on_readable([self, i] { self->stage_ended(i); });
  }
  made->writable_ = std::make_unique<net::FdWatch>(loop, made->input_.get());
  made->drain();
  return made;
}

Result<> Pipeline::open_writer() {
  auto sink = [this](Bytes head, const media::Packet* packet) -> Result<> {
    waiting_.push_back({std::move(head), packet != nullptr ? packet->owner : nullptr, packet != nullptr ? packet->data : ByteView{}});
    waiting_bytes_ += waiting_.back().size();
    return {};
  };
  SLUICE_TRY_VALUE(auto writer, pipe::Writer::open(sink, setup_.run->tracks, setup_.metadata));
  writer_ = std::make_unique<pipe::Writer>(std::move(writer));
  return {};
}

bool Pipeline::wants_more() const { return !broken_ && !closing_ && waiting_bytes_ < buffered_at_most; }

void Pipeline::write(const media::Packet& packet) {
  if (broken_ || closing_) return;
  if (waiting_.empty()) waiting_since_ = system_clock().steady();
  due_ = due_ || packet.track == 0;  // the leading picture's; sound's, when there is none
  if (auto written = writer_->write(packet); !written)
    log::warn("a packet could not be written to the pipeline", {written.error()});
}

void Pipeline::flush() {
  if (blocked_ || waiting_.empty()) return;
  if (due_ || !wants_more() || system_clock().steady() - waiting_since_ >= sound_waits) drain();
}

ssize_t Pipeline::write_waiting() {
  std::array<iovec, buffers_per_write> parts;
  std::size_t count = 0, skip = sent_;
  const auto add = [&](ByteView bytes) {
    const std::size_t skipped = std::min(skip, bytes.size());
    skip -= skipped;
    if (skipped < bytes.size()) parts[count++] = {const_cast<std::byte*>(bytes.data()) + skipped, bytes.size() - skipped};
  };
  for (const Piece& piece : waiting_) {
    if (count + 2 > parts.size()) break;
    add(piece.head);
    add(piece.data);
  }
  return ::writev(input_.get(), parts.data(), static_cast<int>(count));
}

void Pipeline::drain() {
  due_ = false;
  while (!broken_ && !waiting_.empty()) {
    const ssize_t n = write_waiting();
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (blocked_) return;
      blocked_ = true;
      writable_->on_writable([this] {
        drain();
        if (wants_more()) setup_.on_room();  // last: the object may be gone after it
      });
      return;
    }
    if (n < 0) return broken("it reads no more");
    bytes_ += static_cast<std::uint64_t>(n);
    waiting_bytes_ -= static_cast<std::size_t>(n);
    for (sent_ += static_cast<std::size_t>(n); !waiting_.empty() && sent_ >= waiting_.front().size(); waiting_.pop_front())
      sent_ -= waiting_.front().size();
  }
  if (broken_) waiting_.clear(), waiting_bytes_ = sent_ = 0;
  if (blocked_) {
    blocked_ = false;
    writable_->cancel_writable();
  }
  if (closing_ && !broken_ && input_) {
    writable_.reset();
    input_.reset();
  }
}

void Pipeline::close_input() {
  if (closing_) return;
  if (!broken_) (void)writer_->finish();
  closing_ = true;
  if (!blocked_) drain();
}

void Pipeline::broken(std::string_view why) {
  if (broken_) return;
  broken_ = true;
  log::warn("the pipeline broke", {{"why", why}});
  kill();
}

void Pipeline::kill() { stages_.signal_group(SIGKILL); }

void Pipeline::stage_ended(std::size_t stage) {
  ended_[stage]->cancel_readable();
  stages_.ended(stage);
  if (!stages_.all_ended()) return;
  ended_.clear();  // before the descriptors that they watch are closed, whose numbers others may get
  broken_ = true;
  read_end_.reset();
  const os::PipelineEnd end = stages_.reap();
  const auto on_exit = setup_.on_exit;
  on_exit(end);
}

}  // namespace sluice::ingestd
