#include "rtmp/client.hpp"

#include <utility>

#include <fmt/format.h>

#include "rtmp/amf0.hpp"
#include "rtmp/command.hpp"
#include "rtmp/flv.hpp"
#include "rtmp/handshake.hpp"
#include "rtmp/link.hpp"
#include "rtmp/status.hpp"

namespace sluice::rtmp {

namespace {

constexpr std::uint32_t window = 2'500'000;
constexpr std::uint32_t audio_chunk_stream = 4, data_chunk_stream = 5, video_chunk_stream = 6;
constexpr std::uint32_t publish_chunk_stream = 8;

// Transactions, in the order in which they are sent.
enum Transaction { connect_call = 1, release_call, fc_publish_call, create_call, publish_call, fc_unpublish_call, delete_call };

amf::Members enhanced_fields() {
  using media::Codec;
  constexpr double can_encode = 2;
  amf::Array list;
  amf::Object video, audio;
  for (const Codec codec : {Codec::h264, Codec::hevc, Codec::av1, Codec::vp9, Codec::aac, Codec::opus}) {
    const std::string name = flv::fourcc_text(flv::fourcc_of(codec));
    list.items.emplace_back(name);
    (media::kind_of(codec) == media::Kind::video ? video : audio).members.emplace_back(name, can_encode);
  }
  return {{"fourCcList", std::move(list)},
          {"videoFourCcInfoMap", std::move(video)},
          {"audioFourCcInfoMap", std::move(audio)},
          {"capsEx", 4.0}};  // ModEx
}

}  // namespace

class ClientSession::Impl {
 public:
  Impl(Random& random, ClientConfig config)
      : config(std::move(config)), handshake(random, this->config.digests), link({}, window) {
    handshake.start(link.output());
  }

  void receive(ByteView in) {
    if (!handshake.done()) {
      if (auto result = handshake.receive(in, link.output()); !result) return fail_with(std::move(result).error());
      if (!handshake.done()) return;
      connect();
    }
    while (!finished) {
      const std::size_t before = in.size();
      auto message = link.reader().next(in);
      link.count(before - in.size());
      if (!message) return fail_with(std::move(message).error());
      if (!*message) return;
      take(**message);
    }
  }

  void take(const Message& message) {
    if (link.control(message)) {
      link.allow_pong();
      return;
    }
    if (message.type != MessageType::command_amf0 && message.type != MessageType::command_amf3) return;
    auto command = read_command(message.type, message.payload.bytes);
    if (!command) return fail_with(std::move(command).error());
    if (command->name == "_result") return result(*command);
    if (command->name == "_error") return error(*command);
    if (command->name == "onStatus") return status(command->argument(0));
  }

  void connect() {
    link.send_chunk_size(config.chunk_size);
    amf::Members fields{{"app", config.app},
                        {"type", "nonprivate"},
                        {"flashVer", config.flash_version},
                        {"tcUrl", config.tc_url}};
    if (config.enhanced) {
      for (auto& field : enhanced_fields()) fields.push_back(std::move(field));
    }
    call(0, "connect", connect_call, amf::Object{{}, std::move(fields)});
  }

  void result(const Command& command) {
    const int transaction = static_cast<int>(command.transaction);
    if (transaction == connect_call) {
      report(command.argument(0));
      if (const amf::Value* list = command.argument(0).find("fourCcList")) {
        if (const auto* array = std::get_if<amf::Array>(&list->is())) {
          for (const amf::Value& item : array->items) server_fourccs.emplace_back(item.text());
        }
      }
      call(0, "releaseStream", release_call, {}, {config.key});
      call(0, "FCPublish", fc_publish_call, {}, {config.key});
      call(0, "createStream", create_call, {});
    } else if (transaction == create_call && stream == 0) {
      const double id = command.argument(0).number();
      if (!(id >= 1 && id < 4294967296.0)) return fail_with({Errc::invalid, "the server's createStream gave no stream"});
      stream = static_cast<std::uint32_t>(id);
      link.send_command(publish_chunk_stream, stream, "publish", publish_call, {}, {config.key, "live"});
    }
  }

  void error(const Command& command) {
    report(command.argument(0));
    const int transaction = static_cast<int>(command.transaction);
    if (transaction == release_call || transaction == fc_publish_call) return;  // old servers do not know these
    fail_with({Errc::denied, fmt::format("the server refused: {}", command.argument(0).find("description")
                                                                       ? command.argument(0).find("description")->text()
                                                                       : "no reason given")});
  }

  void status(const amf::Value& information) {
    const Status said = report(information);
    if (said.code == status::publish_start && !publishing) {
      publishing = true;
      events.emplace_back(Publishing{});
    } else if (said.level == "error") {
      fail_with({Errc::denied, fmt::format("the server refused: {} ({})", said.description, said.code)});
    }
  }

  Status report(const amf::Value& information) {
    const auto text = [&information](std::string_view name) {
      const amf::Value* value = information.find(name);
      return std::string(value ? value->text() : std::string_view());
    };
    Status said{text("level"), text("code"), text("description")};
    events.emplace_back(said);
    return said;
  }

  void call(std::uint32_t stream, std::string_view name, double transaction, const amf::Value& object,
            const std::vector<amf::Value>& arguments = {}) {
    link.send_command(Link::command_chunk_stream, stream, name, transaction, object, arguments);
  }

  void fail_with(Error error) {
    if (std::exchange(finished, true)) return;
    publishing = false;
    events.emplace_back(ClientFailed{std::move(error)});
  }

  ClientConfig config;
  ClientHandshake handshake;
  Link link;
  std::vector<ClientEvent> events;
  std::size_t next = 0;
  std::vector<std::string> server_fourccs;
  std::uint32_t stream = 0;
  bool publishing = false, finished = false;
};

ClientSession::ClientSession(Random& random, ClientConfig config)
    : impl_(std::make_unique<Impl>(random, std::move(config))) {}
ClientSession::~ClientSession() = default;

void ClientSession::receive(ByteView bytes) { impl_->receive(bytes); }
std::optional<ClientEvent> ClientSession::next_event() {
  if (impl_->next < impl_->events.size()) return std::move(impl_->events[impl_->next++]);
  impl_->events.clear();
  impl_->next = 0;
  return std::nullopt;
}
Bytes ClientSession::take_output() { return std::exchange(impl_->link.output(), {}); }
bool ClientSession::publishing() const { return impl_->publishing; }
bool ClientSession::finished() const { return impl_->finished; }
std::vector<std::string> ClientSession::server_fourccs() const { return impl_->server_fourccs; }

void ClientSession::send_media(media::Kind kind, std::uint32_t timestamp, ByteView payload) {
  if (!impl_->publishing) return;
  const bool audio = kind == media::Kind::audio;
  impl_->link.send(audio ? MessageType::audio : MessageType::video, audio ? audio_chunk_stream : video_chunk_stream,
                   impl_->stream, timestamp, payload);
}

void ClientSession::send_metadata(std::uint32_t timestamp, const amf::Value& metadata) {
  Bytes payload;
  amf::write_amf0(payload, "onMetaData");
  amf::write_amf0(payload, metadata);
  send_script(timestamp, payload);
}

void ClientSession::send_script(std::uint32_t timestamp, ByteView payload) {
  if (!impl_->publishing) return;
  Bytes whole;
  amf::write_amf0(whole, "@setDataFrame");
  append(whole, payload);
  impl_->link.send(MessageType::data_amf0, data_chunk_stream, impl_->stream, timestamp, whole);
}

void ClientSession::finish() {
  if (!std::exchange(impl_->publishing, false)) return;
  impl_->call(0, "FCUnpublish", fc_unpublish_call, {}, {impl_->config.key});
  impl_->call(0, "deleteStream", delete_call, {}, {static_cast<double>(impl_->stream)});
}

}  // namespace sluice::rtmp
