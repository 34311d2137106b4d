#include "automod_child.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <signal.h>
#include <unistd.h>

#include "app/run.hpp"
#include "os/stages.hpp"

namespace sluice::chatd {

namespace {
constexpr std::size_t most_outgoing = 1024 * 1024;  // questions beyond it are late at once
constexpr std::size_t most_incoming = 64 * 1024;    // of one line

// A program alone becomes the shell's own process, so that signals reach it.
std::string line_of(const std::string& command) {
  const auto stages = os::stages_of(command);
  return stages && stages->size() == 1 ? stages->front() : command;
}
}  // namespace

AutomodChild::AutomodChild(net::Loop& loop, Events events)
    : loop_(loop), events_(std::move(events)), clock_(system_clock()) {}

Result<> AutomodChild::start(const std::string& command) {
  SLUICE_TRY_VALUE(os::Pipe in, os::make_pipe(64 * 1024));
  SLUICE_TRY_VALUE(os::Pipe out, os::make_pipe(64 * 1024));
  SLUICE_TRY(os::set_nonblocking(in.write.get()));
  SLUICE_TRY(os::set_nonblocking(out.read.get()));
  const char* path = std::getenv("PATH");
  os::ShellCommand shell{.line = line_of(command), .input = in.read.get(), .output = out.write.get()};
  shell.environment = {{"PATH", app::executable_folder() + ":" + (path == nullptr ? "/usr/bin:/bin" : path)},
                       {"NOTIFY_SOCKET", ""}};
  shell.death_signal = SIGKILL;
  SLUICE_TRY_VALUE(child_, os::spawn(shell));
  input_ = std::move(in.write);
  output_ = std::move(out.read);
  outgoing_.clear();
  incoming_.clear();
  sent_ = owed_ = 0;
  blocked_ = killed_ = false;
  started_ = clock_.steady();
  writable_ = std::make_unique<net::FdWatch>(loop_, input_.get());
  readable_ = std::make_unique<net::FdWatch>(loop_, output_.get());
  readable_->on_readable([this] { read_now(); });
  end_ = std::make_unique<net::FdWatch>(loop_, child_.pidfd());
  end_->on_readable([this] {
    read_now();  // what it wrote before its end
    if (child_.running()) end();
  });
  return {};
}

bool AutomodChild::send(std::string_view line, bool bounded) {
  if (bounded && outgoing_.size() - sent_ + line.size() > most_outgoing) return false;
  outgoing_ += line;
  if (owed_++ == 0) heard_ = clock_.steady();
  return true;
}

void AutomodChild::flush() {
  if (blocked_ || std::exchange(due_, true)) return;
  loop_.post([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    due_ = false;
    if (!blocked_) write_now();
  });
}

void AutomodChild::write_now() {
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

void AutomodChild::read_now() {
  if (killed_) return;
  std::array<char, 64 * 1024> bytes;
  for (;;) {
    const ssize_t n = ::read(output_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) readable_->cancel_readable();  // its end is told by the pidfd
    if (n <= 0) return;
    incoming_.append(bytes.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end; (end = incoming_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      heard_ = clock_.steady();
      if (owed_ > 0) --owed_;
      events_.line(std::string_view(incoming_).substr(begin, end - begin));
      if (killed_) return;
    }
    incoming_.erase(0, begin);
    if (incoming_.size() > most_incoming) return events_.wrong("a line of its answer is too long");
  }
}

void AutomodChild::read_files_again() {
  child_.signal_group(SIGHUP);
}

void AutomodChild::kill() {
  killed_ = true;
  owed_ = 0;
  child_.signal_group(SIGKILL);
}

void AutomodChild::end() {
  const auto status = child_.reap();
  if (!status) return;
  end_.reset();  // before the descriptors that they watch are closed, whose numbers others may get
  readable_.reset();
  writable_.reset();
  input_.reset();
  output_.reset();
  events_.ended(status->text());
}

}  // namespace sluice::chatd
