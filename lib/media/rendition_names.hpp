#pragma once
// Names for the renditions of a publisher that sends several of a kind: pictures by what is measured of them ("1080p60",
// "720p30"), sound by its order ("audio", "audio2"). A track's id tells nothing of its quality (Enhanced RTMP v2, "Multitrack").
#include <string>
#include <string_view>
#include <vector>

#include "media/track.hpp"

namespace sluice::media {

// "720p30", "720p" while the rate is unknown, "video" where the size is, too.
std::string picture_name(const Track& track);

// `wanted`, or what tells it from those in `taken`: "720p30-av1" where another codec has the name, else "720p30-2", "720p30-3" …
std::string unused_picture_name(const Track& track, const std::vector<std::string>& taken);
std::string unused_sound_name(const std::vector<std::string>& taken);

// Which of the pictures `before` this one is again, by size and rate; one of its own codec is preferred to another's. Null: none
// whose name is not in `taken`.
const Track* same_picture(const Track& track, const std::vector<Track>& before, const std::vector<std::string>& taken);

// The tracks are the renditions of one picture: each gets a name by its size and rate. Sound keeps the name it has.
void name_pictures(std::vector<Track>& tracks);

// How many tracks are pictures.
std::size_t count_pictures(const std::vector<Track>& tracks);

}  // namespace sluice::media
