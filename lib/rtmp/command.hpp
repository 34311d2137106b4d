#pragma once
// Command messages (Adobe RTMP 1.0 section 7.2): a name, a transaction, a command object and what follows it.
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "rtmp/amf_value.hpp"
#include "rtmp/message.hpp"

namespace sluice::rtmp {

struct Command {
  std::string name;
  double transaction = 0;                // 0 wants no answer
  amf::Value object;                     // null where there is none
  std::vector<amf::Value> arguments;

  // Null where there are fewer.
  const amf::Value& argument(std::size_t index) const;
};

// Reads a command_amf0, or a command_amf3, which starts with a zero byte and then is the same. Arguments that cannot be
// read are left out; errors (Errc::invalid): no name or transaction.
Result<Command> read_command(MessageType type, ByteView payload);

Bytes write_command(std::string_view name, double transaction, const amf::Value& object,
                    const std::vector<amf::Value>& arguments);

// The information object of onStatus, _result and _error.
amf::Value status_object(std::string_view level, std::string_view code, std::string_view description,
                         amf::Members more = {});

// Data messages (7.1.2): "@setDataFrame", "onMetaData", … and their values. Errors (Errc::invalid): not AMF.
Result<std::vector<amf::Value>> read_data(MessageType type, ByteView payload);

}  // namespace sluice::rtmp
