#pragma once
// MultivariantTags: the tags of a multivariant playlist (RFC 8216bis 4.4.6), in their order, into what they say.
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hls/playlist_reader.hpp"
#include "hls/tag_reader.hpp"

namespace sluice::hls {

class MultivariantTags {
 public:
  // Both outlive it.
  MultivariantTags(TagReader& tags, ReadMultivariant& into) : tags_(tags), multi_(into) {}

  bool take(std::string_view tag, std::string_view value);  // false: none of a multivariant playlist
  bool awaits_uri() const { return variant_.has_value(); }  // the next line is a variant's
  void take_uri(std::string uri);
  void interrupted();               // something else stands there: told once, and its URI may follow yet
  void give_up() { variant_.reset(); }

 private:
  ReadVariant read_variant(const AttributeList& list) const;
  ReadRendition read_rendition(const AttributeList& list);

  TagReader& tags_;
  ReadMultivariant& multi_;
  std::optional<ReadVariant> variant_;
  bool told_ = false;                                                   // that its URI does not follow
  std::set<std::pair<std::string, std::string>> session_data_;          // DATA-ID, LANGUAGE
  std::set<std::vector<std::optional<std::string>>> session_keys_;
};

}  // namespace sluice::hls
