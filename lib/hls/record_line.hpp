#pragma once
// A line of the files that a ledger is made of, sluice-ledger(5): fields between single spaces, and behind them the CRC-32C of what stands before.
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/text.hpp"
#include "hls/ledger_records.hpp"

namespace sluice::hls {

// What stands before the checksum of a line without its newline; Errc::invalid when there is none or it is wrong.
Result<std::string_view> checked_body(std::string_view line);
// The line, with checksum and newline.
std::string checked_line(std::string body);
// The last whole line of a file, without its newline; empty when there is none, or it is longer than records are.
std::string last_line_of(const std::string& path);

// The fields of a line, taken one after another; a field that is missing or wrong makes the whole line wrong.
class Fields {
 public:
  explicit Fields(std::string_view line) : fields_(split(line, ' ')) {}

  std::string_view text() {
    if (at_ >= fields_.size()) {
      bad_ = true;
      return {};
    }
    return fields_[at_++];
  }
  template <class Number>
  Number number(std::string_view text, Number least = 0, Number most = std::numeric_limits<Number>::max()) {
    const auto value = parse_number<Number>(text);
    // One spelling for each number, so that a line has one checksum.
    const bool padded = text.size() > 1 && (text[0] == '0' || text.starts_with("-0"));
    if (!value || padded || *value < least || *value > most) {
      bad_ = true;
      return {};
    }
    return *value;
  }
  template <class Number>
  Number number() {
    return number<Number>(text());
  }
  std::int64_t signed_number() {
    return number<std::int64_t>(text(), std::numeric_limits<std::int64_t>::min() / 2, most_time);
  }
  std::int64_t time() { return number<std::int64_t>(text(), 0, most_time); }
  std::pair<std::string_view, std::string_view> pair(char separator) {
    const std::string_view both = text();
    const std::size_t middle = both.find(separator);
    if (middle == std::string_view::npos) {
      bad_ = true;
      return {};
    }
    return {both.substr(0, middle), both.substr(middle + 1)};
  }
  std::string rendition() {
    const std::string_view name = text();
    if (!valid_rendition_name(name)) bad_ = true;
    return std::string(name);
  }
  std::optional<std::uint32_t> init() {
    const std::string_view field = text();
    if (field == "-") return std::nullopt;
    return number<std::uint32_t>(field);
  }
  std::uint32_t crc() {  // 8 lower-case hex digits
    const std::string_view field = text();
    std::uint32_t value = 0;
    require(field.size() == 8);
    for (const char c : field) {
      const bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
      require(digit || letter);
      value = value << 4 | static_cast<std::uint32_t>(digit ? c - '0' : c - 'a' + 10);
    }
    return value;
  }
  void require(bool right) {
    if (!right) bad_ = true;
  }
  bool more() const { return at_ < fields_.size(); }
  bool right() const { return !bad_ && at_ == fields_.size(); }

 private:
  // Far beyond any stream, and sums of two still fit.
  static constexpr std::int64_t most_time = std::numeric_limits<std::int64_t>::max() / 4;
  std::vector<std::string_view> fields_;
  std::size_t at_ = 0;
  bool bad_ = false;
};

}  // namespace sluice::hls
