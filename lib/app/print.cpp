#include "app/print.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace sluice::app {

namespace {
std::size_t characters(const std::string& text) {
  auto points = utf8_code_points(text);
  return points ? points->size() : text.size();
}
}  // namespace

void print_line(const std::string& text) {
  fmt::print("{}\n", text);
}

void print_json(const Json& object) {
  print_line(object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - characters(row[i]) + 2, ' ');
    }
    print_line(line.substr(0, line.find_last_not_of(' ') + 1));
  }
}

}  // namespace sluice::app
