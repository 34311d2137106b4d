#pragma once
// How tools print: aligned columns for people, one JSON object a line with --json.
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace sluice::app {

using Json = nlohmann::ordered_json;

void print_line(const std::string& text);
void print_json(const Json& object);  // bytes that are not UTF-8 are replaced
// The first row holds the headings.
void print_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace sluice::app
