#pragma once
// The rules of a single answer: type, compression, caching, who may read it.
#include "hls/playlist_reader.hpp"
#include "lint/watch.hpp"

namespace sluice::lint {

// A playlist's answer, status 200. `plain`: asked for without _HLS_msn.
void lint_playlist_answer(const Reply& reply, const hls::ReadPlaylist& playlist, bool plain, const std::string& name, Notes& notes);
// Media's. `removes`: its playlist is live and lets segments go.
void lint_media_answer(const Reply& reply, bool removes, const std::string& playlist, const std::string& name, Notes& notes);

}  // namespace sluice::lint
