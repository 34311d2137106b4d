#include "rtmp/command.hpp"

#include "rtmp/amf0.hpp"

namespace sluice::rtmp {

namespace {

// The AMF 3 forms of command and data carry a format byte of 0 and go on in AMF 0, which may switch to AMF 3 by value.
ByteView amf0_part(MessageType type, ByteView payload) {
  const bool amf3 = type == MessageType::command_amf3 || type == MessageType::data_amf3;
  return amf3 && !payload.empty() && payload.front() == std::byte{0} ? payload.subspan(1) : payload;
}

}  // namespace

const amf::Value& Command::argument(std::size_t index) const {
  static const amf::Value none;
  return index < arguments.size() ? arguments[index] : none;
}

Result<Command> read_command(MessageType type, ByteView payload) {
  amf::Amf0Reader reader(amf0_part(type, payload));
  SLUICE_TRY_VALUE(const amf::Value name, reader.read());
  SLUICE_TRY_VALUE(const amf::Value transaction, reader.read());
  Command command{.name = std::string(name.text()), .transaction = transaction.number()};
  if (command.name.empty()) return fail(Errc::invalid, "a command without a name");
  if (!reader.at_end()) {
    SLUICE_TRY_VALUE(command.object, reader.read());
  }
  while (!reader.at_end()) {
    auto value = reader.read();
    if (!value) break;
    command.arguments.push_back(*std::move(value));
  }
  return command;
}

Bytes write_command(std::string_view name, double transaction, const amf::Value& object,
                    const std::vector<amf::Value>& arguments) {
  Bytes payload;
  amf::write_amf0(payload, name);
  amf::write_amf0(payload, transaction);
  amf::write_amf0(payload, object);
  for (const amf::Value& argument : arguments) amf::write_amf0(payload, argument);
  return payload;
}

amf::Value status_object(std::string_view level, std::string_view code, std::string_view description,
                         amf::Members more) {
  amf::Members members{{"level", level}, {"code", code}, {"description", description}};
  for (auto& member : more) members.push_back(std::move(member));
  return amf::Object{{}, std::move(members)};
}

Result<std::vector<amf::Value>> read_data(MessageType type, ByteView payload) {
  return amf::read_amf0(amf0_part(type, payload));
}

}  // namespace sluice::rtmp
