#pragma once
// Starts storyboard(1) for a PictureQueue: hostile media is decoded in a process of its own, at a lower priority and with bounded memory.
// libav would cost more memory than origind has; a child costs some 40 ms of one core, once for 250 s of a stream, whoever watches.
#include "net/loop.hpp"
#include "origin/picture_queue.hpp"

namespace sluice::origin {

inline constexpr std::size_t most_picture_bytes = 8u << 20;  // of a JPEG; a program that writes more is ended

// `program`: the path of storyboard.
PictureQueue::Start start_pictures(net::Loop& loop, std::string program);

}  // namespace sluice::origin
