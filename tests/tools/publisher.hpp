#pragma once
// One test publisher on a socket: sends the tags in their time, or misbehaves as asked. NDJSON lines tell what happens.
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "media_source.hpp"
#include "os/unique_fd.hpp"
#include "rtmp/client.hpp"

namespace sluice::test {

enum class Randomly { never, from_start, after_handshake, while_publishing };

struct Jump {
  std::uint32_t ms = 0;             // modulo 2^32: the clock leaps, the pace does not
  std::optional<media::Kind> only;  // of one kind's timestamps
};

struct Stand {
  std::uint32_t from_ms = 0, to_ms = 0;  // timestamps between are the first of them: the clock stands still, the pace does not
  std::optional<media::Kind> only;       // of one kind's timestamps
};

struct Behaviour {
  bool one_byte = false;                 // a byte a write
  bool stop_reading = false;             // once publishing, or at once with no publish to come
  std::optional<std::size_t> torn;       // send this many bytes and no more
  Randomly randomly = Randomly::never;
  std::uint64_t seed = 0;
  std::size_t random_bytes = 0;
  bool fast = false;                     // as fast as the socket takes it
  bool finish = true;                    // FCUnpublish and deleteStream at the end; else just close
  bool linger = false;                   // at the end stay, silent, until the server closes
  unsigned loops = 1;                    // 0: for ever
  double seconds = 0;                    // 0: to the end of the file
  std::uint32_t offset_ms = 0;           // added to every timestamp, modulo 2^32
  std::vector<Jump> jumps;               // one in turn whenever the file begins again, each on top of those before
  std::optional<Stand> stand;
  std::uint32_t grain_ms = 1;            // timestamps are whole numbers of these
  double clock_speed = 1;                // that of the timestamps; the pace is as ever
  double speed = 1;                      // so many seconds of media in a second
  double patience = 20;                  // seconds to wait for a server to answer or close

  bool hostile() const { return stop_reading || torn || randomly != Randomly::never; }
};

class Publisher {
 public:
  enum class Outcome { running, done, refused, closed, unreachable, impatient };

  Publisher(int index, const std::vector<Tag>& tags, const Behaviour& behaviour, rtmp::ClientConfig config)
      : index_(index),
        tags_(tags),
        how_(behaviour),
        random_(behaviour.seed + static_cast<std::uint64_t>(index) + 1),
        noise_(behaviour.seed + static_cast<std::uint64_t>(index)),
        session_(random_, std::move(config)) {}

  Outcome outcome() const { return outcome_; }
  int fd() const { return fd_.get(); }

  void connect(const addrinfo* to) {
    started_ = std::chrono::steady_clock::now();
    patient_until_ = started_ + after(how_.patience);
    for (; to; to = to->ai_next) {
      fd_ = os::UniqueFd(::socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (fd_ && ::connect(fd_.get(), to->ai_addr, to->ai_addrlen) == 0) break;
      fd_.reset();
    }
    if (!fd_) return end(Outcome::unreachable, {{"event", "unreachable"}, {"reason", strerror(errno)}});
    int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
    take_output();
    if (how_.randomly == Randomly::from_start) make_noise();
  }

  short wanted() const {
    short events = 0;
    if (!reading_stopped()) events |= POLLIN;
    if ((!out_empty() || (how_.fast && sending())) && !torn_off()) events |= POLLOUT;
    return events;
  }

  // Milliseconds until there is something to do by itself.
  std::int64_t due(Steady now) const {
    Steady next = patient_until_;
    if (sending() && !how_.fast) next = std::min(next, time_of(next_tag_));
    return std::max<std::int64_t>(0, std::chrono::ceil<milliseconds>(next - now).count());
  }

  void work(short ready, Steady now) {
    if (ready & (POLLIN | POLLHUP | POLLERR)) read();
    if (outcome_ != Outcome::running) return;
    feed(now);
    if (outcome_ != Outcome::running) return;
    write(now);
    if (outcome_ == Outcome::running && now >= patient_until_) {
      end(Outcome::impatient, {{"event", "timeout"}, {"after_s", how_.patience}});
    }
  }

 private:
  using Json = nlohmann::ordered_json;

  static std::chrono::steady_clock::duration after(double seconds) {
    return std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
  }
  bool out_empty() const { return written_ == out_.size(); }
  bool torn_off() const { return how_.torn && sent_ >= *how_.torn; }
  bool reading_stopped() const { return how_.stop_reading && was_publishing_; }
  bool sending() const { return session_.publishing() && !noisy_ && next_tag_ < tags_.size(); }
  double seconds_of(std::size_t tag) const { return (tags_[tag].ms - tags_[0].ms + loop_ms_) / 1000.0; }
  Steady time_of(std::size_t tag) const { return media_start_ + after(seconds_of(tag) / how_.speed); }

  void say(Json json) {
    Json line{{"publisher", index_},
              {"ms", std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - started_).count()}};
    line.update(json);
    std::puts(line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    std::fflush(stdout);
  }

  void end(Outcome outcome, Json json) {
    outcome_ = outcome;
    json["bytes"] = sent_;
    json["tags"] = tags_sent_;
    say(std::move(json));
    fd_.reset();
  }

  void make_noise() {
    noisy_ = true;
    session_.take_output();
    const std::size_t size = how_.random_bytes;
    out_.assign(size, std::byte{});
    written_ = 0;
    noise_.fill(out_);
  }

  void read() {
    std::byte buffer[16'384];
    const ssize_t size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return end(ended_ ? Outcome::done : Outcome::closed, {{"event", "closed"}, {"by", "server"}});
    patient_until_ = std::chrono::steady_clock::now() + after(how_.patience);
    session_.receive(ByteView(buffer, static_cast<std::size_t>(size)));
    while (auto event = session_.next_event()) {
      if (const auto* status = std::get_if<rtmp::Status>(&*event)) {
        say({{"event", "status"},
             {"level", status->level},
             {"code", status->code},
             {"description", status->description}});
      } else if (const auto* failed = std::get_if<rtmp::ClientFailed>(&*event)) {
        return end(Outcome::refused, {{"event", "refused"}, {"reason", failed->error.what}});
      } else {
        was_publishing_ = true;
        media_start_ = std::chrono::steady_clock::now();
        say({{"event", "publishing"}});
        if (how_.randomly == Randomly::while_publishing) make_noise();
      }
    }
    if (how_.randomly == Randomly::after_handshake && !noisy_) make_noise();
  }

  void feed(Steady now) {
    constexpr std::size_t enough = 256u << 10;
    while (sending() && out_.size() - written_ < enough && (how_.fast || time_of(next_tag_) <= now)) {
      const Tag& tag = tags_[next_tag_];
      const std::uint32_t ms = told(tag) + how_.offset_ms + (tag.kind == media::Kind::video ? video_leapt_ : audio_leapt_);
      if (tag.script) {
        session_.send_script(ms, tag.payload);
      } else {
        session_.send_media(tag.kind, ms, tag.payload);
      }
      ++tags_sent_;
      if (how_.seconds > 0 && seconds_of(next_tag_) >= how_.seconds) {
        next_tag_ = tags_.size();
        loops_done_ = how_.loops = 1;
        break;
      }
      ++next_tag_;
      if (next_tag_ == tags_.size() && (how_.loops == 0 || loops_done_ + 1 < how_.loops)) {
        if (!how_.jumps.empty()) leap(how_.jumps[loops_done_ % how_.jumps.size()]);
        ++loops_done_;
        next_tag_ = 0;
        constexpr std::uint32_t between = 33;
        loop_ms_ += tags_.back().ms - tags_.front().ms + between;
      }
      take_output();
    }
    if (session_.publishing() && !noisy_ && next_tag_ >= tags_.size() && !ended_) {
      ended_ = true;
      if (how_.finish && !how_.linger) session_.finish();
      say({{"event", "sent"}});
    }
    if (!noisy_) take_output();
  }

  std::uint32_t told(const Tag& tag) const {
    std::uint32_t ms = tag.ms + loop_ms_;
    if (how_.stand && ms >= how_.stand->from_ms && ms < how_.stand->to_ms && how_.stand->only.value_or(tag.kind) == tag.kind) ms = how_.stand->from_ms;
    if (how_.clock_speed != 1) ms = static_cast<std::uint32_t>(ms * how_.clock_speed);
    return ms / how_.grain_ms * how_.grain_ms;
  }

  void leap(const Jump& jump) {
    if (jump.only != media::Kind::audio) video_leapt_ += jump.ms;
    if (jump.only != media::Kind::video) audio_leapt_ += jump.ms;
  }

  void take_output() {
    if (written_ == out_.size()) {
      out_.clear();
      written_ = 0;
    }
    const Bytes more = session_.take_output();
    if (out_.empty() && !more.empty()) {
      out_ = more;
    } else {
      append(out_, more);
    }
  }

  void write(Steady now) {
    while (!out_empty() && !torn_off()) {
      std::size_t size = out_.size() - written_;
      if (how_.one_byte) size = 1;
      if (how_.torn) size = std::min(size, *how_.torn - sent_);
      const ssize_t done = ::send(fd_.get(), out_.data() + written_, size, MSG_NOSIGNAL);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0 && errno == EAGAIN) break;
      if (done < 0) return end(Outcome::closed, {{"event", "closed"}, {"by", "server"}, {"reason", strerror(errno)}});
      written_ += static_cast<std::size_t>(done);
      sent_ += static_cast<std::size_t>(done);
      if (!how_.hostile()) patient_until_ = now + after(how_.patience);
    }
    if (ended_ && out_empty() && !how_.linger) {
      // Closing with bytes unread resets the connection, and the peer may lose what it has not read yet: half-close then.
      if (!how_.finish && !how_.stop_reading) return end(Outcome::done, {{"event", "closed"}, {"by", "publisher"}});
      if (!shut_) ::shutdown(fd_.get(), SHUT_WR);
      shut_ = true;
    }
  }

  int index_;
  const std::vector<Tag>& tags_;
  Behaviour how_;
  SeededRandom random_, noise_;
  rtmp::ClientSession session_;
  os::UniqueFd fd_;
  Outcome outcome_ = Outcome::running;
  Bytes out_;
  std::size_t written_ = 0, sent_ = 0, tags_sent_ = 0;
  std::size_t next_tag_ = 0;
  unsigned loops_done_ = 0;
  std::uint32_t loop_ms_ = 0, video_leapt_ = 0, audio_leapt_ = 0;
  bool noisy_ = false, was_publishing_ = false, ended_ = false, shut_ = false;
  Steady started_, media_start_, patient_until_;
};

}  // namespace sluice::test
