#pragma once
// AMF 3 (Adobe's "Action Message Format -- AMF 3", January 2013): what a peer may switch to with object encoding 3.
#include "base/result.hpp"
#include "rtmp/amf_value.hpp"

namespace sluice::rtmp::amf {

// Reads values one after another; strings, objects and traits are remembered for references over the whole message.
class Amf3Reader {
 public:
  explicit Amf3Reader(ByteView bytes, Limits limits = {}) : in_(bytes), bytes_(bytes), limits_(limits) {}

  bool at_end() const { return in_.at_end(); }
  ByteView rest() const { return bytes_.subspan(in_.position()); }
  std::size_t seen() const { return seen_; }  // values so far, copies by reference included
  // Errors (Errc::invalid): cut short, an unknown marker, a bad reference, deeper or larger than the limits, or an
  // externalizable class, whose form only its program knows. Do not read on after one.
  Result<Value> read();

 private:
  struct Traits {
    std::string class_name;
    std::vector<std::string> names;
    bool dynamic = false;
  };

  Result<Value> read_value(std::size_t depth);
  Result<std::uint32_t> read_u29();
  Result<std::string> read_string();
  Result<Value> read_object(std::size_t depth);
  Result<Traits> read_traits(std::uint32_t header);
  Result<Value> read_array(std::size_t depth);
  Result<Value> read_vector(std::uint8_t marker, std::size_t depth);
  Result<Value> read_dictionary(std::size_t depth);
  // The header of anything that may be a reference: its upper bits, or, when it refers back, the value.
  struct Header {
    std::uint32_t bits = 0;
    const Value* referred = nullptr;
  };
  Result<Header> read_header();
  Result<Value> copy(const Value& referred);
  std::size_t begin_object();
  Value finish_object(std::size_t index, Value value);

  ByteReader in_;
  ByteView bytes_;
  Limits limits_;
  std::size_t seen_ = 0;
  std::vector<std::string> strings_;
  std::vector<Value> objects_;  // unsupported while being read
  std::vector<Traits> traits_;
};

// Appends a value, without references. Whole numbers of 29 bits are written as integers.
void write_amf3(Bytes& out, const Value& value);

}  // namespace sluice::rtmp::amf
