#pragma once
// What transcode and segmenter are configured with where --config names a folder: transcode.conf and segmenter.conf in it. They read
// their file whenever they start; a reload looks whether one has changed, and tries it before it may reach a stream.
#include <string>
#include <vector>

#include "base/result.hpp"

namespace sluice::ingestd {

class ProgramSettings {
 public:
  // `programs`: the folder that the programs are in.
  ProgramSettings(std::string folder, std::string programs);

  // Whether a file is another than the one that was accepted. Errc::config when its program does not take it.
  // Asking the programs may take a second of a busy machine's time, and some seconds at most.
  Result<bool> changed();
  // Whether the programs take the files that are there now.
  Result<> check() const;
  // "transcode.conf: ladder: 720p30 -> source,720p30": each setting that changed() saw otherwise than it was accepted, for people.
  std::vector<std::string> differences() const;
  void accept() { known_ = seen_; }  // what changed() saw

 private:
  std::string read() const;
  Result<> try_out(const std::string& program) const;

  std::string folder_, programs_;  // no folder: nothing ever changes
  std::string known_, seen_;
};

}  // namespace sluice::ingestd
