// storyboard: a sheet of pictures from a ledger's keyframes, one for every so many seconds, as a JPEG on standard output.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "app/run.hpp"
#include "ffmpeg/still.hpp"
#include "hls/ledger_view.hpp"
#include "hls/storyboard.hpp"
#include "log/log.hpp"
#include "options.hpp"
#include "os/file.hpp"

namespace {

using namespace sluice;

constexpr std::size_t most_read = 8 << 20;  // of a segment: its keyframe stands first

Result<> append_file(Bytes& to, const std::string& path, std::size_t most) {
  SLUICE_TRY_VALUE(const os::UniqueFd fd, os::open_file(path, O_RDONLY));
  const std::size_t before = to.size();
  std::size_t got = 0;
  while (got < most) {
    to.resize(before + got + std::min<std::size_t>(most - got, 256 * 1024));
    const ssize_t n = ::read(fd.get(), to.data() + before + got, to.size() - before - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + path);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  to.resize(before + got);
  return {};
}

Result<ffmpeg::Frame> picture_of(const hls::LedgerView& ledger, const hls::Tile& tile) {
  const hls::Format format = ledger.stream().format;
  Bytes media;
  if (format == hls::Format::cmaf) {
    SLUICE_TRY(append_file(media, ledger.directory() + "/" + hls::init_path(tile.rendition, tile.init), 1 << 20));
  }
  SLUICE_TRY(append_file(media, ledger.directory() + "/" + hls::segment_path(tile.rendition, tile.msn, format), most_read));
  return ffmpeg::first_picture(media);
}

Result<Bytes> newest(const hls::LedgerView& ledger, std::uint32_t width) {
  const hls::Tile tile = hls::newest_keyframe(ledger.stream(), width);
  if (tile.rendition.empty()) return fail(Errc::not_found, ledger.directory() + " has no keyframe yet");
  SLUICE_TRY_VALUE(const ffmpeg::Frame picture, picture_of(ledger, tile));
  const std::uint32_t height = std::clamp<std::uint32_t>(width * picture.height() / std::max(picture.width(), 1u) / 2 * 2, 2, 4 * width);
  SLUICE_TRY_VALUE(ffmpeg::Sheet sheet, ffmpeg::Sheet::make(width, height));
  SLUICE_TRY(sheet.draw(picture, 0, 0, width, height));
  return sheet.jpeg();
}

// A picture that cannot be made is left black, and the sheet is not whole; a sheet without any is an error.
struct Drawn {
  Bytes jpeg;
  bool whole;
};
Result<Drawn> draw_sheet(const hls::LedgerView& ledger, const hls::StoryboardGrid& grid, std::uint64_t number) {
  const auto tiles = hls::tiles_of_sheet(ledger.stream(), grid, number);
  if (tiles.empty()) return fail(Errc::not_found, ledger.directory() + " has no keyframe for sheet " + std::to_string(number));
  SLUICE_TRY_VALUE(ffmpeg::Sheet sheet, ffmpeg::Sheet::make(grid.columns * grid.tile_width, grid.rows * grid.tile_height()));
  std::size_t drawn = 0;
  Error last;
  for (const hls::Tile& tile : tiles) {
    const auto picture = picture_of(ledger, tile);
    const auto place = static_cast<std::uint32_t>(tile.slot % grid.slots_per_sheet());
    const auto done = picture ? sheet.draw(*picture, place % grid.columns * grid.tile_width, place / grid.columns * grid.tile_height(),
                                           grid.tile_width, grid.tile_height())
                              : std::unexpected(picture.error());
    if (done) {
      ++drawn;
      continue;
    }
    last = done.error();
    log::warn("no picture", {{"rendition", tile.rendition}, {"segment", std::to_string(tile.msn)}, last});
  }
  if (drawn == 0) return std::unexpected(last);
  SLUICE_TRY_VALUE(Bytes jpeg, sheet.jpeg());
  return Drawn{std::move(jpeg), drawn == tiles.size()};
}

Result<int> run(const app::Settings& settings) {
  hls::StoryboardGrid grid;
  grid.interval_s = static_cast<std::uint32_t>(settings.integer("interval"));
  grid.columns = static_cast<std::uint32_t>(settings.integer("columns"));
  grid.rows = static_cast<std::uint32_t>(settings.integer("rows"));
  grid.tile_width = static_cast<std::uint32_t>(settings.integer("tile-width")) / 2 * 2;
  hls::LedgerView ledger(settings.positional("LEDGER"));
  SLUICE_TRY(ledger.poll());
  if (!ledger.begun()) return fail(Errc::unavailable, ledger.directory() + " has just been made");
  if (!hls::has_video(ledger.stream())) return fail(Errc::not_found, ledger.directory() + " has no video");
  if (settings.flag("track")) {
    SLUICE_TRY(os::write_all(STDOUT_FILENO, as_bytes(hls::storyboard_track(ledger.stream(), grid))));
    return app::exit_done;
  }
  if (settings.flag("newest")) {
    SLUICE_TRY_VALUE(const Bytes picture, newest(ledger, grid.tile_width));
    SLUICE_TRY(os::write_all(STDOUT_FILENO, picture));
    return app::exit_done;
  }
  SLUICE_TRY_VALUE(const Drawn sheet, draw_sheet(ledger, grid, static_cast<std::uint64_t>(settings.integer("sheet"))));
  SLUICE_TRY(os::write_all(STDOUT_FILENO, sheet.jpeg));
  return sheet.whole ? app::exit_done : app::exit_temporary;
}

}  // namespace

int main(int argc, char** argv) { return sluice::app::run_main(argc, argv, sluice::storyboard::program(), run); }
