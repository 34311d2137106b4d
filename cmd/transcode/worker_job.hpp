#pragma once
// WorkerJob: one job on a worker, from the connection to its dispatcher to its outcome. The work itself is this program again, as a child
// of its own that reads the source from a pipe and writes the renditions to another: one stream's fault is no other's.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "inlet.hpp"
#include "os/spawn.hpp"
#include "outlet.hpp"
#include "pulse.hpp"
#include "relay/job.hpp"
#include "relay/session.hpp"

namespace sluice::transcode {

struct JobSetup {
  relay::Job job;
  relay::Secret secret;
  std::string worker;        // our name, for the dispatcher's log
  unsigned cores = 1;        // where the order leaves them open
  milliseconds peer_time;
  std::string log_options;   // for the child's command line
};

class WorkerJob final : public net::Connection::Handler, public relay::WorkerSession::Events, public std::enable_shared_from_this<WorkerJob> {
 public:
  enum class End {
    done,         // the stream, or this generation of it, is over
    handed_back,  // the worker stops
    failed,       // the child could not be started, or failed
    lost,         // the connection
    elsewhere,    // another worker has it
    unreachable,  // the dispatcher was not reached, or is not ours
  };
  struct Calls {
    std::function<void()> taken;                                                 // the child runs
    std::function<void(WorkerJob& job, End end, const std::string& how)> ended;  // once
    std::function<void(WorkerJob& job)> closed;                                  // after that, when the connection has gone too; last
  };
  static std::shared_ptr<WorkerJob> start(net::Loop& loop, JobSetup setup, Calls calls);
  ~WorkerJob() override;

  void hasten();     // its dispatcher gets no more than a moment to read the last of it
  void hand_back();  // the child finishes what it has read; ended() comes within seconds
  const relay::Job& job() const { return setup_.job; }
  bool was_taken() const { return taken_; }
  bool connected() const { return link_ != nullptr; }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return inlet_ ? inlet_->bytes() : 0; }

 private:
  WorkerJob(net::Loop& loop, JobSetup setup, Calls calls);
  void connect();
  void on_data(ByteView bytes) override;
  void on_drained() override;
  void on_closed(const Error& why) override;
  void on_order(const relay::Words& order) override;
  void on_media(ByteView piece) override;
  void on_input_end() override;
  void on_refused(const std::string& why) override;

  Result<> spawn(const relay::Words& order);
  void relay_media();
  void close_input();
  void beat();
  void watch_child();
  void child_ended();
  void conclude();      // once the child is dead and all it wrote is sent
  void abort(Error why);
  void end(End end, const std::string& how);
  void flush();

  net::Loop& loop_;
  JobSetup setup_;
  Calls calls_;
  relay::WorkerSession session_;
  net::Timer patience_;
  std::shared_ptr<net::Connection> link_;
  std::string folder_;          // stands in for the ledger's: holds the mark
  os::Child child_;
  std::optional<os::ExitStatus> status_;
  os::UniqueFd input_, output_;
  std::unique_ptr<net::FdWatch> child_watch_;
  bool taken_ = false;
  std::unique_ptr<Inlet> inlet_;    // from the child
  std::unique_ptr<Outlet> outlet_;  // to it
  std::optional<Pulse> pulse_;
  Steady quiet_since_{};            // the input is over, and it makes nothing
  std::uint64_t made_ = 0;
  bool output_ended_ = false, handing_back_ = false, cut_short_ = false, over_ = false, stuck_ = false;
  std::uint64_t bytes_in_ = 0;
};

}  // namespace sluice::transcode
