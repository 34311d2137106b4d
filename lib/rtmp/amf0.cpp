#include "rtmp/amf0.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::rtmp::amf {

namespace {

enum Marker : std::uint8_t {
  number_marker = 0x00,
  boolean_marker = 0x01,
  string_marker = 0x02,
  object_marker = 0x03,
  movieclip_marker = 0x04,
  null_marker = 0x05,
  undefined_marker = 0x06,
  reference_marker = 0x07,
  ecma_array_marker = 0x08,
  object_end_marker = 0x09,
  strict_array_marker = 0x0a,
  date_marker = 0x0b,
  long_string_marker = 0x0c,
  unsupported_marker = 0x0d,
  recordset_marker = 0x0e,
  xml_marker = 0x0f,
  typed_object_marker = 0x10,
  avmplus_marker = 0x11,
};

std::unexpected<Error> cut_short() { return fail(Errc::invalid, "AMF 0: cut short"); }

}  // namespace

std::string Amf0Reader::text(std::size_t size) { return std::string(as_text(in_.take(size))); }

Result<Value> Amf0Reader::read() { return read_value(0); }

Result<Value> Amf0Reader::read_value(std::size_t depth) {
  if (depth > limits_.depth) return fail(Errc::invalid, "AMF 0: nested too deeply");
  if (++seen_ > limits_.values) return fail(Errc::invalid, "AMF 0: too many values");
  const std::uint8_t marker = in_.u8();
  if (in_.failed()) return cut_short();
  Value value;
  switch (marker) {
    case number_marker: value = in_.be_double(); break;
    case boolean_marker: value = in_.u8() != 0; break;
    case string_marker: value = text(in_.be16()); break;
    case long_string_marker: value = text(in_.be32()); break;
    case xml_marker: value = Xml{text(in_.be32())}; break;
    case null_marker: break;
    case undefined_marker: value = Undefined{}; break;
    case unsupported_marker: value = Unsupported{}; break;
    case date_marker: {
      value = Date{in_.be_double()};
      in_.skip(2);  // time zone, reserved
      break;
    }
    case object_marker: return read_object(depth, {});
    case typed_object_marker: {
      std::string class_name = text(in_.be16());
      return read_object(depth, std::move(class_name));
    }
    case ecma_array_marker: {
      in_.skip(4);  // a count that writers get wrong: the end marker decides
      const std::size_t index = referables_.size();
      referables_.emplace_back(Unsupported{});
      SLUICE_TRY_VALUE(Members members, read_members(depth));
      value = EcmaArray{std::move(members)};
      referables_[index] = value;
      break;
    }
    case strict_array_marker: return read_strict_array(depth);
    case reference_marker: return read_reference();
    case avmplus_marker: {
      Limits left = limits_;
      left.depth -= depth;
      left.values -= seen_;
      Amf3Reader reader(in_.rest(), left);
      SLUICE_TRY_VALUE(value, reader.read());
      seen_ += reader.seen();
      in_ = ByteReader(reader.rest());
      break;
    }
    default: return fail(Errc::invalid, fmt::format("AMF 0: marker {:#04x} begins no value", marker));
  }
  if (in_.failed()) return cut_short();
  return value;
}

Result<Members> Amf0Reader::read_members(std::size_t depth) {
  Members members;
  for (;;) {
    const std::uint16_t size = in_.be16();
    std::string name = text(size);
    if (in_.failed()) return cut_short();
    if (size == 0) {
      const std::uint8_t end = in_.u8();
      if (in_.failed()) return cut_short();
      if (end == object_end_marker) return members;
      return fail(Errc::invalid, "AMF 0: a member without a name");
    }
    SLUICE_TRY_VALUE(Value value, read_value(depth + 1));
    members.emplace_back(std::move(name), std::move(value));
  }
}

Result<Value> Amf0Reader::read_object(std::size_t depth, std::string class_name) {
  const std::size_t index = referables_.size();
  referables_.emplace_back(Unsupported{});
  SLUICE_TRY_VALUE(Members members, read_members(depth));
  Value value = Object{std::move(class_name), std::move(members)};
  referables_[index] = value;
  return value;
}

Result<Value> Amf0Reader::read_strict_array(std::size_t depth) {
  const std::uint32_t size = in_.be32();
  if (in_.failed() || size > in_.remaining()) return cut_short();  // a value takes a byte at least
  const std::size_t index = referables_.size();
  referables_.emplace_back(Unsupported{});
  Array array;
  for (std::uint32_t i = 0; i < size; ++i) {
    SLUICE_TRY_VALUE(Value item, read_value(depth + 1));
    array.items.push_back(std::move(item));
  }
  Value value = std::move(array);
  referables_[index] = value;
  return value;
}

Result<Value> Amf0Reader::read_reference() {
  const std::uint16_t index = in_.be16();
  if (in_.failed()) return cut_short();
  if (index >= referables_.size()) return fail(Errc::invalid, "AMF 0: a reference to nothing");
  const Value& referred = referables_[index];
  seen_ += weight(referred);
  if (seen_ > limits_.values) return fail(Errc::invalid, "AMF 0: too many values");
  return referred;
}

Result<std::vector<Value>> read_amf0(ByteView bytes, Limits limits) {
  Amf0Reader reader(bytes, limits);
  std::vector<Value> values;
  while (!reader.at_end()) {
    SLUICE_TRY_VALUE(Value value, reader.read());
    values.push_back(std::move(value));
  }
  return values;
}

namespace {

void write_name(Bytes& out, std::string_view name) {
  name = name.substr(0, 65'535);
  ByteWriter(out).be16(name.size()).text(name);
}

void write_members(Bytes& out, const Members& members) {
  for (const auto& [name, value] : members) {
    if (name.empty()) continue;  // would end the object
    write_name(out, name);
    write_amf0(out, value);
  }
  ByteWriter(out).be16(0).u8(object_end_marker);
}

struct Writer {
  Bytes& bytes;
  ByteWriter out{bytes};

  void operator()(Value::Null) { out.u8(null_marker); }
  void operator()(Undefined) { out.u8(undefined_marker); }
  void operator()(Unsupported) { out.u8(unsupported_marker); }
  void operator()(bool value) { out.u8(boolean_marker).u8(value); }
  void operator()(double value) { out.u8(number_marker).be_double(value); }
  void operator()(const std::string& value) {
    if (value.size() > 65'535) {
      out.u8(long_string_marker).be32(value.size()).text(value);
    } else {
      out.u8(string_marker).be16(value.size()).text(value);
    }
  }
  void operator()(const Date& value) { out.u8(date_marker).be_double(value.milliseconds).be16(0); }
  void operator()(const Xml& value) { out.u8(xml_marker).be32(value.text.size()).text(value.text); }
  void operator()(const Object& value) {
    if (value.class_name.empty()) {
      out.u8(object_marker);
    } else {
      out.u8(typed_object_marker);
      write_name(bytes, value.class_name);
    }
    write_members(bytes, value.members);
  }
  void operator()(const EcmaArray& value) {
    out.u8(ecma_array_marker).be32(value.members.size());
    write_members(bytes, value.members);
  }
  void operator()(const Array& value) {
    out.u8(strict_array_marker).be32(value.items.size());
    for (const Value& item : value.items) write_amf0(bytes, item);
  }
  void operator()(const Bytes&) { out.u8(null_marker); }
};

}  // namespace

void write_amf0(Bytes& out, const Value& value) { std::visit(Writer{out}, value.is()); }

}  // namespace sluice::rtmp::amf
