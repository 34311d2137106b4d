#pragma once
// What hlslint judges, from a directory: a ledger, whose playlists are drawn as origind draws them (at the live edge, for the
// whole stream, and once per part as the last of it grew), or a folder of .m3u8 files with or without their media.
#include <string>

#include "base/result.hpp"
#include "hls/lint.hpp"

namespace sluice::hls {

bool is_ledger(const std::string& directory);
// Errc::not_found, io: it cannot be read; Errc::invalid: there is nothing to judge.
Result<Subject> subject_of_ledger(const std::string& directory);
// NAME.m3u8 is a playlist; NAME.m3u8.1, NAME.m3u8.2 … are earlier versions of it.
Result<Subject> subject_of_folder(const std::string& directory);

}  // namespace sluice::hls
