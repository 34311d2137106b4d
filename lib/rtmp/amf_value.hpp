#pragma once
// A value of Action Message Format, the same for AMF 0 and AMF 3, so that what a peer says in either reads alike.
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"

namespace sluice::rtmp::amf {

class Value;

struct Undefined {
  bool operator==(const Undefined&) const = default;
};
// A kind that carries nothing we use (movie clip, record set, a reference to an object that is still being read).
struct Unsupported {
  bool operator==(const Unsupported&) const = default;
};
struct Date {
  double milliseconds = 0;  // since 1970, UTC
  bool operator==(const Date&) const = default;
};
struct Xml {
  std::string text;
  bool operator==(const Xml&) const = default;
};

using Members = std::vector<std::pair<std::string, Value>>;  // in the order of the wire; names may repeat

struct Object {
  std::string class_name;  // empty = anonymous
  Members members;
  bool operator==(const Object&) const;
};
// AMF 0's ECMA array and AMF 3's array with named members.
struct EcmaArray {
  Members members;
  bool operator==(const EcmaArray&) const;
};
struct Array {
  std::vector<Value> items;
  bool operator==(const Array&) const;
};

class Value {
 public:
  using Null = std::monostate;
  using Variant = std::variant<Null, Undefined, Unsupported, bool, double, std::string, Date, Xml, Object, EcmaArray,
                               Array, Bytes>;

  Value() = default;  // null
  Value(bool value) : is_(value) {}
  Value(double value) : is_(value) {}
  Value(int value) : is_(static_cast<double>(value)) {}
  Value(std::string value) : is_(std::move(value)) {}
  Value(std::string_view value) : is_(std::string(value)) {}
  Value(const char* value) : is_(std::string(value)) {}
  Value(Undefined value) : is_(value) {}
  Value(Unsupported value) : is_(value) {}
  Value(Date value) : is_(value) {}
  Value(Xml value) : is_(std::move(value)) {}
  Value(Object value) : is_(std::move(value)) {}
  Value(EcmaArray value) : is_(std::move(value)) {}
  Value(Array value) : is_(std::move(value)) {}
  Value(Bytes value) : is_(std::move(value)) {}

  const Variant& is() const { return is_; }
  bool is_null() const { return std::holds_alternative<Null>(is_); }

  // What the value is, or the fallback where it is something else.
  double number(double fallback = 0) const;
  bool boolean(bool fallback = false) const;
  std::string_view text() const;                 // empty unless a string
  const Members* members() const;                // of an object or ECMA array, else nullptr
  const Value* find(std::string_view name) const;  // the last member of that name, else nullptr

  bool operator==(const Value&) const = default;

 private:
  Variant is_;
};

// What a copy of it weighs against Limits::values: the values in it, itself among them, and one for each 64 bytes of text.
std::size_t weight(const Value& value);

// What a reader takes from a peer at most. Both formats name strings and arrays by length, so a few bytes can promise much.
struct Limits {
  std::size_t depth = 16;     // objects within objects
  std::size_t values = 4096;  // in one message, references counted as the weight of what they refer to
};

}  // namespace sluice::rtmp::amf
