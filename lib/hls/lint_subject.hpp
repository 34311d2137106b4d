#pragma once
// What hlslint judges, from a directory: a ledger, whose playlists are drawn as origind draws them (at the live edge, for the
// whole stream, and once per part as the last of it grew), a folder of .m3u8 files with or without their media, or one such file with
// what it names beside it.
#include <string>

#include "base/result.hpp"
#include "hls/lint.hpp"

namespace sluice::hls {

bool is_ledger(const std::string& directory);
// Errc::not_found, io: it cannot be read; Errc::invalid: there is nothing to judge.
Result<Subject> subject_of_ledger(const std::string& directory);
// NAME.m3u8 is a playlist; NAME.m3u8.1, NAME.m3u8.2 … are earlier versions of it.
Result<Subject> subject_of_folder(const std::string& directory);
// Its paths are relative to the folder of the file, and nothing outside of that is looked at.
Result<Subject> subject_of_file(const std::string& path);
bool is_playlist_file(const std::string& path);  // a file that is there, whatever its name
std::string folder_of(const std::string& path);

}  // namespace sluice::hls
