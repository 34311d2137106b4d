#include "renewal.hpp"

#include <algorithm>

#include "log/log.hpp"

namespace sluice::ingestd {

namespace {
constexpr milliseconds interval{50};
constexpr milliseconds patience{30'000};  // for a keyframe, the old pipeline's end and the new one's first parts
}  // namespace

void Renewal::add(const std::vector<std::shared_ptr<Stream>>& streams) {
  if (left() == 0) failed_ = 0;
  for (const auto& stream : streams)
    if (std::ranges::find(waiting_, stream) == waiting_.end()) waiting_.push_back(stream);
  if (!current_) next();
}

void Renewal::next() {
  current_.reset();
  while (!current_ && !waiting_.empty()) {
    const auto stream = std::move(waiting_.front());
    waiting_.pop_front();
    const std::uint64_t generation = stream->generation();
    // Without a pipeline its next one is another in any case.
    if (stream->replace_pipeline()) current_ = {stream, generation, system_clock().steady()};
  }
  if (!current_) return look_.cancel();
  look_.every(interval, [this] { look(); });
}

void Renewal::look() {
  const Stream& stream = *current_->stream;
  const bool another = stream.generation() > current_->generation;
  if (another && stream.pipeline_gave_way()) return stop("its pipeline was taken back");
  if (another && stream.pipeline_works()) {
    log::info("another pipeline has taken over", {{"stream", stream.held().stream.value()}});
    return next();
  }
  if (stream.frozen() || !stream.life().open() || (!stream.life().has_publisher() && !stream.life().pipeline_running())) return next();
  if (system_clock().steady() - current_->since < patience) return;
  if (another) return stop("its pipeline writes nothing");
  ++failed_;
  log::warn("no keyframe has come for another pipeline to begin with: it begins with the next", {{"stream", stream.held().stream.value()}});
  next();
}

// What does not work for one stream is spared the others.
void Renewal::stop(std::string_view why) {
  log::error("no further stream gets another pipeline",
             {{"stream", current_->stream->held().stream.value()}, {"why", why}, {"streams", waiting_.size()}});
  failed_ += left();
  waiting_.clear();
  next();
}

}  // namespace sluice::ingestd
