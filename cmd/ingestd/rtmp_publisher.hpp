#pragma once
// RtmpPublisher: one RTMP connection, over TLS (RTMPS) or not. The time to set up counts from connecting, TLS's handshake included.
#include <optional>

#include "ingest/flv_intake.hpp"
#include "net/tcp.hpp"
#include "net/tls.hpp"
#include "publisher.hpp"
#include "rtmp/session.hpp"

namespace sluice::ingestd {

class RtmpPublisher final : public Publisher, public net::Connection::Handler {
 public:
  // `tls`: the certificate to show; null for plain RTMP.
  RtmpPublisher(net::Loop& loop, const Limits& limits, Door door, const net::TlsContext* tls);
  void start(os::UniqueFd socket, const net::Endpoint& peer);

  void refuse(Refusal why, const std::string& reason) override;
  void move_on() override;
  void limits_changed() override;
  std::string_view protocol() const override { return tls_ ? "rtmps" : "rtmp"; }
  media::PublisherClock clock() const override { return media::rtmp_clock; }
  std::string address() const override;
  std::string host() const override { return peer_.host; }

  // ---- for another process to go on with (plain RTMP alone)
  bool plain() const { return !tls_ && connection_ && !closed() && !session_.finished(); }
  // What is queued for a peer cannot be said twice: it must have gone out.
  bool can_move() const override { return plain() && connection_->queued() == 0; }
  int socket() const { return connection_->fd(); }  // borrowed
  void freeze();  // nothing comes and nothing goes until thaw() or hand_over()
  bool frozen() const { return frozen_; }
  void thaw();
  void hand_over();
  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in, std::shared_ptr<Stream> stream);
  void go_on(os::UniqueFd socket);  // restored

  void on_data(ByteView bytes) override;
  void on_closed(const Error& why) override;

 private:
  void begin_media(media::Intake& intake) override { intake_.emplace(intake); }
  void end_media() override { intake_.reset(); }
  void welcome() override;

  void process();
  void handle(rtmp::ConnectRequest& request);
  void handle(rtmp::PublishRequest& request);
  void handle(rtmp::MediaMessage& message);
  void handle(rtmp::DataMessage& message);
  void handle(rtmp::Unpublished& unpublished);
  void handle(rtmp::Notice& notice);
  void handle(rtmp::Failed& failed);
  void tell_end(const Error& why) const;
  bool decipher(ByteView bytes);  // into plain_; false: the connection is over
  void send(Bytes bytes);
  void push();          // sends what the session has to say; closes when it is finished
  void watch_deadline();

  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);

  net::Loop& loop_;
  net::Endpoint peer_;  // as accepted: a connection that is reset at once no longer knows
  std::shared_ptr<net::Connection> connection_;
  std::optional<net::TlsSession> tls_;
  Bytes plain_;  // of one reading; kept for its memory
  rtmp::ServerSession session_;
  net::Timer deadline_;
  std::optional<ingest::FlvIntake> intake_;
  unsigned broken_messages_ = 0;
  bool paused_ = false, frozen_ = false;
  std::string asked_key_;  // until it is answered
};

}  // namespace sluice::ingestd
