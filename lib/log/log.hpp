#pragma once
// Logs: one line an event, a message and named fields. Text on a terminal, JSON with --log-format json, and
// <N> priority prefixes under systemd. Everything goes to standard error. Protocol code (sans-IO) never logs.
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json, journal };

// A named value. Names are snake_case: channel, stream, trace_id, duration_ms.
struct Field {
  std::string_view name;
  std::string value;
  bool quoted = true;  // false: a JSON number or boolean

  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const char* v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(v) {}
  Field(std::string_view n, bool v) : name(n), value(v ? "true" : "false"), quoted(false) {}
  Field(std::string_view n, double v);
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view n, T v) : name(n), value(std::to_string(v)), quoted(false) {}
  Field(const Error& e) : name("error"), value(to_string(e)) {}
};
using Fields = std::initializer_list<Field>;

// Once, at the start of a program: the service's name goes into every line.
void configure(std::string_view service, std::string_view instance, Format format, Level level);
void set_level(Level level);
bool enabled(Level level);  // whether a line of this level would be written
Level level_named(std::string_view name);  // "debug", "info", "warn", "error"; info for any other

void write(Level level, std::string_view message, Fields fields);
inline void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
inline void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
inline void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }

}  // namespace sluice::log
