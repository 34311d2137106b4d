#pragma once
// MultivariantTags: the tags of a multivariant playlist (RFC 8216bis 4.4.6), in their order, into what they say.
#include <optional>
#include <string>
#include <string_view>

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
  void no_uri();  // something else stands there

 private:
  TagReader& tags_;
  ReadMultivariant& multi_;
  std::optional<ReadVariant> variant_;
};

}  // namespace sluice::hls
