#include "worker.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.hpp"

namespace chat_load {

namespace {
// As people talk: what is one letter over and over is taken for spam.
std::string chatter(std::size_t size) {
  constexpr std::string_view talk =
      " the picture is sharp today and the sound is fine so let us wait and see what happens after the next"
      " corner because this road was much quicker last time when nobody had thought of going there";
  std::string said;
  while (said.size() < size) said += talk.substr(0, size - said.size());
  return said;
}

constexpr std::size_t npos = static_cast<std::size_t>(-1);
constexpr std::size_t at_once = 2000;  // members that come in together
constexpr std::int64_t alive_rhythm_us = 20'000'000;
constexpr std::int64_t listening_on_us = 100'000;  // when all has come: to what comes twice
}  // namespace

Worker::Worker(const Options& options, int index, int of)
    : options_(options),
      index_(index),
      of_(of),
      lines_(static_cast<std::uint64_t>(std::llround(options.rate * options.seconds)) *
             static_cast<std::uint64_t>(options.rooms)),
      poll_(::epoll_create1(EPOLL_CLOEXEC)),
      senders_(static_cast<std::size_t>(options.rooms * options.senders), npos),
      buffer_(256 * 1024) {}

std::size_t Worker::connect() {
  // Senders first: on some servers who comes first into a room may speak, others only hear.
  std::vector<Way> ways;
  for (int number = index_; number < options_.rooms * options_.senders; number += of_) {
    const int room = number / options_.senders;
    senders_[static_cast<std::size_t>(number)] = places_.size();
    places_.push_back({-1, room, number % options_.senders, Member(0)});
    ways.push_back(sender_way(options_, room, number));
  }
  come_in(ways);
  for (int number = index_; number < options_.rooms * options_.members; number += of_) {
    const int room = number / options_.members;
    places_.push_back({-1, room, -1, Member(options_.senders)});
    ways.push_back(member_way(options_, room, number));
    outcome_.expected += lines_ / static_cast<std::uint64_t>(options_.rooms);
    if (ways.size() == at_once) come_in(ways);
  }
  come_in(ways);
  for (std::size_t i = 0; i < places_.size(); ++i) {
    make_nonblocking(places_[i].socket);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, places_[i].socket, &event) != 0) die("watch a socket");
  }
  for (int room = 0; room < options_.rooms; ++room)
    padding_.push_back(chatter(text_bytes(options_, room) - Mark::size));
  return places_.size();
}

// The last places, together step by step: a server may look at newcomers only once a second.
void Worker::come_in(std::vector<Way>& ways) {
  const auto places = std::span(places_).last(ways.size());
  std::size_t most = 0;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    places[i].socket = dial(ways[i].port, index_);
    most = std::max(most, ways[i].steps.size());
  }
  for (std::size_t step = 0; step < most; ++step) {
    for (std::size_t i = 0; i < ways.size(); ++i)
      if (step < ways[i].steps.size()) put(places[i].socket, ways[i].steps[step].say);
    for (std::size_t i = 0; i < ways.size(); ++i)
      if (step < ways[i].steps.size()) read_until(places[i].socket, ways[i].steps[step].until);
  }
  ways.clear();
}

Outcome Worker::run() {
  outcome_.began_us = kept_alive_us_ = now_us();
  const auto length_us = static_cast<std::int64_t>(options_.seconds * 1e6);
  const std::int64_t deadline = outcome_.began_us + length_us + options_.patience * 1'000'000LL;
  std::int64_t now = outcome_.began_us;
  const auto complete = [&] {
    return next_line_ == lines_ && outcome_.counts.delivered >= outcome_.expected;
  };
  while (now < deadline && !(complete() && now >= outcome_.ended_us + listening_on_us)) {
    speak(now);
    epoll_event ready[256];
    const int count = ::epoll_wait(poll_, ready, 256, next_line_ < lines_ ? 1 : 20);
    for (int i = 0; i < count; ++i) {
      Place& place = places_[ready[i].data.u64];
      if ((ready[i].events & EPOLLOUT) != 0) flush(place);
      if ((ready[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) hear(place);
    }
    now = now_us();
    if (outcome_.ended_us == 0 && complete()) outcome_.ended_us = now;
    keep_alive(now);
  }
  if (outcome_.ended_us == 0) outcome_.ended_us = now;
  return outcome_;
}

// Line n of all is room n % rooms', and is due at n / (rooms × rate); a room's senders take turns.
void Worker::speak(std::int64_t now) {
  const auto rooms = static_cast<std::uint64_t>(options_.rooms),
             senders = static_cast<std::uint64_t>(options_.senders);
  const double per_us = options_.rate * static_cast<double>(rooms) / 1e6;
  for (; next_line_ < lines_; ++next_line_) {
    const auto due = outcome_.began_us + static_cast<std::int64_t>(static_cast<double>(next_line_) / per_us);
    if (due > now) return;
    const std::uint64_t room = next_line_ % rooms, sender = next_line_ / rooms % senders;
    const std::size_t at = senders_[room * senders + sender];
    if (at == npos) continue;
    Place& place = places_[at];
    outcome_.sent_us = now_us();
    outcome_.latest_us = std::max(outcome_.latest_us, outcome_.sent_us - due);
    const Mark mark{static_cast<int>(sender), place.said++, outcome_.sent_us};
    place.unsent += say(options_, static_cast<int>(room), mark.text() + padding_[room]);
    ++outcome_.sent;
    flush(place);
  }
}

void Worker::flush(Place& place) {
  if (place.socket < 0 || place.unsent.empty()) return;
  const ssize_t n = ::send(place.socket, place.unsent.data(), place.unsent.size(), MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) return drop(place);
  if (n > 0) place.unsent.erase(0, static_cast<std::size_t>(n));
  if (place.unsent.empty() != place.waiting) return;
  place.waiting = !place.unsent.empty();
  epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<std::uint64_t>(&place - places_.data())}};
  if (place.waiting) event.events |= EPOLLOUT;
  ::epoll_ctl(poll_, EPOLL_CTL_MOD, place.socket, &event);
}

void Worker::hear(Place& place) {
  if (place.socket < 0) return;
  const ssize_t n = ::recv(place.socket, buffer_.data(), buffer_.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return drop(place);
  const std::string_view got(buffer_.data(), static_cast<std::size_t>(n));
  if (place.sender >= 0) {
    outcome_.last_answer[got.copy(outcome_.last_answer, sizeof outcome_.last_answer - 1)] = '\0';
    return;
  }
  ++outcome_.reads;
  outcome_.bytes += static_cast<std::uint64_t>(n);
  const std::int64_t now = now_us();
  place.member.take(got, outcome_.counts,
                    [&](const Mark& mark) { outcome_.latencies.add(now - mark.sent_us); });
}

void Worker::drop(Place& place) {
  ::close(place.socket);
  place.socket = -1;
  ++outcome_.dropped;
}

// Each in its turn, spread over the rhythm: a server that hears nothing for long takes a client for dead.
void Worker::keep_alive(std::int64_t now) {
  const std::string sign = sign_of_life(options_);
  if (sign.empty() || places_.empty()) return;
  const std::int64_t pause = alive_rhythm_us / static_cast<std::int64_t>(places_.size());
  for (; kept_alive_us_ + pause <= now; kept_alive_us_ += pause) {
    Place& place = places_[next_alive_++ % places_.size()];
    if (place.socket >= 0 && place.sender < 0) ::send(place.socket, sign.data(), sign.size(), MSG_NOSIGNAL);
  }
}

}  // namespace chat_load
