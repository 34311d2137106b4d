#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <variant>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "pipe/container_timeline.hpp"
#include "pipe/marks.hpp"
#include "pipe/pipe.hpp"
#include "nut/reader.hpp"

namespace sluice::pipe {

namespace {
constexpr int pipe_capacity = 1 << 20;
constexpr std::size_t most_held = 512;        // packets of a foreign stream, until each track has shown its first
constexpr std::int64_t held_us = 500'000;     // likewise, in media time
std::int64_t in_us(std::int64_t ticks, std::uint32_t timescale) { return media::rescale(ticks, timescale, 1'000'000); }
}  // namespace

struct Reader::Impl {
  Impl(int fd_, int stop_) : fd(fd_), stop(stop_), wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    ::fcntl(fd, F_SETPIPE_SZ, pipe_capacity);  // refused on what is no pipe, or beyond the user's share: no matter
  }
  ~Impl() { ::close(wake); }

  int fd;
  int stop;  // of the caller
  int wake;
  std::atomic<bool> stopped{false};
  std::chrono::steady_clock::time_point rest_until{};
  bool ended = false, cut = false;  // cut: by the caller
  Bytes begin;  // read while recognising the container
  nut::Reader nut;
  std::unique_ptr<Container> foreign;
  Metadata metadata;  // of our own form
  bool promises_end = false, marked_end = false;
  std::vector<Notice> notices;
  std::deque<media::Packet> held;
  bool stranger = false;
  std::optional<ContainerTimeline> timeline;  // of a stranger
  std::atomic<std::uint64_t> repairs{0};

  Result<std::size_t> read(std::span<std::byte> into);
  void rest();
  Result<> open(const OpenContainer& open_foreign, ReadLimits limits);
  void begin_own();
  Result<> align();
  Result<std::optional<media::Packet>> next_own();
  Result<std::optional<media::Packet>> next_foreign();
  void take(const nut::InfoChange& change);
};

void Reader::Impl::rest() {
  using namespace std::chrono;
  for (auto left = rest_until - steady_clock::now(); left > 0ns && !stopped; left = rest_until - steady_clock::now()) {
    const timespec time{static_cast<time_t>(left / 1s), static_cast<long>((left % 1s) / 1ns)};
    pollfd wait[3] = {{wake, POLLIN, 0}, {fd, 0, 0}, {stop, POLLIN, 0}};  // of the input only that it has ended
    if (::ppoll(wait, 3, &time, nullptr) >= 0) return;
  }
}

Result<std::size_t> Reader::Impl::read(std::span<std::byte> into) {
  rest();
  for (;;) {
    if (cut || stopped) return cut = true, 0;
    pollfd wait[3] = {{fd, POLLIN, 0}, {wake, POLLIN, 0}, {stop, POLLIN, 0}};
    if (::poll(wait, 3, -1) < 0) {
      if (errno == EINTR) continue;
      return fail_errno("wait for input");
    }
    if (stopped || wait[2].revents != 0) return cut = true, 0;
    const ssize_t got = ::read(fd, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR && errno != EAGAIN) return fail_errno("read input");
  }
}

Result<> Reader::Impl::open(const OpenContainer& open_foreign, ReadLimits limits) {
  if (wake < 0) return fail_errno("make an event descriptor");
  nut::Form form = nut::Form::undecided;
  std::byte buffer[4096];
  while (form == nut::Form::undecided) {
    SLUICE_TRY_VALUE(const std::size_t got, read(buffer));
    if (got == 0) return fail(Errc::invalid, begin.empty() ? "the input is empty" : "the input ends before its header does");
    append(begin, ByteView(buffer, got));
    form = nut::recognise(begin);
  }
  if (form == nut::Form::ours) {
    nut.input().push(begin);
    for (;;) {
      SLUICE_TRY_VALUE(const bool ready, nut.header());
      if (ready) return begin_own(), Result<>{};
      const auto room = nut.input().space();
      SLUICE_TRY_VALUE(const std::size_t got, read(room));
      if (got == 0) return fail(Errc::invalid, "the input ends before its first packet");
      nut.input().commit(got);
    }
  }
  if (!open_foreign) return fail(Errc::invalid, "the input is not a media pipe", "see sluice-pipe(5)");
  std::size_t replayed = 0;
  auto source = [this, replayed](std::span<std::byte> into) mutable -> Result<std::size_t> {
    if (replayed == begin.size()) return read(into);
    const std::size_t n = std::min(into.size(), begin.size() - replayed);
    std::copy_n(begin.begin() + static_cast<std::ptrdiff_t>(replayed), n, into.begin());
    replayed += n;
    return n;
  };
  SLUICE_TRY_VALUE(foreign, open_foreign(std::move(source), limits));
  stranger = !foreign->metadata().contains("sluice_epoch_ms");
  return {};
}

void Reader::Impl::begin_own() {
  metadata = nut.info();
  promises_end = metadata.erase(marks_end) > 0;
}

// A foreign stream's time is moved so that its earliest packet is decoded at 0: known once every track has shown its first.
Result<> Reader::Impl::align() {
  const auto& tracks = foreign->tracks();
  std::vector<bool> seen(tracks.size());
  std::int64_t first = 0, last = 0;
  while (held.size() < most_held && last - first < held_us && !std::ranges::all_of(seen, std::identity{})) {
    SLUICE_TRY_VALUE(auto packet, foreign->next());
    if (!packet) break;
    const std::int64_t at = in_us(packet->dts, tracks[packet->track].timescale);
    first = held.empty() ? at : std::min(first, at);
    last = held.empty() ? at : std::max(last, at);
    seen[packet->track] = true;
    held.push_back(std::move(*packet));
  }
  timeline.emplace(tracks, first);
  return {};
}

Result<std::optional<media::Packet>> Reader::Impl::next_foreign() {
  if (!stranger) return foreign->next();
  if (!timeline) SLUICE_TRY(align());
  for (;;) {
    std::optional<media::Packet> packet;
    if (!held.empty()) {
      packet = std::move(held.front());
      held.pop_front();
    } else {
      SLUICE_TRY_VALUE(packet, foreign->next());
    }
    if (!packet) return packet;
    const bool taken = timeline->place(*packet, system_clock().steady());
    repairs = timeline->repairs();
    if (taken) return packet;
  }
}

void Reader::Impl::take(const nut::InfoChange& change) {
  const auto state = change.info.find(state_key);
  const auto at = change.info.find("sluice_at");
  if (state == change.info.end()) return;
  marked_end = marked_end || (!change.track && state->second == state_end);
  if (!change.track || (state->second != state_shed && state->second != state_live)) return;
  Notice notice;
  notice.rendition = nut.tracks()[*change.track].rendition;
  notice.state = state->second == state_shed ? Notice::State::shed : Notice::State::live;
  if (at != change.info.end()) notice.at = std::chrono::microseconds(parse_number<std::int64_t>(at->second).value_or(0));
  notices.push_back(std::move(notice));
}

Result<std::optional<media::Packet>> Reader::Impl::next_own() {
  for (;;) {
    SLUICE_TRY_VALUE(auto event, nut.next());
    if (event) {
      if (auto* packet = std::get_if<media::Packet>(&*event)) return std::move(*packet);
      take(std::get<nut::InfoChange>(*event));
      continue;
    }
    if (ended) return std::nullopt;
    const auto room = nut.input().space();
    SLUICE_TRY_VALUE(const std::size_t got, read(room));
    nut.input().commit(got);
    ended = got == 0;
  }
}

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(int fd, const OpenContainer& foreign, ReadLimits limits, int stop) {
  auto impl = std::make_unique<Impl>(fd, stop);
  SLUICE_TRY(impl->open(foreign, limits));
  return Reader(std::move(impl));
}

const std::vector<media::Track>& Reader::tracks() const {
  return impl_->foreign ? impl_->foreign->tracks() : impl_->nut.tracks();
}
const Metadata& Reader::metadata() const { return impl_->foreign ? impl_->foreign->metadata() : impl_->metadata; }

Result<std::optional<media::Packet>> Reader::next() {
  return impl_->foreign ? impl_->next_foreign() : impl_->next_own();
}

std::vector<Notice> Reader::take_notices() { return std::exchange(impl_->notices, {}); }
bool Reader::whole() const { return impl_->promises_end ? impl_->marked_end : !impl_->cut; }
std::uint64_t Reader::damaged() const { return impl_->foreign ? impl_->foreign->damaged() + impl_->repairs : 0; }

void Reader::rest_until(std::chrono::steady_clock::time_point when) { impl_->rest_until = when; }

void Reader::stop() {
  impl_->stopped = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(impl_->wake, &one, sizeof one);
}

}  // namespace sluice::pipe
