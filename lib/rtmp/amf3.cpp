#include "rtmp/amf3.hpp"

#include <cmath>

#include <fmt/format.h>

#include "rtmp/amf3_marker.hpp"

namespace sluice::rtmp::amf {

namespace {
std::unexpected<Error> amf3_cut_short() { return fail(Errc::invalid, "AMF 3: cut short"); }
}  // namespace

Result<Value> Amf3Reader::read() { return read_value(0); }

// 1.3.1: seven bits a byte, the fourth byte has eight.
Result<std::uint32_t> Amf3Reader::read_u29() {
  std::uint32_t value = 0;
  for (int i = 0; i < 3; ++i) {
    const std::uint8_t byte = in_.u8();
    if (in_.failed()) return amf3_cut_short();
    value = value << 7 | (byte & 0x7f);
    if (!(byte & 0x80)) return value;
  }
  value = value << 8 | in_.u8();
  if (in_.failed()) return amf3_cut_short();
  return value;
}

Result<std::string> Amf3Reader::read_string() {
  SLUICE_TRY_VALUE(const std::uint32_t header, read_u29());
  if (!(header & 1)) {
    if (header >> 1 >= strings_.size()) return fail(Errc::invalid, "AMF 3: a reference to no string");
    seen_ += 1 + strings_[header >> 1].size() / 64;
    if (seen_ > limits_.values) return fail(Errc::invalid, "AMF 3: too many values");
    return strings_[header >> 1];
  }
  std::string text(as_text(in_.take(header >> 1)));
  if (in_.failed()) return amf3_cut_short();
  if (!text.empty()) strings_.push_back(text);
  return text;
}

Result<Amf3Reader::Header> Amf3Reader::read_header() {
  SLUICE_TRY_VALUE(const std::uint32_t header, read_u29());
  if (header & 1) return Header{header >> 1, nullptr};
  if (header >> 1 >= objects_.size()) return fail(Errc::invalid, "AMF 3: a reference to no object");
  return Header{0, &objects_[header >> 1]};
}

Result<Value> Amf3Reader::copy(const Value& referred) {
  seen_ += weight(referred);
  if (seen_ > limits_.values) return fail(Errc::invalid, "AMF 3: too many values");
  return referred;
}

std::size_t Amf3Reader::begin_object() {
  objects_.emplace_back(Unsupported{});
  return objects_.size() - 1;
}

Value Amf3Reader::finish_object(std::size_t index, Value value) {
  objects_[index] = value;
  return value;
}

Result<Value> Amf3Reader::read_value(std::size_t depth) {
  if (depth > limits_.depth) return fail(Errc::invalid, "AMF 3: nested too deeply");
  if (++seen_ > limits_.values) return fail(Errc::invalid, "AMF 3: too many values");
  const std::uint8_t marker = in_.u8();
  if (in_.failed()) return amf3_cut_short();
  switch (marker) {
    case amf3_undefined: return Value(Undefined{});
    case amf3_null: return Value();
    case amf3_false: return Value(false);
    case amf3_true: return Value(true);
    case amf3_integer: {
      SLUICE_TRY_VALUE(const std::uint32_t bits, read_u29());
      return Value(static_cast<double>(static_cast<std::int32_t>(bits << 3) >> 3));
    }
    case amf3_double: {
      const double value = in_.be_double();
      if (in_.failed()) return amf3_cut_short();
      return Value(value);
    }
    case amf3_string: {
      SLUICE_TRY_VALUE(std::string text, read_string());
      return Value(std::move(text));
    }
    case amf3_xml_document:
    case amf3_xml:
    case amf3_byte_array: {
      SLUICE_TRY_VALUE(const Header header, read_header());
      if (header.referred) return copy(*header.referred);
      const ByteView bytes = in_.take(header.bits);
      if (in_.failed()) return amf3_cut_short();
      if (marker == amf3_byte_array) return finish_object(begin_object(), Bytes(bytes.begin(), bytes.end()));
      return finish_object(begin_object(), Xml{std::string(as_text(bytes))});
    }
    case amf3_date: {
      SLUICE_TRY_VALUE(const Header header, read_header());
      if (header.referred) return copy(*header.referred);
      const double milliseconds = in_.be_double();
      if (in_.failed()) return amf3_cut_short();
      return finish_object(begin_object(), Date{milliseconds});
    }
    case amf3_array: return read_array(depth);
    case amf3_object: return read_object(depth);
    case amf3_vector_int:
    case amf3_vector_uint:
    case amf3_vector_double:
    case amf3_vector_object: return read_vector(marker, depth);
    case amf3_dictionary: return read_dictionary(depth);
    default: return fail(Errc::invalid, fmt::format("AMF 3: marker {:#04x} begins no value", marker));
  }
}

// 3.11: named members until an empty name, then the dense part. Both kinds at once become members named by number.
Result<Value> Amf3Reader::read_array(std::size_t depth) {
  SLUICE_TRY_VALUE(const Header header, read_header());
  if (header.referred) return copy(*header.referred);
  if (header.bits > in_.remaining()) return amf3_cut_short();
  const std::size_t index = begin_object();
  Members members;
  for (;;) {
    SLUICE_TRY_VALUE(std::string name, read_string());
    if (name.empty()) break;
    SLUICE_TRY_VALUE(Value value, read_value(depth + 1));
    members.emplace_back(std::move(name), std::move(value));
  }
  Array dense;
  for (std::uint32_t i = 0; i < header.bits; ++i) {
    SLUICE_TRY_VALUE(Value item, read_value(depth + 1));
    dense.items.push_back(std::move(item));
  }
  if (members.empty()) return finish_object(index, std::move(dense));
  for (std::size_t i = 0; i < dense.items.size(); ++i) {
    members.emplace_back(std::to_string(i), std::move(dense.items[i]));
  }
  return finish_object(index, EcmaArray{std::move(members)});
}

// 3.12: U29O-traits-ref = 01, -ext = 111, -traits = 011 with a dynamic bit, from the lowest bit up.
Result<Amf3Reader::Traits> Amf3Reader::read_traits(std::uint32_t header) {
  if (!(header & 1)) {
    if (header >> 1 >= traits_.size()) return fail(Errc::invalid, "AMF 3: a reference to no traits");
    const Traits& referred = traits_[header >> 1];
    for (const std::string& name : referred.names) seen_ += 1 + name.size() / 64;
    if (seen_ > limits_.values) return fail(Errc::invalid, "AMF 3: too many values");
    return referred;
  }
  if (header & 2) return fail(Errc::invalid, "AMF 3: an externalizable class, whose form is its own");
  Traits traits;
  traits.dynamic = header & 4;
  const std::uint32_t sealed = header >> 3;
  if (sealed > in_.remaining()) return amf3_cut_short();
  SLUICE_TRY_VALUE(traits.class_name, read_string());
  for (std::uint32_t i = 0; i < sealed; ++i) {
    if (++seen_ > limits_.values) return fail(Errc::invalid, "AMF 3: too many values");
    SLUICE_TRY_VALUE(std::string name, read_string());
    traits.names.push_back(std::move(name));
  }
  traits_.push_back(traits);
  return traits;
}

Result<Value> Amf3Reader::read_object(std::size_t depth) {
  SLUICE_TRY_VALUE(const Header header, read_header());
  if (header.referred) return copy(*header.referred);
  const std::size_t index = begin_object();
  SLUICE_TRY_VALUE(Traits traits, read_traits(header.bits));
  Object object;
  object.class_name = std::move(traits.class_name);
  for (std::string& name : traits.names) {
    SLUICE_TRY_VALUE(Value value, read_value(depth + 1));
    object.members.emplace_back(std::move(name), std::move(value));
  }
  while (traits.dynamic) {
    SLUICE_TRY_VALUE(std::string name, read_string());
    if (name.empty()) break;
    SLUICE_TRY_VALUE(Value value, read_value(depth + 1));
    object.members.emplace_back(std::move(name), std::move(value));
  }
  return finish_object(index, std::move(object));
}

// 3.15
Result<Value> Amf3Reader::read_vector(std::uint8_t marker, std::size_t depth) {
  SLUICE_TRY_VALUE(const Header header, read_header());
  if (header.referred) return copy(*header.referred);
  if (header.bits > in_.remaining()) return amf3_cut_short();
  const std::size_t index = begin_object();
  in_.skip(1);  // fixed length or not
  if (marker == amf3_vector_object) {
    SLUICE_TRY_VALUE(const std::string type_name, read_string());
  }
  Array array;
  for (std::uint32_t i = 0; i < header.bits; ++i) {
    if (marker == amf3_vector_object) {
      SLUICE_TRY_VALUE(Value item, read_value(depth + 1));
      array.items.push_back(std::move(item));
      continue;
    }
    if (++seen_ > limits_.values) return fail(Errc::invalid, "AMF 3: too many values");
    double item = 0;
    if (marker == amf3_vector_int) item = static_cast<std::int32_t>(in_.be32());
    if (marker == amf3_vector_uint) item = in_.be32();
    if (marker == amf3_vector_double) item = in_.be_double();
    if (in_.failed()) return amf3_cut_short();
    array.items.emplace_back(item);
  }
  return finish_object(index, std::move(array));
}

// 3.16: keys may be anything; those that are strings become members.
Result<Value> Amf3Reader::read_dictionary(std::size_t depth) {
  SLUICE_TRY_VALUE(const Header header, read_header());
  if (header.referred) return copy(*header.referred);
  if (header.bits > in_.remaining()) return amf3_cut_short();
  const std::size_t index = begin_object();
  in_.skip(1);  // weak keys or not
  EcmaArray array;
  for (std::uint32_t i = 0; i < header.bits; ++i) {
    SLUICE_TRY_VALUE(const Value key, read_value(depth + 1));
    SLUICE_TRY_VALUE(Value value, read_value(depth + 1));
    if (!key.text().empty()) array.members.emplace_back(key.text(), std::move(value));
  }
  return finish_object(index, std::move(array));
}

}  // namespace sluice::rtmp::amf
