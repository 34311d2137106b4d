#include <unistd.h>

#include <filesystem>

#include "containers.hpp"
#include "flv/file.hpp"

namespace sluice::segmenter {

Containers without_libav(char** arguments) {
  return {.open = flv::open, .ts_parts = {}, .become_other = [arguments]() -> Result<> {
            std::error_code error;
            const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error);
            const std::string other = (own.parent_path().parent_path() / "libexec/sluice/segmenter-libav").string();
            ::execv(other.c_str(), arguments);
            return fail_errno("run " + other, "it reads containers other than the media pipe's and plain FLV, and writes MPEG-TS: install it there");
          }};
}

}  // namespace sluice::segmenter
