#pragma once
// TagReader: what reading the tags of either kind of playlist has in common: what is wrong with its line, attributes with their variables'
// values, each tag's needs of EXT-X-VERSION.
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hls/attribute_list.hpp"
#include "hls/playlist_reader.hpp"

namespace sluice::hls {

class TagReader {
 public:
  explicit TagReader(const Loaded& loaded) : scope_(loaded) {}
  TagReader(const TagReader&) = delete;
  TagReader& operator=(const TagReader&) = delete;

  void problem(std::string_view rule, std::string what) { problems_.push_back({rule, line, std::move(what)}); }
  const Tell& tell() const { return tell_; }
  std::vector<Problem> take_problems();  // in order of lines

  AttributeList attributes(std::string_view tag, std::string_view value);  // checked against the table of attributes
  std::optional<std::uint64_t> number(std::string_view tag, std::string_view value);  // nothing, and told, when it is none
  bool once(std::string_view tag);  // false, and told, when it is not the first
  bool seen(std::string_view tag) const { return seen_.contains(tag); }  // by once()
  bool told(std::string_view rule) const;

  void needs(std::uint64_t version, std::string_view what);
  std::uint64_t needed() const { return needed_; }
  const std::string& needed_for() const { return needed_for_; }

  VariableScope& scope() { return scope_; }

  std::size_t line = 0;  // that is being read; 0: the playlist as a whole

 private:
  VariableScope scope_;
  std::vector<Problem> problems_;
  std::set<std::string, std::less<>> seen_;
  std::uint64_t needed_ = 1;
  std::string needed_for_;
  const Tell tell_ = [this](std::string_view rule, std::string what) { problem(rule, std::move(what)); };
};

}  // namespace sluice::hls
