#include "rtmp_publisher.hpp"

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "log/log.hpp"
#include "measures.hpp"
#include "rtmp/handshake.hpp"
#include "rtmp/status.hpp"
#include "stream.hpp"

namespace sluice::ingestd {

namespace {
constexpr unsigned broken_messages_logged = 5;
constexpr std::size_t most_unread = 256 * 1024;  // of our answers in the queue of a peer that does not read

rtmp::ServerConfig session_config(const Limits& limits, const Ways& ways) {
  rtmp::ServerConfig config;
  config.rtmps_port = ways.rtmps;
  config.setup_time = limits.setup;
  config.idle_time = limits.idle;
  config.publishers.message = limits.message_bytes;
  config.publishers.held = limits.message_bytes + limits.message_bytes / 2;
  return config;
}

std::string_view status_of(Refusal why) {
  switch (why) {
    case Refusal::key:
    case Refusal::duplicate: return rtmp::status::publish_bad_name;
    case Refusal::stopping: return rtmp::status::publish_denied;
    case Refusal::other: break;
  }
  return rtmp::status::publish_rejected;
}
}  // namespace

RtmpPublisher::RtmpPublisher(net::Loop& loop, const Limits& limits, Door door, const net::TlsContext* tls)
    : Publisher(limits, std::move(door)),
      loop_(loop),
      session_(system_clock().steady(), system_random(), session_config(limits, door_.ways)),
      deadline_(loop) {
  if (tls != nullptr) tls_.emplace(*tls);
}

void RtmpPublisher::start(os::UniqueFd socket, const net::Endpoint& peer) {
  peer_ = peer;
  connection_ = net::Connection::adopt(loop_, std::move(socket), std::static_pointer_cast<RtmpPublisher>(shared_from_this()));
  watch_deadline();
}

std::string RtmpPublisher::address() const { return peer_.text(); }

void RtmpPublisher::on_data(ByteView bytes) {
  heard(bytes.size());
  if (tls_ && !decipher(bytes)) return;
  session_.receive(tls_ ? ByteView(plain_) : bytes, last_heard());
  process();
  if (!took_in(bytes.size())) {
    session_.reject(rtmp::status::publish_rejected, "the bitrate is above this server's limit");
    leave(true);
  }
  push();
}

bool RtmpPublisher::decipher(ByteView bytes) {
  plain_.clear();
  const bool in_clear = !tls_->begun() && !bytes.empty() && bytes.front() == rtmp::c0;
  Result<> read = tls_->receive(bytes, plain_);
  if (in_clear) read = fail(Errc::invalid, "plain RTMP on the RTMPS port", door_.ways.rtmp != 0 ? fmt::format("rtmp:// goes to port {}", door_.ways.rtmp) : "");
  if (Bytes answer = tls_->take_output(); !answer.empty()) connection_->send(std::move(answer));
  if (read) {
    if (tls_->ended()) connection_->close();
    return true;
  }
  Measures::refused("tls").Increment();
  tell_end(read.error());
  leave(false);
  connection_->close();
  return false;
}

void RtmpPublisher::send(Bytes bytes) {
  if (!tls_) return connection_->send(std::move(bytes));
  tls_->send(bytes);
  connection_->send(tls_->take_output());
}

void RtmpPublisher::process() {
  while (!closed()) {
    auto event = session_.next_event();
    if (!event) return;
    std::visit([this](auto& what) { handle(what); }, *event);
  }
}

void RtmpPublisher::push() {
  if (closed() || !connection_) return;
  if (session_.has_output()) send(session_.take_output());
  if (connection_->queued() > most_unread) return connection_->abort(Error{Errc::io, "the peer reads none of its answers", ""});
  if (session_.finished()) {
    if (tls_) {
      tls_->close();
      connection_->send(tls_->take_output());
    }
    return connection_->close();
  }
  const bool wants = session_.wants_input();
  if (wants == !paused_) return;
  paused_ = !wants;
  paused_ ? connection_->pause_reading() : connection_->resume_reading();
}

void RtmpPublisher::watch_deadline() {
  const Steady when = session_.deadline();
  if (closed() || when == Steady::max()) return;
  deadline_.after(std::max(when - system_clock().steady(), Steady::duration(milliseconds(1))), [this] {
    const auto keep = shared_from_this();
    session_.tick(system_clock().steady());
    process();
    push();
    watch_deadline();
  });
}

void RtmpPublisher::handle(rtmp::ConnectRequest& request) {
  program_ = to_valid_utf8(request.flash_version.substr(0, 100));
  session_.accept();
}

void RtmpPublisher::handle(rtmp::PublishRequest& request) {
  asked_key_ = request.key;
  door_.asked(shared_from_this(), std::move(request.key));
}

void RtmpPublisher::welcome() {
  asked_key_.clear();
  session_.accept();
  process();
  if (stream_) stream_->took_in();
  push();
  watch_deadline();
}

void RtmpPublisher::refuse(Refusal why, const std::string& reason) {
  if (closed()) return;
  asked_key_.clear();
  session_.reject(status_of(why), reason);
  process();
  push();
}

void RtmpPublisher::move_on() {
  if (closed()) return;
  const bool asked = session_.request_reconnect("the server is being replaced");
  leave(false);
  push();
  if (!asked && connection_) connection_->close();
}

void RtmpPublisher::limits_changed() {
  session_.reconfigure(session_config(limits_, door_.ways));
  if (!frozen_) watch_deadline();
}

void RtmpPublisher::handle(rtmp::MediaMessage& message) {
  if (!intake_) return;
  const auto taken = intake_->media(message, last_heard());
  if (!taken && ++broken_messages_ <= broken_messages_logged)
    log::warn("a broken media message was dropped", {{"peer", address()}, taken.error()});
}

void RtmpPublisher::handle(rtmp::DataMessage& message) {
  if (intake_ && message.name == "onMetaData") intake_->metadata(message.value);
}

void RtmpPublisher::handle(rtmp::Unpublished&) { leave(true); }

void RtmpPublisher::handle(rtmp::Notice& notice) { log::debug("passed over", {{"peer", address()}, {"what", notice.what}}); }

void RtmpPublisher::handle(rtmp::Failed& failed) {
  tell_end(failed.error);
  leave(false);
}

void RtmpPublisher::tell_end(const Error& why) const {
  if (stream_ || door_.tells(peer_.host, why.what)) log::info("session ended", {{"peer", address()}, why});
}

void RtmpPublisher::on_closed(const Error& why) {
  deadline_.cancel();
  log::debug("connection closed", {{"peer", address()}, why});
  gone();
}

}  // namespace sluice::ingestd
