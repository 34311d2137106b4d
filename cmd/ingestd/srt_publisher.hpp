#pragma once
// SrtPublisher: one SRT session with an MPEG transport stream. Whom it is for was settled in the handshake (srt_door.hpp). SRT has
// no goodbye: a caller that closes is one that was cut off, and its stream waits for it.
#include <optional>

#include "ingest/ts_intake.hpp"
#include "net/loop.hpp"
#include "publisher.hpp"
#include "srt/server.hpp"

namespace sluice::ingestd {

class SrtPublisher final : public Publisher, public srt::Session::Handler {
 public:
  SrtPublisher(net::Loop& loop, const Limits& limits, Door door, std::shared_ptr<srt::Session> session);

  void refuse(Refusal why, const std::string& reason) override;
  void move_on() override;
  void limits_changed() override;
  std::string_view protocol() const override { return "srt"; }
  media::PublisherClock clock() const override { return media::mpegts_clock; }
  std::string address() const override { return session_->peer().text(); }
  std::string host() const override { return session_->peer().host; }
  std::string advice() const override { return intake_ ? intake_->advice() : ""; }

  void on_data(ByteView bytes) override;
  void on_closed(const Error& why) override;

 private:
  void begin_media(media::Intake& intake) override { intake_.emplace(intake, limits_.message_bytes); }
  void end_media() override;
  void welcome() override;
  void watch_silence();
  void close();

  const std::shared_ptr<srt::Session> session_;
  net::Timer silence_;
  std::optional<ingest::TsIntake> intake_;
};

}  // namespace sluice::ingestd
