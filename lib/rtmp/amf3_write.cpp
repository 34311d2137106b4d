#include <algorithm>
#include <cmath>

#include "rtmp/amf3.hpp"
#include "rtmp/amf3_marker.hpp"

namespace sluice::rtmp::amf {

namespace {

constexpr std::size_t longest = (1u << 28) - 1;  // what a U29 with its reference bit can count

void write_u29(Bytes& out, std::uint32_t value) {
  ByteWriter w(out);
  if (value < 0x80) {
    w.u8(value);
  } else if (value < 0x4000) {
    w.u8(value >> 7 | 0x80).u8(value & 0x7f);
  } else if (value < 0x20'0000) {
    w.u8(value >> 14 | 0x80).u8((value >> 7 & 0x7f) | 0x80).u8(value & 0x7f);
  } else {
    w.u8((value >> 22 & 0x7f) | 0x80).u8((value >> 15 & 0x7f) | 0x80).u8((value >> 8 & 0x7f) | 0x80).u8(value & 0xff);
  }
}

void write_counted(Bytes& out, ByteView bytes) {
  bytes = bytes.first(std::min(bytes.size(), longest));
  write_u29(out, static_cast<std::uint32_t>(bytes.size()) << 1 | 1);
  append(out, bytes);
}

void write_amf3_members(Bytes& out, const Members& members) {
  for (const auto& [name, value] : members) {
    if (name.empty()) continue;  // would end the list
    write_counted(out, as_bytes(name));
    write_amf3(out, value);
  }
  write_counted(out, {});
}

struct Amf3Writer {
  Bytes& bytes;
  ByteWriter out{bytes};

  void operator()(Value::Null) { out.u8(amf3_null); }
  void operator()(Undefined) { out.u8(amf3_undefined); }
  void operator()(Unsupported) { out.u8(amf3_undefined); }
  void operator()(bool value) { out.u8(value ? amf3_true : amf3_false); }
  void operator()(double value) {
    const bool negative_zero = value == 0 && std::signbit(value);
    if (value >= -(1 << 28) && value < (1 << 28) && value == std::trunc(value) && !negative_zero) {
      out.u8(amf3_integer);
      write_u29(bytes, static_cast<std::uint32_t>(static_cast<std::int32_t>(value)) & 0x1fff'ffff);
    } else {
      out.u8(amf3_double).be_double(value);
    }
  }
  void operator()(const std::string& value) {
    out.u8(amf3_string);
    write_counted(bytes, as_bytes(value));
  }
  void operator()(const Date& value) { out.u8(amf3_date).u8(1).be_double(value.milliseconds); }
  void operator()(const Xml& value) {
    out.u8(amf3_xml);
    write_counted(bytes, as_bytes(value.text));
  }
  void operator()(const Object& value) {
    out.u8(amf3_object).u8(0x0b);  // traits of its own, dynamic, no sealed members
    write_counted(bytes, as_bytes(value.class_name));
    write_amf3_members(bytes, value.members);
  }
  void operator()(const EcmaArray& value) {
    out.u8(amf3_array).u8(1);
    write_amf3_members(bytes, value.members);
  }
  void operator()(const Array& value) {
    out.u8(amf3_array);
    write_u29(bytes, static_cast<std::uint32_t>(value.items.size()) << 1 | 1);
    write_counted(bytes, {});
    for (const Value& item : value.items) write_amf3(bytes, item);
  }
  void operator()(const Bytes& value) {
    out.u8(amf3_byte_array);
    write_counted(bytes, value);
  }
};

}  // namespace

void write_amf3(Bytes& out, const Value& value) { std::visit(Amf3Writer{out}, value.is()); }

}  // namespace sluice::rtmp::amf
