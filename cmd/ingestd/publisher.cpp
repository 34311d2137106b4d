#include "publisher.hpp"

#include "log/log.hpp"
#include "measures.hpp"
#include "rtmp/status.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

namespace {
constexpr seconds bitrate_window{5};
constexpr unsigned broken_messages_logged = 5;
constexpr std::size_t most_unread = 256 * 1024;  // of our answers in the queue of a peer that does not read

rtmp::ServerConfig session_config(const Limits& limits) {
  rtmp::ServerConfig config;
  config.setup_time = limits.setup;
  config.idle_time = limits.idle;
  config.publishers.message = limits.message_bytes;
  config.publishers.held = limits.message_bytes + limits.message_bytes / 2;
  return config;
}
}  // namespace

Publisher::Publisher(net::Loop& loop, const Limits& limits, Door door)
    : loop_(loop),
      limits_(limits),
      door_(std::move(door)),
      session_(system_clock().steady(), system_random(), session_config(limits)),
      deadline_(loop),
      last_heard_(system_clock().steady()),
      since_(system_clock().wall()),
      window_began_(last_heard_) {}

void Publisher::start(os::UniqueFd socket) {
  connection_ = net::Connection::adopt(loop_, std::move(socket), shared_from_this());
  watch_deadline();
}

std::string Publisher::address() const { return connection_ ? connection_->peer().text() : ""; }
std::string Publisher::host() const { return connection_ ? connection_->peer().host : ""; }

void Publisher::on_data(ByteView bytes) {
  last_heard_ = system_clock().steady();
  measures().bytes.Increment(static_cast<double>(bytes.size()));
  session_.receive(bytes, last_heard_);
  process();
  if (stream_) {
    stream_->took_in();
    if (!within_bitrate(bytes.size())) {
      Measures::refused("bitrate").Increment();
      log::warn("the publisher sends too much", {{"peer", address()}, {"limit_bits_per_second", limits_.bits_per_second}});
      session_.reject(rtmp::status::publish_rejected, "the bitrate is above this server's limit");
      leave(true);
    }
  }
  push();
}

bool Publisher::within_bitrate(std::size_t bytes) {
  window_bytes_ += bytes;
  if (last_heard_ - window_began_ < bitrate_window) return window_bytes_ * 8 <= limits_.bits_per_second * bitrate_window.count();
  window_began_ = last_heard_;
  window_bytes_ = 0;
  return true;
}

void Publisher::process() {
  while (!closed_) {
    auto event = session_.next_event();
    if (!event) return;
    std::visit([this](auto& what) { handle(what); }, *event);
  }
}

void Publisher::push() {
  if (closed_ || !connection_) return;
  if (session_.has_output()) connection_->send(session_.take_output());
  if (connection_->queued() > most_unread) return connection_->abort(Error{Errc::io, "the peer reads none of its answers", ""});
  if (session_.finished()) return connection_->close();
  const bool wants = session_.wants_input();
  if (wants == !paused_) return;
  paused_ = !wants;
  paused_ ? connection_->pause_reading() : connection_->resume_reading();
}

void Publisher::watch_deadline() {
  const Steady when = session_.deadline();
  if (closed_ || when == Steady::max()) return;
  deadline_.after(std::max(when - system_clock().steady(), Steady::duration(milliseconds(1))), [this] {
    const auto keep = shared_from_this();
    session_.tick(system_clock().steady());
    process();
    push();
    watch_deadline();
  });
}

void Publisher::handle(rtmp::ConnectRequest& request) {
  program_ = request.flash_version.substr(0, 100);
  session_.accept();
}

void Publisher::handle(rtmp::PublishRequest& request) { door_.asked(shared_from_this(), std::move(request.key)); }

void Publisher::accept(std::shared_ptr<Stream> stream) {
  if (closed_) return;
  stream_ = std::move(stream);
  intake_.emplace(stream_->intake());
  window_began_ = last_heard_ = system_clock().steady();
  stream_->attach(shared_from_this());
  session_.accept();
  process();
  if (stream_) stream_->took_in();
  push();
  watch_deadline();
}

void Publisher::refuse(std::string_view code, const std::string& reason) {
  if (closed_) return;
  session_.reject(code, reason);
  process();
  push();
}

void Publisher::drop(const std::string& reason) {
  stream_.reset();
  intake_.reset();
  refuse(rtmp::status::publish_rejected, reason);
}

void Publisher::move_on() {
  if (closed_) return;
  const bool asked = session_.request_reconnect("the server is being replaced");
  leave(false);
  push();
  if (!asked && connection_) connection_->close();
}

void Publisher::handle(rtmp::MediaMessage& message) {
  if (!intake_) return;
  const auto taken = intake_->media(message, last_heard_);
  if (!taken && ++broken_messages_ <= broken_messages_logged)
    log::warn("a broken media message was dropped", {{"peer", address()}, taken.error()});
}

void Publisher::handle(rtmp::DataMessage& message) {
  if (intake_ && message.name == "onMetaData") intake_->metadata(message.value);
}

void Publisher::handle(rtmp::Unpublished&) { leave(true); }

void Publisher::handle(rtmp::Notice& notice) { log::debug("passed over", {{"peer", address()}, {"what", notice.what}}); }

void Publisher::handle(rtmp::Failed& failed) {
  log::info("session ended", {{"peer", address()}, failed.error});
  leave(false);
}

void Publisher::leave(bool goodbye) {
  const auto stream = std::move(stream_);
  stream_.reset();
  intake_.reset();
  if (stream && stream->publisher().get() == this) stream->detach(goodbye);
}

void Publisher::on_closed(const Error& why) {
  closed_ = true;
  deadline_.cancel();
  log::debug("connection closed", {{"peer", address()}, why});
  leave(false);
  door_.closed(*this);
}

}  // namespace sluice::ingestd
