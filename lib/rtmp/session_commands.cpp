// How a server answers a publisher's commands (Adobe RTMP 1.0 section 7.2; Enhanced RTMP v2, "Enhancing NetConnection
// connect Command").
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rtmp/flv.hpp"
#include "rtmp/server_impl.hpp"

namespace sluice::rtmp {

namespace {

constexpr std::uint32_t most_streams = 8;
constexpr unsigned most_commands = 1000;
constexpr std::size_t longest_text = 2048;  // of an app, URL or key

constexpr std::uint32_t stream_chunk_stream = 5;
constexpr double can_forward = 4;  // FourCcInfoMask
constexpr double our_caps = 1 + 2 + 4 + 8;  // reconnect, multitrack, ModEx, nanosecond offsets

std::string text_member(const amf::Value& object, std::string_view name) {
  const amf::Value* value = object.find(name);
  return std::string(value ? value->text().substr(0, longest_text) : std::string_view());
}

// "live/" and "/live?x=1" are "live".
std::string plain_app(std::string_view app) {
  app = app.substr(0, app.find('?'));
  while (app.starts_with('/')) app.remove_prefix(1);
  while (app.ends_with('/')) app.remove_suffix(1);
  return std::string(app);
}

// The codecs that a peer names: fourCcList, an array in version 1; the maps' keys in version 2.
std::vector<std::string> named_fourccs(const amf::Value& object) {
  std::vector<std::string> names;
  const auto add = [&names](std::string_view name) {
    if (name.size() <= 4 && names.size() < 32 && std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  };
  if (const amf::Value* list = object.find("fourCcList")) {
    if (const auto* array = std::get_if<amf::Array>(&list->is())) {
      for (const amf::Value& item : array->items) add(item.text());
    }
  }
  for (const std::string_view map : {"videoFourCcInfoMap", "audioFourCcInfoMap"}) {
    const amf::Value* value = object.find(map);
    const amf::Members* members = value ? value->members() : nullptr;
    if (!members) continue;
    for (const auto& [name, mask] : *members) add(name);
  }
  return names;
}

amf::Members enhanced_answer() {
  using media::Codec;
  amf::Array list;
  amf::Object video, audio;
  for (const Codec codec : {Codec::h264, Codec::hevc, Codec::av1, Codec::vp9, Codec::aac, Codec::opus, Codec::mp3,
                            Codec::flac, Codec::ac3, Codec::eac3}) {
    const std::string name = flv::fourcc_text(flv::fourcc_of(codec));
    list.items.emplace_back(name);
    auto& map = media::kind_of(codec) == media::Kind::video ? video : audio;
    map.members.emplace_back(name, can_forward);
  }
  return {{"fourCcList", std::move(list)},
          {"videoFourCcInfoMap", std::move(video)},
          {"audioFourCcInfoMap", std::move(audio)},
          {"capsEx", our_caps}};
}

}  // namespace

void ServerSession::Impl::take_command(const Message& message) {
  auto parsed = read_command(message.type, message.payload.bytes);
  if (!parsed) {
    if (!connected_) return fail_with(std::move(parsed).error());
    return notice("a command: " + parsed.error().what);
  }
  const Command& command = *parsed;
  if (++commands_ > most_commands) return fail_with({Errc::invalid, "more commands than a publisher needs"});
  if (command.name == "connect") return connect(command);
  if (!connected_) return fail_with({Errc::invalid, fmt::format("'{:.32}' before connect", command.name)});

  if (command.name == "createStream") return create_stream(command);
  if (command.name == "publish") return publish(command, message.stream);
  if (command.name == "releaseStream" || command.name == "FCPublish") return answer(command, {}, {amf::Undefined{}});
  if (command.name == "FCUnpublish") return fc_unpublish(command);
  if (command.name == "deleteStream") return delete_stream(command);
  if (command.name == "closeStream") {
    if (message.stream == publishing_stream_) unpublish(command.name);
    return;
  }
  if (command.name == "play" || command.name == "play2") return refuse_play(command, message.stream);
  if (command.name == "_result" || command.name == "_error" || command.name == "onStatus") return;
  if (command.transaction != 0) {
    link.send_command(Link::command_chunk_stream, message.stream, "_error", command.transaction, {},
                      {status_object("error", "NetConnection.Call.Failed", "This server does not know that command.")});
  }
  notice(fmt::format("the command '{:.32}': not known", command.name));
}

void ServerSession::Impl::answer(const Command& command, const amf::Value& object,
                                 const std::vector<amf::Value>& arguments) {
  if (command.transaction == 0) return;
  link.send_command(Link::command_chunk_stream, 0, "_result", command.transaction, object, arguments);
}

void ServerSession::Impl::send_status(std::uint32_t stream, std::string_view level, std::string_view code,
                                      std::string_view description) {
  link.send_command(stream_chunk_stream, stream, "onStatus", 0, {}, {status_object(level, code, description)});
}

void ServerSession::Impl::connect(const Command& command) {
  if (connected_) return fail_with({Errc::invalid, "connect, twice"});
  ConnectRequest request{.app = plain_app(text_member(command.object, "app")),
                         .tc_url = text_member(command.object, "tcUrl"),
                         .flash_version = text_member(command.object, "flashVer").substr(0, 128),
                         .fourccs = named_fourccs(command.object)};
  if (const amf::Value* caps = command.object.find("capsEx")) {
    const double value = caps->number();
    if (value >= 0 && value < 4294967296.0) request.caps = static_cast<std::uint32_t>(value);
  }
  app_ = request.app;
  peer_caps_ = request.caps;
  enhanced_ = !request.fourccs.empty() || command.object.find("capsEx");
  asked_ = Asked::connect;
  asked_transaction_ = command.transaction;
  events_.emplace_back(std::move(request));
}

void ServerSession::Impl::create_stream(const Command& command) {
  if (streams_ == most_streams) {
    link.send_command(Link::command_chunk_stream, 0, "_error", command.transaction, {},
                      {status_object("error", "NetConnection.Call.Failed", "There are enough streams already.")});
    return;
  }
  answer(command, {}, {static_cast<double>(++streams_)});
}

void ServerSession::Impl::publish(const Command& command, std::uint32_t stream) {
  const amf::Value& name = command.argument(0);
  if (std::holds_alternative<bool>(name.is()) && !name.boolean()) {  // NetStream.publish(false) stops
    if (stream == publishing_stream_) unpublish(command.name);
    return;
  }
  if (publishing()) {
    return send_status(stream, "error", status::publish_bad_name, "This connection is publishing already.");
  }
  if (stream == 0 || stream > streams_) {
    return fail_with({Errc::invalid, "publish on a stream that was not created"});
  }
  const std::string_view whole = name.text().substr(0, longest_text);
  const std::size_t query = whole.find('?');
  PublishRequest request{.key = std::string(whole.substr(0, query)), .type = std::string(command.argument(1).text())};
  if (query != std::string_view::npos) request.query = whole.substr(query + 1);
  request.app = app_;
  asked_ = Asked::publish;
  asked_transaction_ = command.transaction;
  asked_stream_ = stream;
  events_.emplace_back(std::move(request));
}

void ServerSession::Impl::accept() {
  const Asked asked = std::exchange(asked_, Asked::nothing);
  if (asked == Asked::nothing) return;
  waited_ = true;
  if (asked == Asked::connect) {
    connected_ = true;
    link.send_window(config_.window);
    link.send_peer_bandwidth(config_.window);
    link.send_chunk_size(config_.chunk_size);
    amf::Members more{{"objectEncoding", 0.0}};
    amf::Members properties{{"fmsVer", "FMS/3,5,1,516"}, {"capabilities", 31.0}, {"mode", 1.0}};
    if (enhanced_) {
      for (auto& member : enhanced_answer()) {
        properties.push_back(member);
        more.push_back(std::move(member));
      }
    }
    link.send_command(Link::command_chunk_stream, 0, "_result", asked_transaction_, amf::Object{{}, properties},
                      {status_object("status", status::connect_success, "Connection succeeded.", std::move(more))});
  } else {
    publishing_stream_ = asked_stream_;
    link.reader().set_limits(config_.publishers);
    link.send_user_control(UserControl::stream_begin, publishing_stream_);
    link.send_command(Link::command_chunk_stream, 0, "onFCPublish", 0, {},
                      {status_object("status", status::publish_start, "Publishing.")});
    send_status(publishing_stream_, "status", status::publish_start, "Publishing.");
  }
  process(std::exchange(kept_, {}));
}

void ServerSession::Impl::reject(std::string_view code, std::string_view description) {
  if (finished_) return;
  const Asked asked = std::exchange(asked_, Asked::nothing);
  if (asked == Asked::connect) {
    link.send_command(Link::command_chunk_stream, 0, "_error", asked_transaction_, {},
                      {status_object("error", code, description)});
  } else if (asked == Asked::publish || publishing()) {
    send_status(asked == Asked::publish ? asked_stream_ : publishing_stream_, "error", code, description);
  } else if (connected_) {
    send_status(0, "error", code, description);
  }
  publishing_stream_ = 0;
  kept_ = {};
  finished_ = true;
}

bool ServerSession::Impl::request_reconnect(std::string_view description, std::string_view tc_url) {
  constexpr std::uint32_t can_reconnect = 1;
  if (finished_ || !connected_ || !(peer_caps_ & can_reconnect)) return false;
  amf::Members more;
  if (!tc_url.empty()) more.emplace_back("tcUrl", tc_url);
  link.send_command(Link::command_chunk_stream, 0, "onStatus", 0, {},
                    {status_object("status", status::reconnect_request, description, std::move(more))});
  return true;
}

void ServerSession::Impl::refuse_play(const Command&, std::uint32_t stream) {
  send_status(stream, "error", status::play_failed, "This server takes publishers only: watch over HTTP.");
  notice("a request to play: refused");
}

void ServerSession::Impl::fc_unpublish(const Command& command) {
  answer(command, {}, {amf::Undefined{}});
  if (!publishing()) return;
  link.send_command(Link::command_chunk_stream, 0, "onFCUnpublish", 0, {},
                    {status_object("status", status::unpublish_success, "Stopped publishing.")});
  unpublish(command.name);
}

void ServerSession::Impl::delete_stream(const Command& command) {
  if (publishing() && command.argument(0).number(-1) == publishing_stream_) unpublish(command.name);
}

void ServerSession::Impl::unpublish(std::string_view by) {
  if (!publishing()) return;
  send_status(publishing_stream_, "status", status::unpublish_success, "Stopped publishing.");
  publishing_stream_ = 0;
  setup_until_ = now_ + config_.setup_time;
  events_.emplace_back(Unpublished{std::string(by)});
}

}  // namespace sluice::rtmp
