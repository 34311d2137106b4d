#pragma once
// MediaTags: the tags of a media playlist (RFC 8216bis 4.4.3 to 4.4.5), in their order, into what they say.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hls/playlist_reader.hpp"
#include "hls/tag_reader.hpp"

namespace sluice::hls {

class MediaTags {
 public:
  // Both outlive it.
  MediaTags(TagReader& tags, ReadMedia& into) : tags_(tags), media_(into) {}

  bool take(std::string_view tag, std::string_view value);  // false: none of a media playlist
  void take_uri(std::string uri);
  void finish();  // at the end of the text: what has begun is closed, and segments get their numbers

 private:
  bool take_segment_tag(std::string_view tag, std::string_view value);
  bool take_part(std::string_view tag, std::string_view value);
  bool take_playlist_tag(std::string_view tag, std::string_view value);
  void before_parts(std::string_view tag);
  std::optional<ReadRange> read_range(std::string_view value);
  std::optional<ReadRange> read_part_range(std::string_view value, const std::vector<ReadPart>& before);
  void place_range(ReadSegment& segment);
  ReadSegment& open();
  void close_segment();

  TagReader& tags_;
  ReadMedia& media_;
  std::optional<ReadSegment> open_;
  std::optional<std::string> map_;
  std::optional<ReadRange> map_range_;
  std::optional<std::uint64_t> bitrate_;
  bool extinf_ = false, range_follows_ = false, sealed_ = false, map_sealed_ = false;
  std::uint64_t discontinuities_ = 0;
};

}  // namespace sluice::hls
