#pragma once
// Pipeline: one generation of a stream's pipeline, a shell command fed through a pipe that never blocks us. Packets become the media
// pipe's bytes (pipe/pipe.hpp), wait in a short queue, uncopied, and go out merged: sound waits for the picture that comes next, since
// every cut is a picture's.
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipe/pipe.hpp"
#include "media/retention.hpp"
#include "net/loop.hpp"
#include "os/stages.hpp"

namespace sluice::ingestd {

class Pipeline {
 public:
  struct Setup {
    std::string command;
    std::vector<std::pair<std::string, std::string>> environment;
    std::shared_ptr<const media::Run> run;
    pipe::Metadata metadata;
    std::function<void()> on_room;                 // it takes packets again
    std::function<void(const os::PipelineEnd& end)> on_exit;  // the whole group is dead; the object may be destroyed in the call
  };
  static Result<std::unique_ptr<Pipeline>> start(net::Loop& loop, Setup setup);
  ~Pipeline();  // kills what still runs

  const std::shared_ptr<const media::Run>& run() const { return setup_.run; }
  bool wants_more() const;               // false: what was written waits for the command to read
  void write(const media::Packet& packet);
  void flush();                          // at the end of a turn, and now and then: what has waited long enough goes out
  void close_input();                    // after what waits has gone out
  void kill();
  std::uint64_t bytes() const { return bytes_; }

 private:
  Pipeline(net::Loop& loop, Setup setup);
  Result<> open_writer();
  void drain();
  ssize_t write_waiting();
  void broken(std::string_view why);
  void stage_ended(std::size_t stage);

  net::Loop& loop_;
  Setup setup_;
  os::Stages stages_;
  os::UniqueFd input_;
  os::UniqueFd read_end_;  // of the input, until all have ended: when the first has, the others still write what they were given
  std::unique_ptr<net::FdWatch> writable_;
  std::vector<std::unique_ptr<net::FdWatch>> ended_;  // of each stage
  std::unique_ptr<pipe::Writer> writer_;
  struct Piece {
    Bytes head;
    std::shared_ptr<const void> owner;  // of data
    ByteView data;
    std::size_t size() const { return head.size() + data.size(); }
  };
  std::deque<Piece> waiting_;
  std::size_t waiting_bytes_ = 0;  // without what has been sent of the first piece
  std::size_t sent_ = 0;           // of the first piece
  bool due_ = false;         // what waits is to go out
  Steady waiting_since_{};
  bool blocked_ = false;     // the pipe is full; on_writable will go on
  bool closing_ = false, broken_ = false;
  std::uint64_t bytes_ = 0;
};

}  // namespace sluice::ingestd
