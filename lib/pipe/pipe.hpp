#pragma once
// The media pipe between the programs (man5 sluice-pipe): one stream, many tracks, packet by packet. Reader takes the pipe's own form, NUT,
// and whatever container it is given an opener for; Writer writes NUT.
//
// Packets come out in one form whatever went in: H.264/HEVC length-prefixed (4 bytes) with avcC/hvcC, AAC raw with an
// AudioSpecificConfig, video in 1/90000 s, audio in 1/sample_rate s. Neither class may be used by two threads at once.
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "media/track.hpp"
#include "pipe/container.hpp"

namespace sluice::pipe {

// Told in-band, between the packets it stands between: a rendition sends nothing from `at` on (shed), or is back (live).
struct Notice {
  enum class State { shed, live };
  std::string rendition;
  State state = State::shed;
  std::chrono::microseconds at{0};  // source time
  bool operator==(const Notice&) const = default;
};

class Reader {
 public:
  // Reads the headers of the stream on `fd` (borrowed, blocking or not). Errc::invalid when it is no media or has no
  // track of a codec we take; Errc::io when reading fails. Without an opener for them other containers are no media.
  // `stop` (borrowed, -1: none): once it is readable the input ends where it is, here and in next(), which waits for nothing more.
  static Result<Reader> open(int fd, const OpenContainer& foreign = {}, ReadLimits limits = {}, int stop = -1);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  const std::vector<media::Track>& tracks() const;  // fixed for the pipe's life
  const Metadata& metadata() const;

  // The next packet as soon as its bytes are there; nothing at the end of the stream (a torn last packet is dropped).
  // A foreign stream's time is moved so that it begins at 0, and its leaps are closed up; ours (it has sluice_epoch_ms) is left as it is.
  Result<std::optional<media::Packet>> next();

  // Until then next() looks for no more bytes, when those it has are used up, unless it is to stop.
  void rest_until(std::chrono::steady_clock::time_point when);

  // The notices read since this was last asked; they stand before the packet that next() gave last.
  std::vector<Notice> take_notices();

  // Once next() has given nothing: whether that is the end, not only of the bytes. A Writer says at its end that it is one; of what does not, every
  // end of the bytes is taken for it. False where the reading was stopped.
  bool whole() const;

  std::uint64_t damaged() const;  // packets dropped or repaired because their bytes or times made no sense
  void stop();                    // any thread: the input ends here, next() returns at once

 private:
  struct Impl;
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Writer {
 public:
  // Takes the bytes of the pipe in order: `head`, then the data of `packet`, uncopied, where there is one; its owner may be kept to
  // write it later. An error ends the writing.
  using Sink = std::function<Result<>(Bytes head, const media::Packet* packet)>;

  // To a descriptor (borrowed, blocking). A reader that went away is Errc::io (EPIPE; SIGPIPE must be ignored).
  static Result<Writer> open(int fd, const std::vector<media::Track>& tracks, const Metadata& metadata);
  static Result<Writer> open(Sink sink, const std::vector<media::Track>& tracks, const Metadata& metadata);
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();

  // Passes the packet on before it returns. packet.pts must be ≥ 0 (Errc::invalid); packets go out in the order given:
  // whoever writes interleaves by dts. packet.owner is not kept.
  Result<> write(const media::Packet& packet);
  Result<> write(const Notice& notice);
  Result<> finish();  // the stream is whole: nothing may be written after it

 private:
  struct Impl;
  explicit Writer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::pipe
