#include "dispatch.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>

#include "app/run.hpp"
#include "app/signals.hpp"
#include "base/text.hpp"
#include "guest.hpp"
#include "inlet.hpp"
#include "log/log.hpp"
#include "metrics/metrics.hpp"
#include "orders.hpp"
#include "outlet.hpp"
#include "posting.hpp"
#include "pulse.hpp"
#include "relay/outlook.hpp"
#include "remote_settings.hpp"

namespace sluice::transcode {

namespace {
constexpr std::size_t most_guests = 8;      // connections that have proven nothing yet: the ninth takes the oldest one's place
constexpr unsigned most_complaints = 20;    // lines of the log about strangers
constexpr seconds flush_time{10};           // that our reader may take nothing of what was received, at the end
constexpr milliseconds withdraw_time{1000}; // for Redis, where the program waits for it
constexpr milliseconds hasty_withdraw_time{100};  // where viewers do, too; an entry that stays is cleared away as stale
constexpr std::chrono::hours longest_take_time{24};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Whether the stream has a ledger that tells of something: what viewers have.
bool runs_already(const std::string& ledger) {
  std::error_code none;
  const auto size = std::filesystem::file_size(ledger + "/index", none);
  return !ledger.empty() && !none && size > 0;
}

class Dispatcher final : public Host {
 public:
  Dispatcher(RemoteSettings remote, relay::Words order, std::string ledger, bool local)
      : remote_(std::move(remote)), order_(std::move(order)), ledger_(std::move(ledger)), local_(local), take_limit_(loop_), look_out_(loop_), flush_limit_(loop_) {}
  Result<std::optional<int>> run(const net::Endpoint& listen, std::string reach, milliseconds take_time);

 private:
  bool reserve(Guest& guest) override;
  const relay::Words& order() const override { return order_; }
  void started(Guest& guest) override;
  void media(ByteView piece) override;
  void outcome(Guest& guest, const relay::Words& outcome) override;
  void gone(Guest& guest, const Error& why) override;
  void drained(const Guest& guest) override {
    if (worker_ == &guest && inlet_) inlet_->drained();
  }
  void heard(const Guest& guest) override {
    if (worker_ == &guest && pulse_) pulse_->heard();
  }

  void accept(os::UniqueFd fd, net::Endpoint peer);
  void look_out();
  void nobody_came();
  void input_ended(Result<> how);
  void on_signal(int signal);
  void end(Result<std::optional<int>> how);  // after our reader has everything
  void watch_reader(Steady began);
  void stop_input();

  RemoteSettings remote_;
  relay::Words order_;
  std::string ledger_;
  bool local_;
  net::Loop loop_;
  net::Timer take_limit_, look_out_, flush_limit_;
  std::unique_ptr<net::Listener> listener_;
  std::string ticket_ = random_token(system_random());
  std::optional<Posting> posting_;
  std::optional<relay::Outlook> outlook_;  // where the stream runs already, and can go on here
  std::string reach_;           // where workers reach us
  std::deque<std::shared_ptr<Guest>> guests_;  // oldest first
  unsigned complaints_ = 0;
  Guest* worker_ = nullptr;     // reserved, then running
  bool running_ = false, input_over_ = false, ending_ = false;
  bool late_ = false;           // the time to take the job is over: only who is reserved may still start
  int stopped_by_ = 0;
  Steady posted_ = system_clock().steady();
  std::unique_ptr<Inlet> inlet_;
  std::unique_ptr<Outlet> outlet_;
  std::optional<Pulse> pulse_;
  Result<std::optional<int>> result_ = std::optional<int>(app::exit_done);
  prometheus::Gauge& waiting_ = metrics::gauge("sluice_transcode_dispatch_waiting", "1 while no worker has taken the stream");
};

// ---- waiting for a worker

Result<std::optional<int>> Dispatcher::run(const net::Endpoint& listen, std::string reach, milliseconds take_time) {
  SLUICE_TRY_VALUE(listener_, net::Listener::bind(loop_, listen, [this](os::UniqueFd fd, net::Endpoint peer) { accept(std::move(fd), std::move(peer)); }));
  if (reach.empty()) reach = listener_->local().text();
  else if (reach.ends_with(":0")) reach = reach.substr(0, reach.size() - 1) + std::to_string(listener_->local().port);
  reach_ = reach;
  const relay::Job job{.to = reach, .ticket = ticket_, .stream = relay::printable(environment("SLUICE_STREAM")), .channel = relay::printable(environment("SLUICE_CHANNEL")), .good_for = take_time};
  app::Signals signals(loop_, [this](int signal) { on_signal(signal); });
  posting_.emplace(loop_, remote_.url, QueueKeys(remote_.queue), relay::write_job(job, remote_.secret), Posting::Calls{
      .posted = [this] {
        if (outlook_) outlook_->posted(system_clock().steady());
        look_out();
      },
      .failed = [this](const Error& why) {
        if (outlook_) outlook_->failed(why.what);
        look_out();
      }});
  waiting_.Set(1);
  take_limit_.after(take_time, [this] { nobody_came(); });
  if (local_ && runs_already(ledger_)) outlook_.emplace(system_clock().steady());
  look_out();
  loop_.run();
  for (const auto& guest : guests_) guest->abort({Errc::io, "the dispatcher ends", ""});
  return result_;
}

void Dispatcher::accept(os::UniqueFd fd, net::Endpoint peer) {
  if (guests_.size() >= most_guests) {
    const auto oldest = std::ranges::find_if(guests_, [this](const auto& each) { return each.get() != worker_; });
    (*oldest)->abort({Errc::unavailable, "too many came after it", ""});
    guests_.erase(oldest);
  }
  const auto guest = std::make_shared<Guest>(*this, loop_, remote_.secret, ticket_, peer);
  guests_.push_back(guest);
  guest->attach(net::Connection::adopt(loop_, std::move(fd), guest));
}

bool Dispatcher::reserve(Guest& guest) {
  if (worker_ != nullptr || ending_ || late_) return false;
  worker_ = &guest;
  return true;
}

// Viewers wait: as soon as nobody can take the stream it goes on here.
void Dispatcher::look_out() {
  if (!outlook_ || running_ || ending_ || late_) return;
  switch (outlook_->next(system_clock().steady())) {
    case relay::Outlook::Step::give_up: return nobody_came();
    case relay::Outlook::Step::ask:
      posting_->ask_delivered([this](std::optional<bool> answer) {
        if (answer) outlook_->delivered(*answer, system_clock().steady());
        else outlook_->failed("Redis does not say who has the job");
        look_out();
      });
      [[fallthrough]];
    case relay::Outlook::Step::wait:
      look_out_.after(std::max(outlook_->deadline() - system_clock().steady(), Steady::duration::zero()), [this] { look_out(); });
  }
}

void Dispatcher::nobody_came() {
  if (worker_ != nullptr && !std::exchange(late_, true)) return take_limit_.after(proving_time, [this] { nobody_came(); });
  take_limit_.cancel();
  look_out_.cancel();
  const std::string trouble = posting_->trouble();
  const bool known = outlook_ && !outlook_->why().empty();
  log::error(known ? "no worker takes the stream" : "no worker took the stream in time",
             {{"queue", remote_.queue}, {known ? "why" : "redis", known ? outlook_->why() : trouble.empty() ? "reached" : trouble}, {"address", reach_}, {"next", local_ ? "transcoding here" : "giving up"}});
  waiting_.Set(0);
  ending_ = true;
  if (local_) result_ = std::nullopt;
  else result_ = fail(Errc::unavailable, "no worker took the stream in time", "start more workers: transcode --worker; the logs of those that run say when they cannot reach " + reach_);
  posting_->withdraw(true, outlook_ ? hasty_withdraw_time : withdraw_time, [this] { loop_.stop(); });
}

// ---- relaying

void Dispatcher::started(Guest& guest) {
  running_ = true;
  take_limit_.cancel();
  look_out_.cancel();
  listener_->stop();
  waiting_.Set(0);
  posting_->withdraw(false, seconds(5), [] {});  // Redis is not needed any more
  log::info("a worker has the stream", {{"worker", guest.name()}, {"waited_ms", std::chrono::duration_cast<milliseconds>(system_clock().steady() - posted_).count()}});
  outlet_ = std::make_unique<Outlet>(loop_, STDOUT_FILENO, Outlet::Calls{
      .room = [this] {
        if (worker_ == nullptr || !pulse_) return;
        pulse_->deaf(false);
        worker_->link()->resume_reading();
      },
      .broken = [this](const Error& why) { end(std::unexpected(why)); }});
  inlet_ = std::make_unique<Inlet>(loop_, STDIN_FILENO, guest.link(), [this](Result<> how) { input_ended(std::move(how)); });
  pulse_.emplace(loop_, remote_.peer_time,
                 [this] {
                   worker_->session().beat();
                   worker_->flush();
                 },
                 [this] { worker_->abort({Errc::unavailable, "nothing was heard of it", ""}); });
}

void Dispatcher::media(ByteView piece) {
  if (ending_) return;
  outlet_->write(piece);
  if (!outlet_->full() || worker_ == nullptr) return;
  worker_->link()->pause_reading();
  pulse_->deaf(true);
}

void Dispatcher::input_ended(Result<> how) {
  if (!how) return end(std::unexpected(how.error()));
  stop_input();
}

void Dispatcher::stop_input() {
  if (std::exchange(input_over_, true) || worker_ == nullptr) return;
  worker_->session().end_input();
  worker_->flush();
}

void Dispatcher::outcome(Guest& guest, const relay::Words& outcome) {
  const auto word = [&](std::string_view name) {
    const auto found = outcome.find(std::string(name));
    return found == outcome.end() ? std::string() : found->second;
  };
  const std::string mark = word(word_mark);
  if (order_.contains(std::string(word_supervised)) && !ledger_.empty() && (!mark.empty() || order_.contains(std::string(word_mark)))) {
    if (const auto written = write_note(ledger_, word_mark, mark); !written) log::error("remember the keyframe interval", {written.error()});
  }
  if (const std::string pause = word(word_pause); !pause.empty() && order_.contains(std::string(word_supervised)) && !ledger_.empty()) {
    if (const auto written = write_note(ledger_, word_pause, pause); !written) log::error("tell the segmenter where the source is left off", {written.error()});
  }
  const int code = parse_number<int>(word(word_code)).value_or(app::exit_failed);
  if (!word(word_handed_back).empty() && !input_over_) {
    log::info("the worker stops and hands the stream back", {{"worker", guest.name()}});
    return end(std::optional<int>(app::exit_temporary));
  }
  if (code == app::exit_done) return end(std::optional<int>(stopped_by_ == SIGINT ? app::exit_interrupted : input_over_ ? app::exit_done : app::exit_temporary));
  if (code == app::exit_temporary) return end(std::optional<int>(app::exit_temporary));
  end(fail(Errc::io, fmt::format("transcode on {} failed: {}", guest.name(), word(word_how)), "its log says why"));
}

void Dispatcher::gone(Guest& guest, const Error& why) {
  std::erase_if(guests_, [&](const auto& each) { return each.get() == &guest; });
  const bool was_worker = worker_ == &guest;
  if (was_worker) worker_ = nullptr;
  if (ending_) return;
  if (!was_worker) {
    if (why.code != Errc::io && ++complaints_ <= most_complaints) log::warn("a connection was refused", {{"peer", guest.name()}, why});
    return;
  }
  if (running_) return end(fail(Errc::unavailable, fmt::format("worker {} was lost: {}", guest.name(), why.what), "the next generation gives the stream to another"));
  log::warn("a worker did not start the job", {{"worker", guest.name()}, why});
  if (late_) nobody_came();
}

// ---- ending

void Dispatcher::end(Result<std::optional<int>> how) {
  if (ending_) return;
  ending_ = true;
  result_ = std::move(how);
  pulse_.reset();
  loop_.post([this] {
    inlet_.reset();
    outlet_->when_empty([this] { loop_.stop(); });
  });
  flush_limit_.every(seconds(1), [this, began = system_clock().steady()] { watch_reader(began); });
}

// A reader that is slow is waited for; one that takes nothing is left, and what it has not got is no success.
void Dispatcher::watch_reader(Steady began) {
  const auto since = outlet_->blocked_since();
  if (!since || system_clock().steady() - std::max(*since, began) < flush_time) return;
  if (result_) result_ = fail(Errc::io, fmt::format("standard output took nothing for {} s: the end of the stream was not written", flush_time.count()), "is its reader still alive?");
  loop_.stop();
}

// As of the filter itself: the input ends here, what was read is finished, and our reader gets it. A second signal ends us.
void Dispatcher::on_signal(int signal) {
  if (stopped_by_ != 0 || signal == SIGHUP) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
  stopped_by_ = signal;
  if (running_) {
    inlet_.reset();  // nothing may follow the end
    return stop_input();
  }
  take_limit_.cancel();
  if (worker_ != nullptr) worker_->abort({Errc::io, "the dispatcher ends", ""});  // it is about to start, and nothing is to be read for it
  result_ = std::optional<int>(signal == SIGINT ? app::exit_interrupted : app::exit_done);
  if (std::exchange(ending_, true)) return;  // nobody came, and the job is being taken back
  posting_->withdraw(false, withdraw_time, [this] { loop_.stop(); });
}
}  // namespace

Result<std::optional<int>> dispatch(const app::Settings& settings) {
  SLUICE_TRY_VALUE(RemoteSettings remote, remote_settings(settings, "dispatch"));
  SLUICE_TRY_VALUE(const net::Endpoint listen, net::parse_endpoint(settings.text("listen")));
  const auto no_path = [](std::string_view option) {
    return fail(Errc::usage, fmt::format("--{} names a Unix socket, which no other machine can connect to", option), "give ADDRESS:PORT");
  };
  if (!listen.path.empty()) return no_path("listen");
  std::string reach;
  if (settings.has("reach")) {
    SLUICE_TRY_VALUE(const net::Endpoint endpoint, net::parse_endpoint(settings.text("reach")));
    if (!endpoint.path.empty()) return no_path("reach");
    reach = endpoint.text();
  } else if (listen.host == "0.0.0.0" || listen.host == "::") {
    return fail(Errc::usage, "--listen " + listen.text() + " is no address that workers can connect to", "say which is: --reach ADDRESS:0");
  }
  const milliseconds take_time = settings.duration("take-time");
  if (take_time <= milliseconds(0) || take_time > longest_take_time) return fail(Errc::usage, "--take-time must be more than 0, and a day at most");
  relay::Words order = order_of(settings);
  const std::string ledger = environment("SLUICE_LEDGER");
  if (environment("SLUICE_FED") == "1") order.emplace(word_supervised, "1");
  if (const std::string mark = read_note(ledger, word_mark); !mark.empty()) order.emplace(word_mark, mark);
  ::signal(SIGPIPE, SIG_IGN);
  Dispatcher dispatcher(std::move(remote), std::move(order), ledger, settings.text("untaken") == "local");
  auto how = dispatcher.run(listen, reach, take_time);
  ::signal(SIGPIPE, SIG_DFL);
  return how;
}

}  // namespace sluice::transcode
