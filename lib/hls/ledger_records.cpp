#include "hls/ledger_records.hpp"

#include <limits>

#include <fmt/format.h>

#include "base/text.hpp"
#include "hls/record_line.hpp"

namespace sluice::hls {
namespace {

bool only(std::string_view text, std::string_view more, bool capitals) {
  if (text.empty() || text.size() > 64) return false;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (capitals && c >= 'A' && c <= 'Z');
    if (!plain && more.find(c) == std::string_view::npos) return false;
  }
  return true;
}

LedgerHeader read_header(Fields& in) {
  LedgerHeader h;
  in.require(in.text() == "1");
  h.stream = StreamId(std::string(in.text()));
  in.require(only(h.stream.value(), "", false));
  h.channel = in.text();
  in.require(h.channel == "-" || only(h.channel, "_", true));
  h.epoch_ms = in.signed_number();
  h.segment_ms = in.number<std::uint32_t>();
  h.part_ms = in.number<std::uint32_t>();
  h.part_target_us = in.number<std::uint32_t>();
  h.target_duration_s = in.number<std::uint32_t>();
  in.require(h.segment_ms > 0 && h.part_ms > 0 && h.target_duration_s > 0);
  const std::string_view format = in.text();
  in.require(format == "cmaf" || format == "ts");
  h.format = format == "ts" ? Format::ts : Format::cmaf;
  h.anywhere = in.more();
  in.require(!h.anywhere || in.text() == "anywhere");
  return h;
}

RenditionRecord read_rendition(Fields& in) {
  RenditionRecord r;
  r.name = in.rendition();
  r.init = in.init();
  const std::string_view kind = in.text();
  in.require(kind == "video" || kind == "audio");
  r.kind = kind == "audio" ? media::Kind::audio : media::Kind::video;
  r.codecs = in.text();
  in.require(only(r.codecs, ".-", true));
  r.timescale = in.number<std::uint32_t>();
  in.require(r.timescale > 0);
  const auto [width, height] = in.pair('x');
  r.width = in.number<std::uint32_t>(width);
  r.height = in.number<std::uint32_t>(height);
  const auto [num, den] = in.pair('/');
  r.frame_rate = {in.number<std::int64_t>(num), in.number<std::int64_t>(den, 1)};
  const auto [rate, channels] = in.pair('/');
  r.sample_rate = in.number<std::uint32_t>(rate);
  r.channels = in.number<std::uint32_t>(channels);
  r.bitrate = in.number<std::uint64_t>();
  r.max_bitrate = in.number<std::uint64_t>();
  if (in.more()) {
    r.language = in.text();
    r.alone = in.more();
    in.require(r.language == "-" ? r.alone : valid_language(r.language));
    in.require(!r.alone || (in.text() == "alone" && r.kind == media::Kind::audio));
    if (r.language == "-") r.language.clear();
  }
  return r;
}

PartFlags read_flags(Fields& in) {
  PartFlags flags;
  std::string_view text = in.text();
  in.require(!text.empty());
  if (text == "-") return flags;
  const auto letter = [&](char c, bool& flag) {
    flag = text.starts_with(c);
    if (flag) text.remove_prefix(1);
  };
  letter('I', flags.independent);
  letter('L', flags.last);
  letter('G', flags.gap);
  letter('D', flags.discontinuity);
  in.require(text.empty());
  return flags;
}

PartRecord read_part(Fields& in) {
  PartRecord r;
  r.rendition = in.rendition();
  Part& p = r.part;
  p.msn = in.number<std::uint64_t>();
  p.part = in.number<std::uint32_t>();
  p.offset = static_cast<std::uint64_t>(in.time());
  p.bytes = static_cast<std::uint64_t>(in.time());
  p.start = in.time();
  p.duration = in.time();
  p.src_begin_us = in.time();
  p.src_end_us = in.time();
  p.wall_ms = in.time();
  p.init = in.init();
  p.flags = read_flags(in);
  if (in.more()) {
    p.composition = in.signed_number();
    in.require(p.composition != 0 && p.part == 0);
  }
  in.require(p.flags.gap == (p.bytes == 0) && p.duration > 0);
  return r;
}

std::string init_text(const std::optional<std::uint32_t>& init) {
  return init ? std::to_string(*init) : "-";
}

std::string flags_text(const PartFlags& flags) {
  std::string text;
  if (flags.independent) text += 'I';
  if (flags.last) text += 'L';
  if (flags.gap) text += 'G';
  if (flags.discontinuity) text += 'D';
  return text.empty() ? "-" : text;
}

struct Formatter {
  std::string operator()(const LedgerHeader& h) const {
    return fmt::format("L 1 {} {} {} {} {} {} {} {}{}", h.stream.value(), h.channel, h.epoch_ms, h.segment_ms,
                       h.part_ms, h.part_target_us, h.target_duration_s, name(h.format), h.anywhere ? " anywhere" : "");
  }
  std::string operator()(const RenditionRecord& r) const {
    const std::string_view language = r.language.empty() && r.alone ? "-" : std::string_view(r.language);
    return fmt::format("R {} {} {} {} {} {}x{} {}/{} {}/{} {} {}{}{}{}", r.name, init_text(r.init),
                       r.kind == media::Kind::video ? "video" : "audio", r.codecs, r.timescale, r.width,
                       r.height, r.frame_rate.num, r.frame_rate.den, r.sample_rate, r.channels, r.bitrate,
                       r.max_bitrate, language.empty() ? "" : " ", language, r.alone ? " alone" : "");
  }
  std::string operator()(const PartRecord& r) const {
    const Part& p = r.part;
    return fmt::format("P {} {} {} {} {} {} {} {} {} {} {} {}{}", r.rendition, p.msn, p.part, p.offset, p.bytes,
                       p.start, p.duration, p.src_begin_us, p.src_end_us, p.wall_ms, init_text(p.init),
                       flags_text(p.flags), p.composition == 0 ? "" : fmt::format(" {}", p.composition));
  }
  std::string operator()(const ShedRecord& r) const {
    return fmt::format("S {} {}", r.rendition, !r.shed ? "live" : r.gone ? "gone" : "shed");
  }
  std::string operator()(const RemovedRecord& r) const { return fmt::format("X {}", r.msn); }
  std::string operator()(const EndRecord& r) const { return fmt::format("E {}", r.wall_ms); }
};

}  // namespace

bool valid_language(std::string_view tag) {
  return tag != "-" && only(tag, "-", true);
}
bool valid_rendition_name(std::string_view name) {
  return only(name, "_-", false);
}
std::string_view name(Format format) {
  return format == Format::ts ? "ts" : "cmaf";
}
std::string_view extension(Format format) {
  return format == Format::ts ? "ts" : "m4s";
}

std::string init_path(std::string_view rendition, std::uint32_t init) {
  return fmt::format("{}/init-{}.mp4", rendition, init);
}
std::string segment_path(std::string_view rendition, MediaSequence msn, Format format) {
  return fmt::format("{}/{}.{}", rendition, msn, extension(format));
}

Result<Record> parse_record(std::string_view line) {
  SLUICE_TRY_VALUE(const std::string_view body, checked_body(line));
  Fields in(body);
  const std::string_view type = in.text();
  Record record;
  if (type == "P") {
    record = read_part(in);
  } else if (type == "L") {
    record = read_header(in);
  } else if (type == "R") {
    record = read_rendition(in);
  } else if (type == "S") {
    ShedRecord r{in.rendition(), false};
    const std::string_view state = in.text();
    in.require(state == "shed" || state == "live" || state == "gone");
    r.gone = state == "gone";
    r.shed = state != "live";
    record = r;
  } else if (type == "X") {
    record = RemovedRecord{in.number<std::uint64_t>()};
  } else if (type == "E") {
    record = EndRecord{in.time()};
  } else {
    return fail(Errc::invalid, "ledger line of an unknown type");
  }
  if (!in.right()) return fail(Errc::invalid, fmt::format("ledger line {} with a wrong field", type));
  return record;
}

std::string format_record(const Record& record) { return checked_line(std::visit(Formatter{}, record)); }

}  // namespace sluice::hls
