#include "rtmp/amf_value.hpp"

namespace sluice::rtmp::amf {

bool Object::operator==(const Object&) const = default;
bool EcmaArray::operator==(const EcmaArray&) const = default;
bool Array::operator==(const Array&) const = default;

double Value::number(double fallback) const {
  const auto* value = std::get_if<double>(&is_);
  return value ? *value : fallback;
}

bool Value::boolean(bool fallback) const {
  const auto* value = std::get_if<bool>(&is_);
  return value ? *value : fallback;
}

std::string_view Value::text() const {
  const auto* value = std::get_if<std::string>(&is_);
  return value ? std::string_view(*value) : std::string_view();
}

const Members* Value::members() const {
  if (const auto* object = std::get_if<Object>(&is_)) return &object->members;
  if (const auto* array = std::get_if<EcmaArray>(&is_)) return &array->members;
  return nullptr;
}

const Value* Value::find(std::string_view name) const {
  const Members* all = members();
  if (!all) return nullptr;
  for (auto at = all->rbegin(); at != all->rend(); ++at) {
    if (at->first == name) return &at->second;
  }
  return nullptr;
}

namespace {
constexpr std::size_t bytes_a_value = 64;

std::size_t weight_of(const Members& members) {
  std::size_t sum = 0;
  for (const auto& [name, value] : members) sum += name.size() / bytes_a_value + weight(value);
  return sum;
}
}  // namespace

std::size_t weight(const Value& value) {
  if (const Members* members = value.members()) return 1 + weight_of(*members);
  if (const auto* array = std::get_if<Array>(&value.is())) {
    std::size_t sum = 1;
    for (const Value& item : array->items) sum += weight(item);
    return sum;
  }
  if (const auto* xml = std::get_if<Xml>(&value.is())) return 1 + xml->text.size() / bytes_a_value;
  if (const auto* bytes = std::get_if<Bytes>(&value.is())) return 1 + bytes->size() / bytes_a_value;
  return 1 + value.text().size() / bytes_a_value;
}

}  // namespace sluice::rtmp::amf
