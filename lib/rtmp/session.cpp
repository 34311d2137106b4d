#include "rtmp/session.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rtmp/server_impl.hpp"

namespace sluice::rtmp {

namespace {
constexpr std::size_t most_kept = 1u << 20;
constexpr unsigned most_notices = 32;
}  // namespace

ServerSession::Impl::Impl(Steady now, Random& random, const ServerConfig& config)
    : link(config.strangers, config.window),
      config_(config),
      handshake_(random, config.rtmps_port),
      now_(now),
      setup_until_(now + config.setup_time),
      heard_(now),
      pongs_allowed_(now) {}

void ServerSession::Impl::receive(ByteView in, Steady now) {
  if (finished_ || in.empty()) return;
  now_ = now;
  if (now - pongs_allowed_ >= seconds(1)) {
    link.allow_pong();
    pongs_allowed_ = now;
  }
  heard_ = now;
  pinged_ = waited_ = false;
  bytes += in.size();
  if (!waits()) return process(in);
  if (kept_.size() + in.size() > most_kept) {
    return fail_with({Errc::invalid, "the peer sends without waiting for an answer"});
  }
  append(kept_, in);
}

void ServerSession::Impl::process(ByteView in) {
  if (!handshake_.done()) {
    if (auto result = handshake_.receive(in, link.output()); !result) return fail_with(std::move(result).error());
    if (!handshake_.done()) return;
  }
  while (!finished_ && !waits()) {
    const std::size_t before = in.size();
    auto message = link.reader().next(in);
    link.count(before - in.size());
    if (!message) return fail_with(std::move(message).error());
    if (!*message) return;
    take(**std::move(message));
  }
  if (waits() && !in.empty()) kept_.insert(kept_.begin(), in.begin(), in.end());
}

void ServerSession::Impl::take(Message message) {
  switch (message.type) {
    case MessageType::audio:
    case MessageType::video: return take_media(message.type, message.timestamp, message);
    case MessageType::data_amf0:
    case MessageType::data_amf3: return take_data(message);
    case MessageType::command_amf0:
    case MessageType::command_amf3: return take_command(message);
    case MessageType::aggregate: return take_aggregate(message);
    default:
      if (!link.control(message)) {
        notice(fmt::format("a message of type {}: passed over", static_cast<unsigned>(message.type)));
      }
  }
}

void ServerSession::Impl::take_media(MessageType type, std::uint32_t timestamp, Message& message) {
  if (!publishing() || message.payload.bytes.empty()) return;
  events_.emplace_back(MediaMessage{.kind = type == MessageType::audio ? media::Kind::audio : media::Kind::video,
                                    .timestamp = timestamp,
                                    .payload = std::move(message.payload),
                                    .chunk_stream = message.chunk_stream,
                                    .message_stream = message.stream});
}

void ServerSession::Impl::take_data(const Message& message) {
  if (!publishing()) return;
  auto values = read_data(message.type, message.payload.bytes);
  if (!values) return notice("a data message: " + values.error().what);
  std::size_t first = 0;
  if (!values->empty() && (*values)[0].text() == "@setDataFrame") first = 1;
  if (values->size() <= first || (*values)[first].text().empty()) return notice("a data message without a name");
  DataMessage data{.timestamp = message.timestamp, .name = std::string((*values)[first].text())};
  if (values->size() > first + 1) data.value = std::move((*values)[first + 1]);
  events_.emplace_back(std::move(data));
}

// 7.1.6: FLV tags one after another. Their times count from the first one's, which is the message's.
void ServerSession::Impl::take_aggregate(const Message& message) {
  ByteReader reader(message.payload.bytes);
  std::optional<std::uint32_t> first;
  while (!reader.at_end()) {
    const auto type = static_cast<MessageType>(reader.u8());
    const std::uint32_t size = reader.be24();
    const std::uint32_t low = reader.be24();
    const std::uint32_t time = low | static_cast<std::uint32_t>(reader.u8()) << 24;
    reader.skip(3);  // a stream id that means nothing here
    Message inner{.type = type, .stream = message.stream, .chunk_stream = message.chunk_stream};
    inner.payload = {message.payload.owner, reader.take(size)};
    if (reader.failed()) return notice("an aggregate message: cut short");
    if (reader.remaining() >= 4) reader.skip(4);  // the back pointer
    if (!first) first = time;
    inner.timestamp = message.timestamp + (time - *first);
    if (type == MessageType::audio || type == MessageType::video) {
      take_media(type, inner.timestamp, inner);
    } else if (type == MessageType::data_amf0 || type == MessageType::data_amf3) {
      take_data(inner);
    } else {
      notice(fmt::format("an aggregate message with type {} inside", static_cast<unsigned>(type)));
    }
  }
}

std::optional<Event> ServerSession::Impl::next_event() {
  if (next_event_ == events_.size()) {
    events_.clear();
    next_event_ = 0;
    return std::nullopt;
  }
  return std::move(events_[next_event_++]);
}

void ServerSession::Impl::tick(Steady now) {
  now_ = now;
  if (finished_ || waits()) return;
  if (std::exchange(waited_, false)) heard_ = now;
  if (!publishing() && now >= setup_until_) {
    return fail_with({Errc::denied, fmt::format("no publish request within {} ms", config_.setup_time.count())});
  }
  if (now - heard_ >= config_.idle_time) {
    return fail_with({Errc::unavailable, fmt::format("not a byte for {} ms", config_.idle_time.count())});
  }
  if (connected_ && !pinged_ && now - heard_ >= config_.idle_time / 2) {
    pinged_ = true;
    const auto time = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
    link.send_user_control(UserControl::ping_request, static_cast<std::uint32_t>(time));
  }
}

Steady ServerSession::Impl::deadline() const {
  if (finished_ || waits()) return Steady::max();
  const bool will_ping = connected_ && !pinged_;
  Steady next = (waited_ ? now_ : heard_) + (will_ping ? config_.idle_time / 2 : config_.idle_time);
  if (!publishing()) next = std::min(next, setup_until_);
  return next;
}

void ServerSession::Impl::reconfigure(const ServerConfig& config) {
  setup_until_ += config.setup_time - config_.setup_time;
  config_.setup_time = config.setup_time;
  config_.idle_time = config.idle_time;
  config_.publishers = config.publishers;
  if (publishing()) link.reader().set_limits(config_.publishers);
}

void ServerSession::Impl::fail_with(Error error) {
  if (finished_) return;
  finished_ = true;
  asked_ = Asked::nothing;
  publishing_stream_ = 0;
  kept_ = {};
  events_.emplace_back(Failed{std::move(error)});
}

void ServerSession::Impl::notice(std::string what) {
  if (notices_ == most_notices) return;
  ++notices_;
  events_.emplace_back(Notice{std::move(what)});
}

ServerSession::ServerSession(Steady now, Random& random, ServerConfig config)
    : impl_(std::make_unique<Impl>(now, random, config)) {}
ServerSession::~ServerSession() = default;
ServerSession::ServerSession(ServerSession&&) noexcept = default;
ServerSession& ServerSession::operator=(ServerSession&&) noexcept = default;

void ServerSession::receive(ByteView bytes, Steady now) { impl_->receive(bytes, now); }
std::optional<Event> ServerSession::next_event() { return impl_->next_event(); }
void ServerSession::accept() { impl_->accept(); }
void ServerSession::reject(std::string_view code, std::string_view description) { impl_->reject(code, description); }
bool ServerSession::request_reconnect(std::string_view description, std::string_view tc_url) {
  return impl_->request_reconnect(description, tc_url);
}
Bytes ServerSession::take_output() { return std::exchange(impl_->link.output(), {}); }
bool ServerSession::has_output() const { return !impl_->link.output().empty(); }
bool ServerSession::wants_input() const { return !impl_->waits() && !impl_->finished(); }
bool ServerSession::finished() const { return impl_->finished(); }
bool ServerSession::publishing() const { return impl_->publishing(); }
void ServerSession::reconfigure(const ServerConfig& config) { impl_->reconfigure(config); }
void ServerSession::tick(Steady now) { impl_->tick(now); }
Steady ServerSession::deadline() const { return impl_->deadline(); }
std::uint64_t ServerSession::bytes_received() const { return impl_->bytes; }
void ServerSession::save(SnapshotWriter& out) const { impl_->save(out); }
void ServerSession::restore(SnapshotReader& in) { impl_->restore(in); }
std::size_t ServerSession::held() const { return impl_->link.reader().held(); }

}  // namespace sluice::rtmp
