// Ledgers that nobody feeds.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>

#include "app/run.hpp"
#include "base/text.hpp"
#include "hls/ledger_writer.hpp"
#include "hls/segmenter.hpp"
#include "segment.hpp"

namespace sluice::segmenter {
namespace {

constexpr std::chrono::hours longest_absence{24};  // that gaps are written for at once: more is a clock gone wrong

Result<> is_ledger(const std::string& directory) {
  std::error_code failed;
  const bool there = std::filesystem::exists(directory + "/index", failed);
  if (failed) return fail_errno(failed.value(), "read " + directory);
  if (!there) return fail(Errc::not_found, directory + " holds no ledger");
  return {};
}

}  // namespace

Result<int> fill_gaps(const std::string& directory) {
  SLUICE_TRY(is_ledger(directory));
  SLUICE_TRY_VALUE(hls::LedgerWriter writer, hls::LedgerWriter::open(directory, {}));
  if (!writer.index().header()) return fail(Errc::invalid, "the ledger " + directory + " is empty");
  hls::Operations operations;
  hls::Segmenter segmenter(writer.index(), {.vacant = true}, operations);
  for (std::string line; std::getline(std::cin, line);) {
    const auto until = parse_number<std::int64_t>(line);
    if (!until) return fail(Errc::invalid, "\"" + line + "\" on standard input is no source time", "a line is a number of microseconds since the stream's start");
    microseconds end{0};
    for (const hls::Rendition& rendition : writer.index().renditions()) end = std::max(end, rendition.source_end);
    if (microseconds(*until) - longest_absence > end) return fail(Errc::invalid, line + " on standard input is more than a day beyond the ledger's end");
    segmenter.fill_gaps(microseconds(*until), operations);
    for (hls::Operation& operation : std::exchange(operations, {}))
      if (!std::holds_alternative<hls::Remark>(operation)) SLUICE_TRY(writer.write(operation));
  }
  return app::exit_done;
}

Result<int> finish(const std::string& directory) {
  SLUICE_TRY(is_ledger(directory));
  Result<hls::LedgerWriter> writer = hls::LedgerWriter::open(directory, {});
  if (!writer && writer.error().code == Errc::exists) return app::exit_done;
  if (!writer) return std::unexpected(writer.error());
  if (!writer->index().header()) return fail(Errc::invalid, "the ledger " + directory + " is empty");
  SLUICE_TRY(writer->end());
  return app::exit_done;
}

}  // namespace sluice::segmenter
