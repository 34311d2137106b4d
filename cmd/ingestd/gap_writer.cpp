#include "gap_writer.hpp"

#include <unistd.h>

namespace sluice::ingestd {

Result<std::unique_ptr<GapWriter>> GapWriter::start(net::Loop& loop, std::vector<std::pair<std::string, std::string>> environment,
                                                    std::function<void(os::ExitStatus)> on_exit) {
  std::unique_ptr<GapWriter> made(new GapWriter);
  SLUICE_TRY_VALUE(os::Pipe pipe, os::make_pipe());
  SLUICE_TRY(os::set_nonblocking(pipe.write.get()));
  os::ShellCommand command{.line = "exec segmenter --gaps \"$SLUICE_LEDGER\"", .input = pipe.read.get()};
  command.environment = std::move(environment);
  SLUICE_TRY_VALUE(made->child_, os::spawn(command));
  made->input_ = std::move(pipe.write);
  made->on_exit_ = std::move(on_exit);
  made->ended_ = std::make_unique<net::FdWatch>(loop, made->child_.pidfd());
  made->ended_->on_readable([self = made.get()] {
    const auto status = self->child_.reap();
    if (!status) return;
    self->ended_.reset();
    const auto on_exit = self->on_exit_;
    on_exit(*status);
  });
  return made;
}

// A line that finds the pipe full, or broken, is made good by the next.
void GapWriter::fill_until(std::int64_t us) {
  const std::string line = std::to_string(us) + "\n";
  if (input_) (void)!::write(input_.get(), line.data(), line.size());
}

}  // namespace sluice::ingestd
