#pragma once
// AMF 0 (Adobe's "Action Message Format -- AMF 0", December 2007): the language of RTMP commands and metadata.
#include "base/result.hpp"
#include "rtmp/amf3.hpp"
#include "rtmp/amf_value.hpp"

namespace sluice::rtmp::amf {

// Reads values one after another from a message, which must outlive it. References and the limits count over the whole
// message. A value that switches to AMF 3 (marker 0x11) is read as such.
class Amf0Reader {
 public:
  explicit Amf0Reader(ByteView bytes, Limits limits = {}) : in_(bytes), limits_(limits) {}

  bool at_end() const { return in_.at_end(); }
  // Errors (Errc::invalid): cut short, an unknown marker, deeper or larger than the limits. Do not read on after one.
  Result<Value> read();

 private:
  Result<Value> read_value(std::size_t depth);
  Result<Members> read_members(std::size_t depth);
  Result<Value> read_object(std::size_t depth, std::string class_name);
  Result<Value> read_strict_array(std::size_t depth);
  Result<Value> read_reference();
  std::string text(std::size_t size);

  ByteReader in_;
  Limits limits_;
  std::size_t seen_ = 0;            // values so far, copies by reference included
  std::vector<Value> referables_;   // objects and arrays in the order of their beginnings; unsupported while being read
};

// All values of a message.
Result<std::vector<Value>> read_amf0(ByteView bytes, Limits limits = {});

// Appends a value. Strings beyond 65,535 bytes become long strings; byte arrays, which AMF 0 lacks, become null; names are
// cut at 65,535 bytes.
void write_amf0(Bytes& out, const Value& value);

}  // namespace sluice::rtmp::amf
