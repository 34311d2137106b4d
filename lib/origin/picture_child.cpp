#include "origin/picture_child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <list>
#include <optional>
#include <utility>

#include "os/spawn.hpp"

namespace sluice::origin {
namespace {

// KiB of address space: libav's libraries take 0.6 million of them before anything is decoded.
constexpr const char* command_line = "ulimit -v 3000000; exec nice -n 10 \"$SLUICE_STORYBOARD\" --log-level error $SLUICE_ARGUMENTS \"$SLUICE_LEDGER\"";

constexpr std::size_t most_dying = 16;
constexpr int exit_partly = 75;  // of storyboard with a picture: not all of it could be drawn

// Programs that were killed and have not ended yet, which may take while the kernel waits for a disk: nobody waits for them.
class Dying {
 public:
  explicit Dying(net::Loop& loop) : loop_(loop) {}
  bool full() const { return children_.size() >= most_dying; }
  void take(os::Child child) {
    child.signal_group(SIGKILL);
    const auto dying = children_.emplace(children_.end(), std::move(child), nullptr);
    dying->ended = std::make_unique<net::FdWatch>(loop_, dying->child.pidfd());
    dying->ended->on_readable([this, dying] {
      if (!dying->child.reap()) return;
      const auto watch = std::move(dying->ended);
      children_.erase(dying);
    });
  }

 private:
  struct One {
    One(os::Child c, std::unique_ptr<net::FdWatch> e) : child(std::move(c)), ended(std::move(e)) {}
    os::Child child;
    std::unique_ptr<net::FdWatch> ended;
  };
  net::Loop& loop_;
  std::list<One> children_;
};

class PictureChild final : public PictureQueue::Run {
 public:
  using Finished = std::function<void(PictureQueue::Picture)>;
  PictureChild(net::Loop& loop, std::shared_ptr<Dying> dying, os::Child child, os::UniqueFd output, Finished finished)
      : dying_(std::move(dying)), child_(std::move(child)), output_(std::move(output)), finished_(std::move(finished)), readable_(loop, output_.get()),
        ended_(std::make_unique<net::FdWatch>(loop, child_.pidfd())) {
    readable_.on_readable([this] { read(); });
    ended_->on_readable([this] { reap(); });
  }
  ~PictureChild() override {
    ended_.reset();
    if (child_.running()) dying_->take(std::move(child_));
  }

 private:
  void read() {
    for (;;) {
      std::byte buffer[64 * 1024];
      const ssize_t n = ::read(output_.get(), buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) break;
      picture_.insert(picture_.end(), buffer, buffer + n);
      if (picture_.size() > most_picture_bytes) {
        child_.signal_group(SIGKILL);
        break;
      }
    }
    readable_.cancel_readable();
    closed_ = true;
    tell();
  }
  void reap() {
    status_ = child_.reap();
    if (!status_) return;
    ended_.reset();
    tell();
  }
  void tell() {
    if (!closed_ || !status_ || !finished_) return;
    const auto finished = std::exchange(finished_, nullptr);
    const bool partly = status_->signal == 0 && status_->code == exit_partly;
    if ((status_->good() || partly) && !picture_.empty() && picture_.size() <= most_picture_bytes) {
      return finished(Drawing(std::make_shared<const Bytes>(std::move(picture_)), !partly));  // the call destroys this
    }
    finished(fail(status_->code == 1 ? Errc::not_found : Errc::unavailable, "storyboard: " + status_->text()));
  }

  std::shared_ptr<Dying> dying_;
  os::Child child_;
  os::UniqueFd output_;
  Finished finished_;
  Bytes picture_;
  bool closed_ = false;
  std::optional<os::ExitStatus> status_;
  net::FdWatch readable_;
  std::unique_ptr<net::FdWatch> ended_;
};

}  // namespace

PictureQueue::Start start_pictures(net::Loop& loop, std::string program) {
  return [&loop, program = std::move(program), dying = std::make_shared<Dying>(loop)](const PictureJob& job, PictureChild::Finished finished) -> Result<std::unique_ptr<PictureQueue::Run>> {
    if (dying->full()) return fail(Errc::unavailable, "too many programs that were killed have not ended");
    SLUICE_TRY_VALUE(os::Pipe pipe, os::make_pipe());
    SLUICE_TRY(os::set_nonblocking(pipe.read.get()));
    std::string arguments;
    for (const std::string& argument : job.arguments) arguments += (arguments.empty() ? "" : " ") + argument;
    os::ShellCommand command;
    command.line = command_line;
    command.output = pipe.write.get();
    command.environment = {{"SLUICE_STORYBOARD", program}, {"SLUICE_ARGUMENTS", arguments}, {"SLUICE_LEDGER", job.ledger}};
    command.death_signal = SIGKILL;
    SLUICE_TRY_VALUE(os::Child child, os::spawn(command));
    pipe.write.reset();
    return std::make_unique<PictureChild>(loop, dying, std::move(child), std::move(pipe.read), std::move(finished));
  };
}

}  // namespace sluice::origin
