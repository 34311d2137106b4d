#include "log/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>

#include "base/clock.hpp"

namespace sluice::log {

namespace {

struct Settings {
  std::string service = "sluice";
  std::string instance;
  Format format = Format::text;
  std::shared_ptr<spdlog::logger> out;
};

Settings& settings() {
  static Settings s = [] {
    Settings fresh;
    fresh.out = std::make_shared<spdlog::logger>("log", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    fresh.out->set_pattern("%v");
    fresh.out->flush_on(spdlog::level::trace);
    return fresh;
  }();
  return s;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view level_name(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "info";
}

// sd-daemon(3): <3> error, <4> warning, <6> info, <7> debug
int journal_priority(Level level) {
  switch (level) {
    case Level::debug: return 7;
    case Level::info: return 6;
    case Level::warn: return 4;
    case Level::error: return 3;
  }
  return 6;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

// A value as text: quoted when it has spaces, quotes or control characters, so that a hostile name cannot forge a line.
void append_text_value(std::string& out, std::string_view value) {
  bool plain = !value.empty();
  for (const char c : value)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == 0x7f) plain = false;
  if (plain)
    out += value;
  else
    append_json_string(out, value);
}

std::string json_line(const Settings& s, Level level, std::string_view message, Fields fields) {
  std::string line = "{\"time\":\"" + format_rfc3339(system_clock().wall()) + "\",\"level\":\"";
  line += level_name(level);
  line += "\",\"service\":";
  append_json_string(line, s.service);
  if (!s.instance.empty()) {
    line += ",\"instance\":";
    append_json_string(line, s.instance);
  }
  line += ",\"message\":";
  append_json_string(line, message);
  for (const Field& field : fields) {
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    if (field.quoted)
      append_json_string(line, field.value);
    else
      line += field.value;
  }
  line += '}';
  return line;
}

std::string text_line(const Settings& s, Level level, std::string_view message, Fields fields) {
  std::string line;
  if (s.format == Format::journal)
    line = fmt::format("<{}>", journal_priority(level));
  else
    line = fmt::format("{} {:<5} {}: ", format_rfc3339(system_clock().wall()).substr(11, 12), level_name(level), s.service);
  for (const char c : message) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  for (const Field& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    append_text_value(line, field.value);
  }
  return line;
}

}  // namespace

Field::Field(std::string_view n, double v) : name(n), value(fmt::format("{}", v)), quoted(false) {}

void configure(std::string_view service, std::string_view instance, Format format, Level level) {
  Settings& s = settings();
  s.service = service;
  s.instance = instance;
  s.format = format;
  set_level(level);
}

Level level_named(std::string_view name) {
  for (const Level level : {Level::debug, Level::warn, Level::error})
    if (level_name(level) == name) return level;
  return Level::info;
}

bool enabled(Level level) { return settings().out->should_log(spdlog_level(level)); }

void set_level(Level level) { settings().out->set_level(spdlog_level(level)); }

void write(Level level, std::string_view message, Fields fields) {
  const Settings& s = settings();
  if (!s.out->should_log(spdlog_level(level))) return;
  s.out->log(spdlog_level(level),
             s.format == Format::json ? json_line(s, level, message, fields) : text_line(s, level, message, fields));
}

}  // namespace sluice::log
