#pragma once
// Variables of playlists: what EXT-X-DEFINE defines (RFC 8216bis 4.4.2.3) and "{$NAME}" stands for (4.3), in URI lines, quoted strings and
// hexadecimal sequences. Sans-IO.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hls/attribute_list.hpp"
#include "hls/tag_rules.hpp"

namespace sluice::hls {

using Variables = std::map<std::string, std::string, std::less<>>;

// What a playlist's definitions may refer to beyond it.
struct Loaded {
  std::optional<std::string> url = {};    // that answered, after redirects; of a folder, the URI by which it is named. None: nobody knows
  const Variables* multivariant = nullptr;  // of the playlist that names it, borrowed; null: none does
};

class VariableScope {
 public:
  explicit VariableScope(Loaded loaded) : loaded_(std::move(loaded)) {}

  // One EXT-X-DEFINE. What is wrong is told, and the variable is then empty.
  void define(const AttributeList& list, std::size_t line, const Tell& tell);
  // The text with what its references stand for, which is not looked through again. One that is not defined stays as it is.
  std::string substituted(std::string_view text, const Tell& tell);
  void substitute(AttributeList& list, const Tell& tell);

  struct Import {
    std::string name;
    std::size_t line = 0;
    bool found = false;
  };
  const std::vector<Import>& imports() const { return imports_; }  // whether they may be there is known when the playlist's kind is
  bool from_multivariant() const { return loaded_.multivariant != nullptr; }
  const Variables& variables() const { return variables_; }

 private:
  std::string value_of(const AttributeList& list, const std::string& kind, const std::string& name, std::size_t line, const Tell& tell);
  std::string parameter(const std::string& name, const Tell& tell) const;

  Loaded loaded_;
  Variables variables_;
  std::vector<Import> imports_;
  std::set<std::string, std::less<>> told_;  // names that were referred to and are not defined
  std::size_t given_ = 0;                    // bytes that were put in the place of references
};

}  // namespace sluice::hls
