#pragma once
// TagReader: what reading the tags of either kind of playlist has in common: what is wrong with its line, attributes with their variables'
// values, each tag's needs of EXT-X-VERSION.
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

  AttributeList attributes(std::string_view value);
  void check_types(const AttributeList& list);  // once all that is wanted of it has been read
  std::string required(const AttributeList& list, std::string_view tag, std::string_view name, bool quoted);
  std::uint64_t number(std::string_view tag, std::string_view value);
  bool once(std::string_view tag);  // false, and told, when it is not the first

  void needs(std::uint64_t version, std::string_view what);
  std::uint64_t needed() const { return needed_; }
  const std::string& needed_for() const { return needed_for_; }

  VariableScope& scope() { return scope_; }

  std::size_t line = 0;  // that is being read; 0: the playlist as a whole

 private:
  VariableScope scope_;
  std::vector<Problem> problems_;
  std::set<std::string> seen_;
  std::uint64_t needed_ = 1;
  std::string needed_for_;
  const Tell tell_ = [this](std::string_view rule, std::string what) { problem(rule, std::move(what)); };
};

}  // namespace sluice::hls
